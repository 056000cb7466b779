/**
 * What of several partitions' buffers makes the next batch. Of every partition a piece from its front, in its order, so that
 * any beginning of a batch is one too and can be committed alone.
 */
import type { StreamName, StreamRecord } from '../domain/events';
import type { Entry, PartitionBuffer } from './partition-buffer';

export interface BatchLimits {
  readonly records: number;
  readonly bytes: number;
}

type Buffers<S extends StreamName> = readonly PartitionBuffer<S>[];

/** Equal shares of each partition first, then whatever is left of any. */
export function takeShares<S extends StreamName>(buffers: Buffers<S>, limits: BatchLimits, now: number): Entry<S>[] {
  const batch: Entry<S>[] = [];
  let bytes = 0;
  let share = Math.ceil(limits.records / Math.max(1, buffers.length));
  for (let found = true; found; share = limits.records) {
    found = false;
    for (const buffer of buffers)
      for (let taken = 0; taken < share && buffer.first(now); taken++) {
        if (batch.length >= limits.records || bytes >= limits.bytes) return batch;
        const entry = buffer.take(now);
        bytes += entry.bytes;
        batch.push(entry);
        found = true;
      }
  }
  return batch;
}

/**
 * The earliest first, as far as each partition's own order lets them. Where a partition has nothing here but is known to go on,
 * the batch ends: what it brings may be earlier than what the others have.
 */
export function takeInTimeOrder<S extends StreamName>(
  buffers: Buffers<S>,
  limits: BatchLimits,
  order: TimeOrder<S>,
): Entry<S>[] {
  const { now, patienceMillis } = order;
  const batch: Entry<S>[] = [];
  let bytes = 0;
  if (buffers.some((buffer) => buffer.isAwaited(now, patienceMillis))) return batch;
  const waiting: { buffer: PartitionBuffer<S>; time: number }[] = [];
  for (const buffer of buffers) {
    const first = buffer.first(now);
    if (first) waiting.push({ buffer, time: timeOf(first, order) });
  }
  while (waiting.length > 0 && batch.length < limits.records && bytes < limits.bytes) {
    const earliest = waiting.reduce((a, b) => (b.time < a.time ? b : a));
    const entry = earliest.buffer.take(now);
    bytes += entry.bytes;
    batch.push(entry);
    const next = earliest.buffer.first(now);
    if (next) earliest.time = timeOf(next, order);
    else if (earliest.buffer.isAwaited(now, patienceMillis)) return batch;
    else waiting.splice(waiting.indexOf(earliest), 1);
  }
  return batch;
}

export interface TimeOrder<S extends StreamName> {
  readonly timeOf: (record: StreamRecord[S]) => number;
  readonly now: number;
  /** For how long a partition is waited for that has nothing here. */
  readonly patienceMillis: number;
}

/** What has no time (a gap, a dead letter) holds nobody up. */
function timeOf<S extends StreamName>({ record, refusal }: Entry<S>, order: TimeOrder<S>): number {
  return record === undefined || refusal ? Number.NEGATIVE_INFINITY : order.timeOf(record);
}

/** The valid records of a batch. */
export function recordsOf<S extends StreamName>(entries: readonly Entry<S>[]): StreamRecord[S][] {
  const records: StreamRecord[S][] = [];
  for (const { record, refusal } of entries) if (record !== undefined && refusal === undefined) records.push(record);
  return records;
}
