/**
 * Writes what came by stream: the rows of a batch and the next offsets of the partitions it came from, in one database
 * transaction that is refused whole where a partition does not stand where the batch began. So a record counts once, however
 * often it is delivered, and by whomever. Transactions that were new are scored on the way, in the same database transaction,
 * by the model that is live in it; where there is none that can, they are noted as waiting for one.
 */
import type { StreamName, StreamRecord, Transaction } from '../domain/events';
import type { FraudScore } from '../domain/fraud';
import type { PartitionAdvance, StreamCommit } from '../domain/stream-commit';
import { awaitScores } from '../stores/awaiting-scores';
import type { Database, DatabaseTransaction } from '../stores/database';
import { insertEvents, insertTransactions } from '../stores/events';
import { withRetries } from '../stores/retries';
import type { KeptScores } from '../stores/scores';
import { advancePositions, recordPositionError } from '../stores/stream-positions';
import type { FeatureState } from './feature-state';
import type { FraudModel } from './fraud-model';
import type { FraudModels, LiveFraudModel } from './fraud-models';
import type { ScoreKeeping } from './score-keeping';
import type { Turns } from './turns';

export type { PartitionAdvance, StreamCommit } from '../domain/stream-commit';

/** The model was dropped after the live pointer was read: the next attempt reads what is live now. */
const MODEL_IS_GONE = '23503';

/** As long as a group waits for a member that is heard of no more: whoever takes its partitions over must not wait longer. */
const ABANDONED = { abandonedAfterMillis: 30_000 };

export interface StreamWriterParts {
  database: Database;
  models: FraudModels;
  features: FeatureState;
  keeping: ScoreKeeping;
  /** Whoever uses `features` takes turns. */
  turns: Turns;
}

/** What was written of a batch, and what is to be told once it is committed. */
interface Written {
  readonly commit: StreamCommit;
  readonly kept?: KeptScores;
}

export class StreamWriter {
  constructor(private readonly parts: StreamWriterParts) {}

  /**
   * All or nothing. A batch without records only moves offsets, as after nothing but dead letters. Transactions are given in
   * order of time.
   * @throws KindredError STREAM_POSITION_MOVED when a partition is not at its `expected` offset: another member had it in the
   * meantime, or this batch was committed before
   */
  async commit<S extends StreamName>(
    stream: S,
    records: readonly StreamRecord[S][],
    advances: readonly PartitionAdvance[],
  ): Promise<StreamCommit> {
    if (stream === 'transactions') return this.commitTransactions(records as readonly Transaction[], advances);
    return withRetries(() =>
      this.parts.database.transaction(async (tx) => {
        await advancePositions(tx, advances);
        return { ...(await insertEvents(tx, stream, records)), scores: 0, alerts: 0, awaiting: 0 };
      }, ABANDONED),
    );
  }

  private async commitTransactions(
    transactions: readonly Transaction[],
    advances: readonly PartitionAdvance[],
  ): Promise<StreamCommit> {
    const { database, features, keeping, turns } = this.parts;
    return turns.take(async () => {
      const { commit, kept } = await withRetries(async () => {
        try {
          return await database.transaction((tx) => this.write(tx, transactions, advances), ABANDONED);
        } catch (error) {
          features.rolledBack();
          throw error;
        }
      }, [MODEL_IS_GONE]);
      features.committed();
      if (kept) keeping.committed(kept);
      return commit;
    });
  }

  private async write(
    tx: DatabaseTransaction,
    transactions: readonly Transaction[],
    advances: readonly PartitionAdvance[],
  ): Promise<Written> {
    await advancePositions(tx, advances);
    const fresh = await insertTransactions(tx, transactions);
    const counts = { accepted: fresh.length, duplicates: transactions.length - fresh.length };
    if (fresh.length === 0) return { commit: { ...counts, scores: 0, alerts: 0, awaiting: 0 } };
    const live = await this.parts.models.live(tx);
    const scored = live.kind === 'ready' ? await this.score(tx, fresh, live.model) : live;
    if (scored.kind === 'scored') {
      const kept = await this.parts.keeping.keep(tx, fresh, scored.scores);
      const { scores, alerts } = kept;
      const modelId = scored.modelId;
      return { kept, commit: { ...counts, modelId, scores: scores.length, alerts: alerts.length, awaiting: 0 } };
    }
    await awaitScores(tx, fresh);
    const unscored = { ...counts, scores: 0, alerts: 0, awaiting: fresh.length };
    if (scored.kind === 'none') return { commit: unscored };
    const { id: modelId, problem } = scored;
    for (const { topic, partition } of advances) await recordPositionError(tx, topic, partition, problem.message);
    return { commit: { ...unscored, modelId, problem } };
  }

  private async score(
    tx: DatabaseTransaction,
    transactions: readonly Transaction[],
    model: FraudModel,
  ): Promise<
    | { readonly kind: 'scored'; readonly modelId: string; readonly scores: readonly FraudScore[] }
    | Extract<LiveFraudModel, { kind: 'unfit' }>
  > {
    const { features, models } = this.parts;
    await features.prepare(tx, transactions, model.features);
    const values = features.describe(transactions);
    try {
      return { kind: 'scored', modelId: model.id, scores: await models.score(model, transactions, values) };
    } catch (error) {
      return { kind: 'unfit', id: model.id, problem: error as Error };
    }
  }
}
