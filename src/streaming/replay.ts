/**
 * Drives a replay: settles its range, reads it from the topic without a group's memory, decodes by the rules of live intake,
 * and hands batches to `services/replay.ts`, which keeps them. One batch is read and decoded while the one before commits.
 */
import type { StreamName, StreamRecord } from '../domain/events';
import type { ReplayReject, ReplaySpec, ReplayStatus } from '../domain/replay';
import { CancelledError } from '../errors';
import type { ReplayBatch, Replays } from '../services/replay';
import type { FetchedRecords, Kafka } from './kafka/port';
import type { KafkaSettings } from './kafka/settings';
import { RecordDecoder } from './record-decoding';
import { lostSentence, parseRangeEnd, replayedStream, resolveRange } from './replay-range';

/** Records of a batch: enough that a commit costs little beside them. */
const BATCH_RECORDS = 5_000;
/** Bytes of values in a batch, as records may be large. */
const BATCH_BYTES = 8 * 2 ** 20;

export interface ReplayRequest {
  readonly name: string;
  /** A topic's full name, or its stream's. */
  readonly topic: string;
  /** Offset, time, `earliest` or `latest`. */
  readonly from: string;
  /** @default 'latest': the end as it is when the replay begins */
  readonly to?: string;
  readonly modelId?: string;
}

export interface ReplayRunOptions {
  kafka: Kafka;
  settings: KafkaSettings;
  replays: Replays;
  signal?: AbortSignal;
  /** Told whole sentences: what is gone from the topic, that a replay goes on. */
  onNote?: (sentence: string) => void;
  /** Called after each batch that is committed; `done` and `total` count offsets, in this run and the ones before. */
  onRead?: (progress: { done: number; total: number; rejected: number }) => void;
  onScored?: (progress: { done: number; total: number }) => void;
}

/**
 * Reads, and scores where a model was chosen; goes on where a replay of the same name and question stopped.
 * @throws CancelledError between two batches; KindredError as the broker and the store give them; InputError
 */
export async function runReplay(request: ReplayRequest, options: ReplayRunOptions): Promise<ReplayStatus> {
  const { settings, replays } = options;
  const { topic, stream } = replayedStream(settings, request.topic);
  const to = request.to ?? 'latest';
  const spec: ReplaySpec = { name: request.name, topic, stream, from: request.from, to, modelId: request.modelId };
  const ends = { from: parseRangeEnd(spec.from, 'from'), to: parseRangeEnd(to, 'to') };
  let status = await replays.check(spec);
  if (status?.state === 'done') options.onNote?.(`The replay "${spec.name}" was finished before.`);
  else if (status) options.onNote?.(`The replay "${spec.name}" goes on where it stopped.`);
  else {
    const admin = options.kafka.admin();
    try {
      const { partitions, warnings } = await resolveRange(admin, topic, ends);
      for (const warning of warnings) options.onNote?.(warning);
      status = await replays.create(spec, partitions);
    } finally {
      await admin.close();
    }
  }
  if (status.state === 'reading') {
    status = await skipWhatIsGone(status, options);
    await readAll(status, options);
    status = await replays.finishReading(spec);
  }
  if (status.state === 'scoring') status = await scoreAll(status, options);
  return status;
}

async function scoreAll(status: ReplayStatus, { replays, signal, onScored }: ReplayRunOptions): Promise<ReplayStatus> {
  const { name, modelId, scored } = status;
  const total = status.records - status.duplicates;
  return replays.score(
    { name, modelId: modelId! },
    { signal, onScored: (inRun) => onScored?.({ done: scored + inRun, total }) },
  );
}

/** Retention goes on while a replay lies still. */
async function skipWhatIsGone(
  status: ReplayStatus,
  { kafka, replays, onNote }: ReplayRunOptions,
): Promise<ReplayStatus> {
  const admin = kafka.admin();
  try {
    const starts = new Map((await admin.offsets(status.topic)).map(({ partition, start }) => [partition, start]));
    let now = status;
    for (const { partition, next, to } of status.partitions) {
      const start = Math.min(starts.get(partition) ?? next, to);
      if (start <= next) continue;
      onNote?.(lostSentence(partition, next, start));
      now = await replays.skipLost(status.name, partition, start);
    }
    return now;
  } finally {
    await admin.close();
  }
}

async function readAll(status: ReplayStatus, options: ReplayRunOptions): Promise<void> {
  const { name, stream, topic, partitions } = status;
  const open = partitions.filter(({ next, to }) => next < to);
  if (open.length === 0) return;
  const total = partitions.reduce((sum, { from, to }) => sum + to - from, 0);
  const progress = {
    done: partitions.reduce((sum, { from, next }) => sum + next - from, 0),
    total,
    rejected: status.rejected,
  };
  const commit = async (batch: ReplayBatch<StreamRecord[StreamName]>): Promise<void> => {
    await options.replays.take({ name, stream }, batch, progress.rejected);
    progress.rejected += batch.rejects.length;
    for (const { expected, next } of batch.advances) progress.done += next - expected;
    options.onRead?.({ ...progress });
  };
  const collected = new CollectedBatch(stream, options.settings.maxRecordBytes, open);
  const range = open.map(({ partition, next, to }) => ({ partition, from: next, to }));
  let committing: Promise<void> = Promise.resolve();
  try {
    for await (const fetched of options.kafka.read({ topic, partitions: range, signal: options.signal })) {
      if (options.signal?.aborted) break;
      collected.add(fetched);
      if (!collected.isFull) continue;
      await committing;
      committing = commit(collected.take());
      // Awaited at the next turn; a failure before then must not count as unhandled.
      committing.catch(() => undefined);
    }
  } finally {
    await committing;
  }
  if (!collected.isEmpty) await commit(collected.take());
  if (options.signal?.aborted) throw new CancelledError(`The replay "${name}"`);
}

/** What was read and is not committed yet. */
class CollectedBatch {
  private records: StreamRecord[StreamName][] = [];
  private rejects: ReplayReject[] = [];
  private bytes = 0;
  private readonly decoder: RecordDecoder<StreamName>;
  /** By partition: where its last commit left it, and how far it is read. */
  private readonly reach: Map<number, { expected: number; next: number; rejected: number; to: number }>;

  constructor(
    stream: StreamName,
    maxRecordBytes: number,
    partitions: readonly { partition: number; next: number; to: number }[],
  ) {
    this.decoder = new RecordDecoder(stream, maxRecordBytes);
    this.reach = new Map(
      partitions.map(({ partition, next, to }) => [partition, { expected: next, next, rejected: 0, to }]),
    );
  }

  get isFull(): boolean {
    return this.records.length + this.rejects.length >= BATCH_RECORDS || this.bytes >= BATCH_BYTES;
  }

  get isEmpty(): boolean {
    return [...this.reach.values()].every(({ expected, next }) => expected === next);
  }

  add({ partition, records, nextOffset }: FetchedRecords): void {
    const reach = this.reach.get(partition)!;
    for (const record of records) {
      if (record.offset < reach.next || record.offset >= reach.to) continue;
      const decoded = this.decoder.decodeRecord(record);
      this.bytes += record.value?.length ?? 0;
      if (decoded.ok) this.records.push(decoded.record);
      else {
        const { code, field, reason } = decoded.refusal;
        this.rejects.push({ partition, offset: record.offset, code, field, reason });
        reach.rejected++;
      }
    }
    reach.next = Math.min(nextOffset, reach.to);
  }

  take(): ReplayBatch<StreamRecord[StreamName]> {
    const advances = [...this.reach]
      .filter(([, { expected, next }]) => next > expected)
      .map(([partition, { expected, next, rejected }]) => ({ partition, expected, next, rejected }));
    const batch = { records: this.records, rejects: this.rejects, advances };
    this.records = [];
    this.rejects = [];
    this.bytes = 0;
    for (const reach of this.reach.values()) {
      reach.expected = reach.next;
      reach.rejected = 0;
    }
    return batch;
  }
}
