/** What a replay has read and not committed yet, in the order in which it came, so that any beginning of it can be committed alone. */
import type { StreamName, StreamRecord } from '../domain/events';
import type { ReplayPartition, ReplayReject } from '../domain/replay';
import type { ReplayBatch } from '../services/replay';
import type { FetchedRecords } from './kafka/port';
import { RecordDecoder } from './record-decoding';

export type ReplayPlace = Pick<ReplayPartition, 'partition' | 'next' | 'to'>;

/** A record, one that is none of the stream, or (without either) a gap that holds nothing for readers. */
export interface ReplayEntry {
  readonly partition: number;
  readonly offset: number;
  /** Where the partition stands once this is in. */
  readonly next: number;
  readonly record?: StreamRecord[StreamName];
  readonly reject?: ReplayReject;
}

export class ReplayCollector {
  private entries: ReplayEntry[] = [];
  private bytes = 0;
  private readonly decoder: RecordDecoder<StreamName>;
  private readonly places: Map<number, { next: number; readonly to: number }>;

  constructor(
    stream: StreamName,
    private readonly limits: { records: number; bytes: number; recordBytes: number },
    places: readonly ReplayPlace[],
  ) {
    this.decoder = new RecordDecoder(stream, limits.recordBytes);
    this.places = new Map(places.map(({ partition, next, to }) => [partition, { next, to }]));
  }

  get isFull(): boolean {
    return this.entries.length >= this.limits.records || this.bytes >= this.limits.bytes;
  }

  add({ partition, records, nextOffset }: FetchedRecords): void {
    const place = this.places.get(partition);
    if (!place) return;
    for (const source of records) {
      const { offset } = source;
      if (offset < place.next || offset >= place.to) continue;
      const decoded = this.decoder.decodeRecord(source);
      const told = decoded.ok ? { record: decoded.record } : { reject: { partition, offset, ...decoded.refusal } };
      this.entries.push({ partition, offset, next: offset + 1, ...told });
      this.bytes += source.value?.length ?? 0;
      place.next = offset + 1;
    }
    const end = Math.min(nextOffset, place.to);
    if (end <= place.next) return;
    this.entries.push({ partition, offset: place.next, next: end });
    place.next = end;
  }

  take(): ReplayEntry[] {
    const { entries } = this;
    this.entries = [];
    this.bytes = 0;
    return entries;
  }
}

/** @param committed by partition: where the replay stands */
export function batchOf(
  entries: readonly ReplayEntry[],
  committed: ReadonlyMap<number, number>,
): ReplayBatch<StreamRecord[StreamName]> {
  const advances = new Map<number, { partition: number; expected: number; next: number; rejected: number }>();
  const records: StreamRecord[StreamName][] = [];
  const rejects: ReplayReject[] = [];
  for (const { partition, next, record, reject } of entries) {
    const advance = advances.get(partition) ?? { partition, expected: committed.get(partition)!, next, rejected: 0 };
    advance.next = next;
    if (record) records.push(record);
    if (reject) {
      rejects.push(reject);
      advance.rejected++;
    }
    advances.set(partition, advance);
  }
  return { records, rejects, advances: [...advances.values()] };
}

/** Two halves; what is alone with a value that the database refuses is rejected. */
export function narrowed(entries: readonly ReplayEntry[], reason: string): ReplayEntry[][] {
  const suspects = entries.filter(({ record }) => record !== undefined);
  const middle = entries.indexOf(suspects[suspects.length >> 1]);
  if (suspects.length > 1) return [entries.slice(0, middle), entries.slice(middle)];
  const mark = ({ partition, offset, next, record, reject }: ReplayEntry): ReplayEntry =>
    record === undefined
      ? { partition, offset, next, reject }
      : {
          ...{ partition, offset, next },
          reject: { partition, offset, code: 'INVALID', reason: `the database refuses it: ${reason}` },
        };
  return [entries.map(mark)];
}
