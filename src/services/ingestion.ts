/**
 * Takes events in. `record` is for senders that hold a few (GraphQL, the simulator); `ingest` drives a long source through
 * with bounded memory: while one batch merges in the database, the next is read and decoded.
 */
import type { StreamName, StreamRecord } from '../domain/events';
import { CancelledError } from '../errors';
import type { Database } from '../stores/database';
import { type Recorded, recordEvents } from '../stores/events';

/** A row of a source that is not a valid record. */
export interface Rejection {
  /** Line of the source that the row begins on, from 1. */
  line: number;
  /** The field at fault; absent when the row could not be taken apart at all. */
  field?: string;
  reason: string;
  /** The row as it was written, cut to a bounded length. */
  text: string;
}

/** A piece of a source: what was valid, what was not, and how far it reaches. */
export interface DecodedBatch<Rec> {
  records: Rec[];
  rejections: Rejection[];
  /** Bytes of the source read so far. */
  bytes: number;
}

export interface IngestCounts extends Recorded {
  rejected: number;
}

export interface IngestOptions {
  signal?: AbortSignal;
  /** Called with each batch's rejections, before the batch counts. */
  onRejected?: (rejections: readonly Rejection[]) => Promise<void> | void;
  /** Called after each batch that the database has acknowledged. */
  onProgress?: (counts: IngestCounts, bytes: number) => void;
}

export class IngestionService {
  constructor(private readonly database: Database) {}

  /** All or nothing: one transaction. */
  record<S extends StreamName>(stream: S, records: readonly StreamRecord[S][]): Promise<Recorded> {
    return recordEvents(this.database, stream, records);
  }

  /**
   * Each batch commits whole. Returns the sums over all batches.
   * @throws CancelledError between two batches
   */
  async ingest<S extends StreamName>(
    stream: S,
    batches: AsyncIterable<DecodedBatch<StreamRecord[S]>>,
    options: IngestOptions = {},
  ): Promise<IngestCounts> {
    const total: IngestCounts = { accepted: 0, duplicates: 0, rejected: 0 };
    let merging: Promise<void> = Promise.resolve();
    const merge = async ({ records, rejections, bytes }: DecodedBatch<StreamRecord[S]>): Promise<void> => {
      if (rejections.length > 0) await options.onRejected?.(rejections);
      const { accepted, duplicates } = await this.record(stream, records);
      total.accepted += accepted;
      total.duplicates += duplicates;
      total.rejected += rejections.length;
      options.onProgress?.({ ...total }, bytes);
    };
    try {
      for await (const batch of batches) {
        await merging;
        if (options.signal?.aborted) throw new CancelledError(`Ingesting ${stream}`);
        merging = merge(batch);
        // Awaited at the next turn; a failure before then must not count as unhandled.
        merging.catch(() => undefined);
      }
    } finally {
      // Also when the source fails: what it gave before then is to be kept, and counted, before anybody closes the store.
      await merging;
    }
    return total;
  }
}
