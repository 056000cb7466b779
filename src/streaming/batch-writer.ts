/**
 * Brings a batch in: first its dead letters, acknowledged, then its rows and offsets in one transaction. Whatever fails, nothing is
 * passed over: what cannot go on now goes back to its buffer or is tried until it can, and a value that the database refuses is
 * found by halving the batch and becomes a dead letter.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { StreamName, Transaction } from '../domain/events';
import { compareInTime } from '../domain/time-order';
import { KindredError } from '../errors';
import { refusedValue } from '../services/refused-values';
import type { PartitionAdvance, StreamCommit, StreamWriter } from '../services/stream-writer';
import { Backoff, pause } from './backoff';
import { recordsOf } from './batching';
import type { DeadLetterWriter } from './dead-letter-writing';
import type { StreamObserver } from './observer';
import type { Entry, PartitionBuffer } from './partition-buffer';

export interface BatchWriterParts<S extends StreamName> {
  readonly stream: S;
  readonly writer: Pick<StreamWriter, 'commit'>;
  readonly deadLetters: Pick<DeadLetterWriter, 'write'>;
  readonly observer: StreamObserver;
  /** Told of what holds partitions up, before it is tried again. */
  readonly onTrouble: (error: unknown, homes: readonly PartitionBuffer<S>[]) => void;
  /** Told when a partition may go on that was held up by its dead letters. */
  readonly onReleased: () => void;
  /** Aborts when whatever fails from now on is to be left to the next who reads. */
  readonly stopping: AbortSignal;
  /** How long a commit may go without an answer before that is told. @default 20_000 */
  readonly silenceMillis?: number;
}

type Outcome =
  | { readonly kind: 'committed' }
  /** These partitions are elsewhere; nothing of the batch went in. */
  | { readonly kind: 'moved'; readonly places: ReadonlySet<number> }
  /** A value of it, or all of it at once: it goes in by halves. */
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'abandoned' };

const TELL_AGAIN_MILLIS = 10_000;
const SILENCE_MILLIS = 20_000;
/** For so long a batch waits for its dead letters; partitions whose take longer are left behind. */
const DEAD_LETTER_PATIENCE_MILLIS = 1_000;

export class BatchWriter<S extends StreamName> {
  constructor(private readonly parts: BatchWriterParts<S>) {}

  /** Resolves once each entry is in, or is back in its buffer, or is void; also when stopped, whatever is left then. */
  async write(batch: readonly Entry<S>[]): Promise<void> {
    // Pieces of the batch that are still to go in, in their order.
    const pieces: Entry<S>[][] = [[...batch]];
    for (let piece = pieces.shift(); piece !== undefined; piece = pieces.shift()) {
      const ready = await this.bury(valid(piece), pieces);
      if (ready.length === 0) continue;
      const outcome = await this.commit(ready);
      switch (outcome.kind) {
        case 'committed':
          break;
        case 'moved':
          for (const { home } of valid(ready)) if (outcome.places.has(home.partition)) home.displace();
          pieces.unshift(valid(ready));
          break;
        case 'refused':
          pieces.unshift(...narrowed(ready, outcome.reason));
          break;
        case 'abandoned':
          return;
      }
    }
  }

  /**
   * Writes the piece's dead letters. Where that fails, or takes long, the partition goes no further than before the first of them:
   * what comes after returns to its buffer, also from the later pieces.
   * @returns what may go in
   */
  private async bury(piece: Entry<S>[], later: Entry<S>[][]): Promise<Entry<S>[]> {
    const byHome = new Map<PartitionBuffer<S>, Entry<S>[]>();
    for (const entry of piece) {
      if (!entry.refusal || entry.buried) continue;
      const known = byHome.get(entry.home);
      if (known) known.push(entry);
      else byHome.set(entry.home, [entry]);
    }
    if (byHome.size === 0) return piece;
    // Apart from each other, so that one that cannot be written holds up no other partition.
    const held = await Promise.all([...byHome].map(([home, letters]) => this.buryOf(home, letters)));
    let ready = piece;
    for (const home of held) {
      if (home === undefined) continue;
      const from = ready.findIndex((entry) => entry.home === home && entry.refusal && !entry.buried);
      // Acknowledged at the last moment.
      if (from < 0) continue;
      const isBack = (entry: Entry<S>, at: number): boolean => entry.home === home && at >= from;
      const back = [...ready.filter(isBack), ...later.flat().filter((entry) => entry.home === home)];
      ready = ready.filter((entry, at) => !isBack(entry, at));
      later.forEach((entries, at) => {
        later[at] = entries.filter((entry) => entry.home !== home);
      });
      home.giveBack(valid(back));
    }
    return valid(ready);
  }

  /** @returns the partition, where it is held up: its letters are not acknowledged, or not yet */
  private async buryOf(
    home: PartitionBuffer<S>,
    letters: readonly Entry<S>[],
  ): Promise<PartitionBuffer<S> | undefined> {
    const { deadLetters, onTrouble, onReleased } = this.parts;
    home.awaitDeadLetters();
    const writing = deadLetters.write(letters).then(
      () => {
        home.release();
        onReleased();
        return undefined;
      },
      (error: unknown) => {
        home.hold(performance.now());
        onTrouble(error, [home]);
        return home;
      },
    );
    return Promise.race([writing, sleep(DEAD_LETTER_PATIENCE_MILLIS, home, { ref: false })]);
  }

  private async commit(given: Entry<S>[]): Promise<Outcome> {
    const { stream, writer, stopping } = this.parts;
    const backoff = new Backoff({ firstMillis: 100, longestMillis: 5_000 });
    let toldAt = Number.NEGATIVE_INFINITY;
    for (let entries = given; entries.length > 0; entries = valid(entries)) {
      const startedAt = performance.now();
      const records = recordsOf(entries);
      if (stream === 'transactions') (records as Transaction[]).sort(compareInTime);
      const advances = advancesOf(entries);
      try {
        const committed = await this.answered(writer.commit(stream, records, advances), entries);
        this.settle(entries, advances);
        this.tell(entries, committed, (performance.now() - startedAt) / 1_000);
        return { kind: 'committed' };
      } catch (error) {
        const moved = movedPlaces(error);
        if (moved) {
          this.parts.observer.onCommitRefused(stream);
          return { kind: 'moved', places: moved };
        }
        // Never of one alone: it ends at the latest there.
        if (isTooMuch(error) && records.length > 1) return { kind: 'refused', reason: (error as Error).message };
        const reason = refusedValue(error);
        if (reason !== undefined && records.length > 0) return { kind: 'refused', reason };
        const homes = [...new Set(entries.map(({ home }) => home))];
        for (const home of homes) home.untold = (error as Error).message;
        if (performance.now() - toldAt > TELL_AGAIN_MILLIS) {
          toldAt = performance.now();
          this.parts.onTrouble(error, homes);
        }
        if (!(await pause(backoff.nextMillis(), stopping))) return { kind: 'abandoned' };
      }
    }
    return { kind: 'committed' };
  }

  /** Tells of a store that keeps a commit waiting: nothing fails meanwhile, and nothing goes on. */
  private async answered<T>(commit: Promise<T>, entries: readonly Entry<S>[]): Promise<T> {
    const { silenceMillis = SILENCE_MILLIS } = this.parts;
    const timer = setInterval(() => {
      const silence = new KindredError('DATABASE_UNAVAILABLE', 'The store has not answered a commit for a while.', {
        remedy: 'Look whether it runs, and for sessions that hold locks.',
        retriable: true,
      });
      this.parts.onTrouble(silence, [...new Set(entries.map(({ home }) => home))]);
    }, silenceMillis);
    try {
      return await commit;
    } finally {
      clearInterval(timer);
    }
  }

  /** A partition that was taken away or sent elsewhere meanwhile has begun anew: it is not touched. */
  private settle(entries: readonly Entry<S>[], advances: readonly PartitionAdvance[]): void {
    const homes = new Map(valid(entries).map(({ home }) => [home.partition, home]));
    const now = performance.now();
    for (const { partition, next, records, deadLetters } of advances)
      homes.get(partition)?.advance(next, records + deadLetters, now);
  }

  private tell(entries: readonly Entry<S>[], committed: StreamCommit, seconds: number): void {
    const { stream, observer } = this.parts;
    const deadLetters: Record<string, number> = {};
    const lags: number[] = [];
    const now = Date.now();
    let records = 0;
    for (const { refusal, record, source } of entries) {
      if (refusal) deadLetters[refusal.code] = (deadLetters[refusal.code] ?? 0) + 1;
      else if (record !== undefined) {
        records++;
        if (source && lags.length < committed.scores) lags.push(Math.max(0, now - source.timestamp));
      }
    }
    const { duplicates, scores, alerts, awaiting } = committed;
    observer.onBatch({ stream, records, duplicates, deadLetters, scores, alerts, awaiting, seconds });
    if (lags.length > 0) observer.onScored(lags);
  }
}

/** Those whose partition was not taken away or sent elsewhere since. */
function valid<S extends StreamName>(entries: readonly Entry<S>[]): Entry<S>[] {
  return entries.filter((entry) => entry.epoch === entry.home.epoch);
}

/** A beginning of each partition's entries is committed by where its last one ends. */
function advancesOf<S extends StreamName>(entries: readonly Entry<S>[]): PartitionAdvance[] {
  const advances = new Map<PartitionBuffer<S>, { next: number; records: number; deadLetters: number }>();
  for (const { home, next, record, refusal } of entries) {
    let advance = advances.get(home);
    if (!advance) {
      advance = { next, records: 0, deadLetters: 0 };
      advances.set(home, advance);
    }
    advance.next = next;
    if (refusal) advance.deadLetters++;
    else if (record !== undefined) advance.records++;
  }
  const now = performance.now();
  return [...advances].map(([home, { next, records, deadLetters }]) => ({
    topic: home.topic,
    partition: home.partition,
    expected: home.position,
    next,
    records,
    deadLetters,
    rate: home.rate.after(records + deadLetters, now),
    lastError: home.untold,
  }));
}

/** Two halves; what is alone with its fault is marked as refused. */
function narrowed<S extends StreamName>(entries: Entry<S>[], reason: string): Entry<S>[][] {
  const suspects = entries.filter(({ record, refusal }) => record !== undefined && !refusal);
  if (suspects.length === 1) {
    suspects[0].refusal = { code: 'INVALID', reason: `the database refuses it: ${reason}` };
    return [entries];
  }
  const middle = entries.indexOf(suspects[suspects.length >> 1]);
  return [entries.slice(0, middle), entries.slice(middle)];
}

function isTooMuch(error: unknown): boolean {
  return error instanceof KindredError && error.code === 'HISTORY_TOO_LARGE';
}

function movedPlaces(error: unknown): ReadonlySet<number> | undefined {
  if (!(error instanceof KindredError && error.code === 'STREAM_POSITION_MOVED')) return undefined;
  return new Set((error.facts.partitions as { partition: number }[]).map(({ partition }) => partition));
}
