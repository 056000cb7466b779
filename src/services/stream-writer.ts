/**
 * Writes what came by stream: the rows of a batch and the next offsets of the partitions it came from, in one transaction
 * that is refused whole where a partition does not stand where the batch began. So a record counts once, however often it is
 * delivered, and by whomever.
 */
import type { StreamName, StreamRecord } from '../domain/events';
import type { PartitionAdvance, StreamCommit } from '../domain/stream-commit';
import type { Database, DatabaseTransaction } from '../stores/database';
import { insertEvents } from '../stores/events';
import { withRetries } from '../stores/retries';
import { advancePositions } from '../stores/stream-positions';

export type { PartitionAdvance, StreamCommit } from '../domain/stream-commit';

export class StreamWriter {
  constructor(private readonly database: Database) {}

  /**
   * All or nothing. A batch without records only moves offsets, as after nothing but dead letters.
   * @throws KindredError STREAM_POSITION_MOVED when a partition is not at its `expected` offset: another member had it in the
   * meantime, or this batch was committed before
   */
  async commit<S extends StreamName>(
    stream: S,
    records: readonly StreamRecord[S][],
    advances: readonly PartitionAdvance[],
  ): Promise<StreamCommit> {
    const work = async (tx: DatabaseTransaction): Promise<StreamCommit> => {
      await advancePositions(tx, advances);
      const recorded = await insertEvents(tx, stream, records);
      return { ...recorded, scores: 0, alerts: 0, awaiting: 0 };
    };
    return withRetries(() => this.database.transaction(work));
  }
}
