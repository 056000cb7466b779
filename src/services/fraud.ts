/**
 * Fraud scores: features from the history in the store, by the code that training uses, through the live model. A
 * transaction is described by what was before it, so that scoring it again later gives the same features.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Transaction } from '../domain/events';
import type { FraudScore } from '../domain/fraud';
import { KindredError, ModelNotReadyError } from '../errors';
import { FEATURE_DESCRIPTIONS, FEATURE_NAMES } from '../features/columns';
import { FeatureStream } from '../features/feature-stream';
import { DAY_MILLIS, historyDays, parseFeatureOptions } from '../features/options';
import { featuresOf } from '../features/scoring';
import { findTransactions } from '../stores/catalogue';
import { type LabelledTransaction, type TimeRange, transactionPages } from '../stores/corpora';
import type { Database } from '../stores/database';
import { type RecentTransactions, recentTransactions } from '../stores/fraud-history';
import { findScores } from '../stores/scores';
import { ACCOUNTS_SPACE, type FraudModel } from './fraud-model';
import type { FraudModels } from './fraud-models';
import type { IngestionService } from './ingestion';
import type { ModelRegistry } from './registry';
import type { ScoreKeeping } from './score-keeping';

/** Transactions whose history is read at once. */
const SCORED_AT_ONCE = 200;
/** Rows scored, and kept, at a time. */
const ROWS_A_TURN = 2_048;

export interface RecordedTransactions {
  accepted: number;
  duplicates: number;
  /** One for each transaction in the order given; empty when no model is live. */
  scores: FraudScore[];
}

export interface FraudScoringParts {
  database: Database;
  registry: ModelRegistry;
  ingestion: IngestionService;
  models: FraudModels;
  keeping: ScoreKeeping;
}

export class FraudScoring {
  /** What the model that scored last looks back on. */
  private historyDays = historyDays(parseFeatureOptions());

  private readonly database: Database;
  private readonly registry: ModelRegistry;

  constructor(private readonly parts: FraudScoringParts) {
    this.database = parts.database;
    this.registry = parts.registry;
  }

  /** Scores with the history in the store, and stores nothing. @throws ModelNotReadyError */
  async scoreTransaction(transaction: Transaction): Promise<FraudScore> {
    return (await this.scoreAll([transaction]))[0];
  }

  /** Scores a transaction of the store with the live model. @throws KindredError NOT_FOUND; ModelNotReadyError */
  async scoreStored(transactionId: string): Promise<FraudScore> {
    const [transaction] = await findTransactions(this.database, [transactionId]);
    if (transaction) return this.scoreTransaction(transaction);
    throw new KindredError('NOT_FOUND', `There is no transaction "${transactionId}".`, {
      field: 'transactionId',
      remedy: 'Record it first, or check the id.',
    });
  }

  /**
   * For each id the newest score that was kept, else one by the live model now, which is not kept; undefined without either.
   */
  async scoresOf(transactionIds: readonly string[]): Promise<(FraudScore | undefined)[]> {
    const kept = await this.storedScores(transactionIds);
    const missing = transactionIds.filter((_, at) => kept[at] === undefined);
    if (missing.length === 0 || !(await this.registry.findLive(ACCOUNTS_SPACE))) return kept;
    const transactions = await findTransactions(this.database, missing);
    const scores = new Map<string, FraudScore>();
    for (let start = 0; start < transactions.length; start += SCORED_AT_ONCE) {
      const scored = await this.scoreAll(transactions.slice(start, start + SCORED_AT_ONCE)).catch(noModel);
      for (const score of scored ?? []) scores.set(score.transactionId, score);
    }
    return transactionIds.map((id, at) => kept[at] ?? scores.get(id));
  }

  /** Records transactions, scores each, keeps the scores and raises alerts. Without a live model they are only recorded. */
  async recordTransactions(transactions: readonly Transaction[]): Promise<RecordedTransactions> {
    if (transactions.length === 0) return { accepted: 0, duplicates: 0, scores: [] };
    const { accepted, duplicates } = await this.parts.ingestion.record('transactions', transactions);
    const scores: FraudScore[] = [];
    for (let start = 0; start < transactions.length; start += SCORED_AT_ONCE) {
      const some = transactions.slice(start, start + SCORED_AT_ONCE);
      const scored = await this.scoreAll(some).catch(noModel);
      if (!scored) return { accepted, duplicates, scores };
      await this.keep(some, scored);
      scores.push(...scored);
    }
    return { accepted, duplicates, scores };
  }

  /**
   * Scores the store's transactions of [from, to) in time order, what is earlier being their history.
   * @param store keeps the scores and raises alerts
   * @throws ModelNotReadyError
   */
  async *scoreRange({ from, to, store = false }: TimeRange & { store?: boolean }): AsyncGenerator<FraudScore> {
    const model = await this.model((await this.registry.live(ACCOUNTS_SPACE)).id);
    const waiting: Transaction[] = [];
    const values: number[] = [];
    const stream = new FeatureStream(
      model.features,
      (transaction, row) => {
        // The stream hands on what it was given, whole.
        waiting.push(transaction as Transaction);
        for (const value of row) values.push(value);
      },
      ({ occurredAt }) => from === undefined || occurredAt >= from,
    );
    const scoreWaiting = async (): Promise<FraudScore[]> => {
      const batch = waiting.splice(0, ROWS_A_TURN);
      const rows = Float32Array.from(values.splice(0, batch.length * FEATURE_NAMES.length));
      const scores = await model.score(
        batch.map(({ transactionId }) => transactionId),
        rows,
      );
      if (store) await this.keep(batch, scores);
      await nextTurn();
      return scores;
    };
    const history = from && new Date(from.getTime() - historyDays(model.features) * DAY_MILLIS);
    for await (const page of transactionPages(this.database, { from: history, to })) {
      for (const transaction of page) {
        stream.push(transaction);
        if (waiting.length >= ROWS_A_TURN) yield* await scoreWaiting();
      }
    }
    stream.flush();
    while (waiting.length > 0) yield* await scoreWaiting();
  }

  /** The newest score kept for each transaction, in the order of the ids. */
  async storedScores(transactionIds: readonly string[]): Promise<(FraudScore | undefined)[]> {
    const found = new Map((await findScores(this.database, transactionIds)).map((row) => [row.transactionId, row]));
    return transactionIds.map((id) => {
      const score = found.get(id);
      return score && { ...score, reasons: score.reasons.map(describeReason) };
    });
  }

  async storedScore(transactionId: string): Promise<FraudScore | undefined> {
    return (await this.storedScores([transactionId]))[0];
  }

  private async scoreAll(transactions: readonly Transaction[]): Promise<FraudScore[]> {
    const days = this.historyDays;
    const times = transactions.map(({ occurredAt }) => occurredAt.getTime());
    const recent = await recentTransactions(this.database, {
      space: ACCOUNTS_SPACE,
      accountIds: [...new Set(transactions.map(({ accountId }) => accountId))],
      merchantIds: [...new Set(transactions.map(({ merchantId }) => merchantId))],
      from: new Date(Math.min(...times) - days * DAY_MILLIS),
      to: new Date(Math.max(...times)),
    });
    if (recent.liveId === undefined) throw new ModelNotReadyError(ACCOUNTS_SPACE);
    const model = await this.model(recent.liveId);
    this.historyDays = historyDays(model.features);
    // The version that went live looks further back than the one before.
    if (this.historyDays > days) return this.scoreAll(transactions);
    const values = new Float32Array(transactions.length * FEATURE_NAMES.length);
    transactions.forEach((transaction, row) => {
      values.set(featuresWith(recent, transaction, model), row * FEATURE_NAMES.length);
    });
    return model.score(
      transactions.map(({ transactionId }) => transactionId),
      values,
    );
  }

  private async keep(transactions: readonly Transaction[], scores: readonly FraudScore[]): Promise<void> {
    const { keeping } = this.parts;
    keeping.committed(await this.database.transaction((tx) => keeping.keep(tx, transactions, scores)));
  }

  private model(id: string): Promise<FraudModel> {
    return this.parts.models.get(this.database, id);
  }
}

/** A transaction that is in the store is described as it was first told there. */
function featuresWith(recent: RecentTransactions, transaction: Transaction, model: FraudModel): Float32Array {
  const account = recent.byAccount.get(transaction.accountId) ?? [];
  const merchant = recent.byMerchant.get(transaction.merchantId) ?? [];
  const stored = account.find(({ transactionId }: LabelledTransaction) => transactionId === transaction.transactionId);
  return featuresOf(stored ?? transaction, { account, merchant }, model.features);
}

function describeReason(reason: Omit<FraudScore['reasons'][number], 'description'>): FraudScore['reasons'][number] {
  return { ...reason, description: FEATURE_DESCRIPTIONS[reason.feature] ?? reason.feature };
}

function noModel(error: unknown): undefined {
  if (error instanceof ModelNotReadyError) return undefined;
  throw error;
}
