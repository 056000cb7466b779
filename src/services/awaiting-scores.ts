/**
 * Scores what came by stream while no model was live, once one is: in order of time, a bounded page in one database transaction
 * that stores the scores and stops waiting for them. Several processes share the work; between two pages it lets the stream, which
 * is never to wait for it, go first. Which model is live is asked for each page, and asked again every few seconds.
 */
import { KindredError } from '../errors';
import { anyAwaiting, awaitedTransactions, claimAwaiting, stopAwaiting } from '../stores/awaiting-scores';
import type { Database, DatabaseTransaction } from '../stores/database';
import { withRetries } from '../stores/retries';
import type { KeptScores } from '../stores/scores';
import type { FeatureState } from './feature-state';
import type { FraudModels } from './fraud-models';
import type { ScoreKeeping } from './score-keeping';
import type { Turns } from './turns';

/** Transactions scored at a time: a page takes about as long as a batch of the stream. */
const PAGE_ROWS = 500;
/** How often it looks whether something waits and something can score it: a promotion may have come from another process. */
const LOOK_EVERY_MILLIS = 3_000;
/** The model was dropped after the live pointer was read: the next attempt reads what is live now. */
const MODEL_IS_GONE = '23503';

const sleep = (millis: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, millis));

/** A process that is heard of no more leaves its page to others. */
const ABANDONED = { abandonedAfterMillis: 30_000 };

export interface AwaitingScoresParts {
  database: Database;
  models: FraudModels;
  features: FeatureState;
  keeping: ScoreKeeping;
  /** Whoever uses `features` takes turns. */
  turns: Turns;
}

export interface AwaitingListener {
  /** A page was scored. */
  onScored(scores: number, alerts: number): void;
  /** It stopped for now, and will try again. Told once until it works again. */
  onProblem(error: unknown): void;
}

/** What a page came to. */
export interface ScoredPage {
  /** Transactions that wait no more; 0 where none waited or no model is live. */
  readonly transactions: number;
  readonly scores: number;
  readonly alerts: number;
}

export class AwaitingScores {
  private running?: { stopping: boolean; done: Promise<void> };
  private wake: () => void = () => undefined;
  /** Fewer than PAGE_ROWS while pages look back on more than can be read at once. */
  private pageRows = PAGE_ROWS;

  constructor(private readonly parts: AwaitingScoresParts) {}

  /** Works in the background until `stop`. Twice without harm. */
  start(listener: AwaitingListener): void {
    if (this.running) return;
    const running = { stopping: false, done: Promise.resolve() };
    running.done = this.run(listener, running);
    this.running = running;
  }

  /** The page under way is finished. Twice without harm. */
  async stop(): Promise<void> {
    const { running } = this;
    if (!running) return;
    running.stopping = true;
    this.wake();
    await running.done;
    if (this.running === running) this.running = undefined;
  }

  /** A model may have become live. */
  look(): void {
    this.wake();
  }

  /**
   * Scores the page that has waited longest.
   * @throws KindredError MODEL_CORRUPT when the live model cannot score
   */
  async scorePage(): Promise<ScoredPage> {
    const { database, keeping, turns } = this.parts;
    const { transactions, kept } = await turns.take(() =>
      withRetries(() => database.transaction((tx) => this.writePage(tx), ABANDONED), [MODEL_IS_GONE]),
    );
    if (kept) keeping.committed(kept);
    return { transactions, scores: kept?.scores.length ?? 0, alerts: kept?.alerts.length ?? 0 };
  }

  private async writePage(tx: DatabaseTransaction): Promise<{ transactions: number; kept?: KeptScores }> {
    const { models, features, keeping } = this.parts;
    const live = await models.live(tx);
    if (live.kind === 'none') return { transactions: 0 };
    if (live.kind === 'unfit') throw live.problem;
    const ids = await claimAwaiting(tx, this.pageRows);
    const transactions = await awaitedTransactions(tx, ids);
    await stopAwaiting(tx, ids);
    if (transactions.length === 0) return { transactions: ids.length };
    const values = await features.describeStored(tx, transactions, live.model.features);
    const scores = await models.score(live.model, transactions, values);
    return { transactions: ids.length, kept: await keeping.keep(tx, transactions, scores) };
  }

  private async run(listener: AwaitingListener, running: { readonly stopping: boolean }): Promise<void> {
    let troubled = false;
    while (!running.stopping) {
      try {
        // Asked outside of the stream's turns: nearly always nothing waits.
        if (await anyAwaiting(this.parts.database)) await this.scoreWhatWaits(listener, running);
        troubled = false;
      } catch (error) {
        if (!troubled) listener.onProblem(error);
        troubled = true;
      }
      if (!running.stopping) await this.nextLook();
    }
  }

  private async scoreWhatWaits(listener: AwaitingListener, running: { readonly stopping: boolean }): Promise<void> {
    while (!running.stopping) {
      const startedAt = performance.now();
      const page = await this.pageThatFits();
      if (page.transactions === 0) return;
      listener.onScored(page.scores, page.alerts);
      // As long as the page took, the stream has the thread and the database for itself.
      await sleep(performance.now() - startedAt);
    }
  }

  private async pageThatFits(): Promise<ScoredPage> {
    for (;;) {
      try {
        const page = await this.scorePage();
        this.pageRows = Math.min(PAGE_ROWS, this.pageRows * 2);
        return page;
      } catch (error) {
        const isTooMuch = error instanceof KindredError && error.code === 'HISTORY_TOO_LARGE';
        if (!isTooMuch || this.pageRows === 1) throw error;
        this.pageRows = Math.ceil(this.pageRows / 2);
      }
    }
  }

  /** Until `look`, `stop` or some seconds. */
  private nextLook(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, LOOK_EVERY_MILLIS);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
