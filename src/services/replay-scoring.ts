/**
 * Scores what a replay read, in order of time, in memory bounded by the features' window: the replay's rows and the live ones
 * that it did not read go through one `FeatureStream`, as training and `scoreRange` do, and only the replay's are scored. So
 * a transaction is described by all that is known to have been before it, whichever side tells of it.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FraudScore } from '../domain/fraud';
import { CancelledError, KindredError } from '../errors';
import { FEATURE_NAMES } from '../features/columns';
import { FeatureStream } from '../features/feature-stream';
import { DAY_MILLIS, historyDays } from '../features/options';
import { compareInTime, type FeatureTransaction } from '../features/transaction';
import type { Database } from '../stores/database';
import {
  type ReplayTransaction,
  replayPages,
  replaySpan,
  type ScoredUpTo,
  saveReplayScores,
  scoredUpTo,
} from '../stores/replay-scores';
import { inReplay } from '../stores/replays';
import type { FraudModel } from './fraud-model';

export interface ReplayScoringOptions {
  /** Rows that go through the network, and into the store, at a time. @default 2_048 */
  rowsAtOnce?: number;
  signal?: AbortSignal;
  /** Called after each batch that the database has acknowledged, with the scores given in this run. */
  onScored?: (scored: number) => void;
}

interface Waiting {
  readonly transactionId: string;
  readonly time: Date;
}

/** @throws CancelledError between two batches; KindredError STREAM_POSITION_MOVED when another process scores the same replay */
export async function scoreReplay(
  database: Database,
  { name, live, model }: { name: string; live: string; model: FraudModel },
  { rowsAtOnce = 2_048, signal, onScored }: ReplayScoringOptions = {},
): Promise<void> {
  let before = await scoredUpTo(database, name);
  const span = await replaySpan(database, name, before);
  if (!span) return;
  const waiting: Waiting[] = [];
  const values: number[] = [];
  const stream = new FeatureStream(
    model.features,
    ({ transactionId, occurredAt }, row) => {
      waiting.push({ transactionId, time: occurredAt });
      for (const value of row) values.push(value);
    },
    wantedAfter(before),
  );
  let scored = 0;
  const scoreWaiting = async (): Promise<void> => {
    if (signal?.aborted) throw new CancelledError(`Scoring the replay "${name}"`);
    const batch = waiting.splice(0, rowsAtOnce);
    const rows = Float32Array.from(values.splice(0, batch.length * FEATURE_NAMES.length));
    const scores = await model.score(
      batch.map(({ transactionId }) => transactionId),
      rows,
    );
    const upTo = batch[batch.length - 1];
    await save(database, name, scores, { before, upTo });
    before = upTo;
    scored += batch.length;
    onScored?.(scored);
    await nextTurn();
  };
  const history = { from: new Date(span.from.getTime() - historyDays(model.features) * DAY_MILLIS), to: span.to };
  const sides = (['replayed', 'live'] as const).map((side) => replayPages(database, { name, live, side }, history));
  for await (const part of inTime(sides)) {
    for (const transaction of part) {
      stream.push(transaction);
      if (waiting.length >= rowsAtOnce) await scoreWaiting();
    }
  }
  stream.flush();
  while (waiting.length > 0) await scoreWaiting();
}

/** The stream hands rows out in the order of `compareInTime`: a scored one ends what needs no score any more. */
function wantedAfter(before: ScoredUpTo | undefined): (transaction: FeatureTransaction) => boolean {
  const last = before && { transactionId: before.transactionId, occurredAt: before.time };
  return (transaction) =>
    (transaction as ReplayTransaction).replayed &&
    (last === undefined || compareInTime(transaction, last as FeatureTransaction) > 0);
}

async function save(
  database: Database,
  name: string,
  scores: readonly FraudScore[],
  reach: { before?: ScoredUpTo; upTo: ScoredUpTo },
): Promise<void> {
  await inReplay(database, name, async (tx) => {
    if (await saveReplayScores(tx, scores, { ...reach, at: new Date() })) return;
    throw new KindredError('STREAM_POSITION_MOVED', `Another process is scoring the replay "${name}".`, {
      remedy: 'Let it end, or choose another name with --into.',
      facts: { name },
      retriable: true,
    });
  });
}

/** Merges pages that are in order of time into parts that are. Holds a page of each side. */
async function* inTime(
  sides: readonly AsyncGenerator<ReplayTransaction[]>[],
): AsyncGenerator<readonly ReplayTransaction[]> {
  let open = sides.map((pages) => new Head(pages));
  for (;;) {
    const filled = await Promise.all(open.map((head) => head.fill()));
    open = open.filter((_, at) => filled[at]);
    if (open.length === 0) return;
    const part: ReplayTransaction[] = [];
    // As far as every open side has rows in hand: what is still to be read might be earlier than the others' next.
    while (open.every((head) => head.next !== undefined)) part.push(earliest(open).take());
    yield part;
  }
}

const earliest = (heads: readonly Head[]): Head =>
  heads.reduce((a, b) => (b.next!.occurredAt < a.next!.occurredAt ? b : a));

/** Where one side is. */
class Head {
  private page: readonly ReplayTransaction[] = [];
  private at = 0;

  constructor(private readonly pages: AsyncGenerator<ReplayTransaction[]>) {}

  /** Undefined when another page must be read first. */
  get next(): ReplayTransaction | undefined {
    return this.page[this.at];
  }

  take(): ReplayTransaction {
    return this.page[this.at++];
  }

  /** Reads on until there is a row in hand. @returns false at the end */
  async fill(): Promise<boolean> {
    while (this.next === undefined) {
      const { value, done } = await this.pages.next();
      if (done) return false;
      this.page = value;
      this.at = 0;
    }
    return true;
  }
}
