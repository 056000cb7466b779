/** Where partitions stand, for those who read them. Moving on is the `StreamWriter`'s, together with what was read. */
import type { Database } from '../stores/database';
import {
  createPosition,
  type Position,
  readPositions,
  recordPositionError,
  type StreamPlace,
} from '../stores/stream-positions';

export type { Position, StreamPlace } from '../stores/stream-positions';

export class StreamPositions {
  constructor(private readonly database: Database) {}

  /** By partition; one that was never read is not among them. */
  of(topic: string): Promise<Map<number, Position>> {
    return readPositions(this.database, topic);
  }

  /** Says where a partition begins, unless somebody has said so before. @returns where it is now */
  begin(place: StreamPlace, offset: number): Promise<Position> {
    return createPosition(this.database, place, offset);
  }

  recordError(place: StreamPlace, message: string): Promise<void> {
    return recordPositionError(this.database, place.topic, place.partition, message);
  }
}
