/**
 * The fraud models that this process keeps ready. Which one is live is asked for each batch, where its rows are written: so each
 * batch has one model, and a promotion takes over between two batches, without a restart.
 */
import type { Transaction } from '../domain/events';
import type { FraudScore } from '../domain/fraud';
import type { Queryable } from '../stores/database';
import { liveModelId, readArtifacts } from '../stores/models';
import { ACCOUNTS_SPACE, FraudModel } from './fraud-model';

/** Models kept ready: the live one, and the one before for those who still ask. */
const MODELS_KEPT = 2;
/** A model that could not be loaded is tried again after this long: its bytes may have been restored from a copy. */
const UNFIT_FOR_MILLIS = 30_000;

/** What there is to score with. */
export type LiveFraudModel =
  | { readonly kind: 'ready'; readonly model: FraudModel }
  | { readonly kind: 'none' }
  /** It is live, and cannot score. */
  | { readonly kind: 'unfit'; readonly id: string; readonly problem: Error };

export class FraudModels {
  private readonly ready = new Map<string, FraudModel>();
  private readonly unfit = new Map<string, { problem: Error; until: number }>();

  /** @param on the transaction that the answer is for, or the database */
  async live(on: Queryable): Promise<LiveFraudModel> {
    for (;;) {
      const id = await liveModelId(on, ACCOUNTS_SPACE);
      if (id === undefined) return { kind: 'none' };
      const found = await this.find(on, id);
      // One that was dropped between the two questions has lost its bytes, and is live no more.
      if (found.kind === 'unfit' && (await liveModelId(on, ACCOUNTS_SPACE)) !== id) continue;
      return found;
    }
  }

  /** @throws KindredError MODEL_CORRUPT when it cannot score this Kindred's features */
  async get(on: Queryable, id: string): Promise<FraudModel> {
    const found = await this.find(on, id);
    if (found.kind === 'unfit') throw found.problem;
    return found.model;
  }

  /**
   * Scores for good: a model that fails is not asked again for a while.
   * @param values (transactions.length, features), row-major
   */
  async score(model: FraudModel, transactions: readonly Transaction[], values: Float32Array): Promise<FraudScore[]> {
    try {
      return await model.score(
        transactions.map(({ transactionId }) => transactionId),
        values,
      );
    } catch (error) {
      this.failed(model.id, error as Error);
      throw error;
    }
  }

  /** Releases the networks. */
  async close(): Promise<void> {
    const models = [...this.ready.values()];
    this.ready.clear();
    for (const model of models) await model.close();
  }

  private failed(id: string, problem: Error): void {
    this.ready.delete(id);
    this.unfit.set(id, { problem, until: Date.now() + UNFIT_FOR_MILLIS });
  }

  /**
   * Loading is not shared between those who ask at once: whoever asks inside a transaction of the embedded store, which has one
   * session, must not wait for somebody who waits for that session.
   */
  private async find(on: Queryable, id: string): Promise<Exclude<LiveFraudModel, { kind: 'none' }>> {
    const known = this.ready.get(id);
    if (known) return { kind: 'ready', model: known };
    const failed = this.unfit.get(id);
    if (failed && Date.now() < failed.until) return { kind: 'unfit', id, problem: failed.problem };
    const artifacts = await readArtifacts(on, id);
    let model: FraudModel;
    try {
      model = await FraudModel.load(id, artifacts);
    } catch (error) {
      this.failed(id, error as Error);
      return { kind: 'unfit', id, problem: error as Error };
    }
    this.unfit.delete(id);
    this.ready.set(id, model);
    if (this.ready.size > MODELS_KEPT) this.forgetOldest();
    return { kind: 'ready', model };
  }

  /** Not closed here: somebody may still be scoring with it. The runtime frees it with its last reference. */
  private forgetOldest(): void {
    const [oldest] = this.ready.keys();
    this.ready.delete(oldest);
  }
}
