/**
 * Drives a replay: settles its range, reads it from the topic without a group's memory, decodes by the rules of live intake,
 * and hands batches to `services/replay.ts`, which keeps them. One batch is read and decoded while the one before commits.
 */
import type { ReplaySpec, ReplayStatus } from '../domain/replay';
import { CancelledError } from '../errors';
import { refusedValue } from '../services/refused-values';
import type { Replays } from '../services/replay';
import type { Kafka } from './kafka/port';
import type { KafkaSettings } from './kafka/settings';
import { batchOf, narrowed, ReplayCollector, type ReplayEntry } from './replay-batch';
import { lostSentence, parseRangeEnd, replayedStream, resolveRange } from './replay-range';

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
  /** Records that commit together: enough that a commit costs little beside them. @default 5_000 */
  batchRecords?: number;
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
  const { topic, partitions } = status;
  const open = partitions.filter(({ next, to }) => next < to);
  if (open.length === 0) return;
  const { batchRecords = 5_000 } = options;
  const limits = { records: batchRecords, bytes: BATCH_BYTES, recordBytes: options.settings.maxRecordBytes };
  const collected = new ReplayCollector(status.stream, limits, open);
  const committer = new Committer(status, options);
  const range = open.map(({ partition, next, to }) => ({ partition, from: next, to }));
  let committing: Promise<void> = Promise.resolve();
  try {
    for await (const fetched of options.kafka.read({ topic, partitions: range, signal: options.signal })) {
      if (options.signal?.aborted) break;
      collected.add(fetched);
      if (!collected.isFull) continue;
      await committing;
      committing = committer.commit(collected.take());
      // Awaited at the next turn; a failure before then must not count as unhandled.
      committing.catch(() => undefined);
    }
  } finally {
    await committing;
  }
  await committer.commit(collected.take());
  if (options.signal?.aborted) throw new CancelledError(`The replay "${status.name}"`);
}

/** Commits what was read, piece by piece where the database refuses a value of it, and tells how far that came. */
class Committer {
  private readonly committed: Map<number, number>;
  private readonly progress: { done: number; readonly total: number; rejected: number };

  constructor(
    private readonly status: ReplayStatus,
    private readonly options: ReplayRunOptions,
  ) {
    const { partitions, rejected } = status;
    this.committed = new Map(partitions.map(({ partition, next }) => [partition, next]));
    this.progress = {
      done: partitions.reduce((sum, { from, next }) => sum + next - from, 0),
      total: partitions.reduce((sum, { from, to }) => sum + to - from, 0),
      rejected,
    };
  }

  async commit(entries: readonly ReplayEntry[]): Promise<void> {
    const pieces: (readonly ReplayEntry[])[] = [entries];
    for (let piece = pieces.shift(); piece !== undefined; piece = pieces.shift()) {
      if (piece.length === 0) continue;
      const batch = batchOf(piece, this.committed);
      try {
        await this.options.replays.take(this.status, batch, this.progress.rejected);
      } catch (error) {
        const reason = refusedValue(error);
        if (reason === undefined || batch.records.length === 0) throw error;
        pieces.unshift(...narrowed(piece, reason));
        continue;
      }
      this.progress.rejected += batch.rejects.length;
      for (const { partition, expected, next } of batch.advances) {
        this.progress.done += next - expected;
        this.committed.set(partition, next);
      }
      this.options.onRead?.({ ...this.progress });
    }
  }
}
