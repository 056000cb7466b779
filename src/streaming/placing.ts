/**
 * Finds out where a partition is to be read from: its position in the store, held against what its topic still has. A partition
 * without a position gets one, the same for all members.
 */
import type { StreamName } from '../domain/events';
import type { StreamPositions } from '../services/stream-positions';
import type { StreamWriter } from '../services/stream-writer';
import type { PartitionOffsets } from './kafka/port';

export interface PlacingParts {
  readonly stream: StreamName;
  readonly topic: string;
  readonly positions: StreamPositions;
  readonly writer: StreamWriter;
  readonly offsets: (topic: string) => Promise<PartitionOffsets[]>;
  readonly startFrom: 'earliest' | 'latest';
}

export type Place =
  | { readonly kind: 'at'; readonly position: number; readonly end: number; readonly error?: string }
  | { readonly kind: 'nowhere'; readonly position: number; readonly reason: string };

/** @throws KindredError STREAM_POSITION_MOVED when another member is placing it too; whatever the store or Kafka throws */
export async function findPlaces(parts: PlacingParts, partitions: readonly number[]): Promise<Map<number, Place>> {
  // In this order: what another member commits between the two must not look as if it lay after the topic's end.
  const stored = await parts.positions.of(parts.topic);
  const ranges = new Map((await parts.offsets(parts.topic)).map((range) => [range.partition, range]));
  const places = new Map<number, Place>();
  for (const partition of partitions) {
    const range = ranges.get(partition);
    if (!range) throw new Error(`Kafka does not tell the offsets of ${parts.topic}/${partition} yet.`);
    places.set(partition, await placeWithin(parts, range, stored.get(partition)?.nextOffset));
  }
  return places;
}

async function placeWithin(parts: PlacingParts, range: PartitionOffsets, stored?: number): Promise<Place> {
  const place = { topic: parts.topic, partition: range.partition };
  const name = `${place.topic}/${place.partition}`;
  const first = parts.startFrom === 'earliest' ? range.start : range.end;
  const position = stored ?? (await parts.positions.begin(place, first)).nextOffset;
  if (position < range.start) {
    const error =
      `Retention deleted records of ${name} before they were read: offsets ${position} to ${range.start - 1}, ` +
      `${range.start - position} of them, are skipped (STREAM_POSITION_LOST).`;
    const moved = { ...place, expected: position, next: range.start, records: 0, deadLetters: 0, rate: 0 };
    await parts.writer.commit(parts.stream, [], [{ ...moved, lastError: error }]);
    return { kind: 'at', position: range.start, end: range.end, error };
  }
  if (position > range.end) {
    const reason =
      `${name} ends at ${range.end}, before its position ${position}: the topic was made anew, or lost its end ` +
      `(STREAM_POSITION_LOST). Say where it goes on: kindred streams --set-position ${name}=earliest|latest|<offset>`;
    return { kind: 'nowhere', position, reason };
  }
  return { kind: 'at', position, end: range.end };
}
