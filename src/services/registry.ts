/**
 * The model registry: immutable versions, one live pointer a space, moved in one transaction. A model must earn
 * promotion: it must not lose to the plain baseline of its evaluation. Versions that were read once are kept in memory,
 * since they do not change; only whether they are live does, and that is read anew.
 */
import type { Model, ModelEvaluation, Promotion } from '../domain/model';
import { KindredError, ModelNotReadyError } from '../errors';
import type { Database, DatabaseTransaction } from '../stores/database';
import {
  deleteModel,
  findLiveModel,
  findModels,
  findPromotion,
  insertModel,
  listModels,
  lockSpace,
  movePointer,
  type NewModel,
  newestPromotion,
  type PromotionRecord,
  readArtifacts,
} from '../stores/models';
import type { Outbox } from './outbox';
import { refuseUnsound } from './soundness';

export class ModelRegistry {
  private readonly listeners = new Set<(space: string) => void>();

  /** @param outbox where moves are told to other programs; absent: they are not */
  constructor(
    private readonly database: Database,
    private readonly outbox?: Outbox,
  ) {}

  /** Tells when this process has moved a space's live pointer. */
  onMoved(listener: (space: string) => void): void {
    this.listeners.add(listener);
  }

  /** Newest first. */
  list(space?: string): Promise<Model[]> {
    return listModels(this.database, space);
  }

  async get(id: string): Promise<Model | undefined> {
    return (await findModels(this.database, [id]))[0];
  }

  /** In the order of `ids`. */
  async getMany(ids: readonly string[]): Promise<(Model | undefined)[]> {
    const models = new Map((await findModels(this.database, ids)).map((model) => [model.id, model]));
    return ids.map((id) => models.get(id));
  }

  /** The model that answers for a space, if there is one. */
  findLive(space: string): Promise<Model | undefined> {
    return findLiveModel(this.database, space);
  }

  /** @throws ModelNotReadyError */
  async live(space: string): Promise<Model> {
    const model = await this.findLive(space);
    if (!model) throw new ModelNotReadyError(space);
    return model;
  }

  artifacts(modelId: string): Promise<Record<string, Uint8Array>> {
    return readArtifacts(this.database, modelId);
  }

  /**
   * Stores a version whole or not at all.
   * @throws KindredError TRAINING_FAILED for vectors that are not finite; MODEL_TOO_LARGE for what the store cannot hold
   */
  async add(model: NewModel): Promise<Model> {
    refuseUnsound(model);
    const id = await insertModel(this.database, model);
    return (await this.get(id))!;
  }

  /**
   * Makes a version the one that answers for its space. Promoting the live one changes nothing.
   * @throws KindredError MODEL_NOT_FOUND; PROMOTION_REFUSED when it loses to the plain baseline (or was never evaluated) and `force` is not set
   */
  async promote(id: string, { force = false }: { force?: boolean } = {}): Promise<Promotion> {
    const model = await this.get(id);
    if (!model) throw modelNotFound(id);
    const verdict = judge(model);
    if (verdict.refusal && !force) throw verdict.refusal;
    const forced = verdict.refusal !== undefined;
    const note = forced ? `Forced: ${verdict.refusal!.message}` : verdict.note;
    const promotedAt = new Date();
    return this.moving(model.space, async (tx) => {
      // Dropped while this waited for its turn?
      if ((await findModels(tx, [id])).length === 0) throw modelNotFound(id);
      const current = await newestPromotion(tx, model.space);
      const promotion = { space: model.space, kind: 'promote', forced, note, promotedAt } as const;
      if (current?.modelId === id) return { ...promotion, model: { ...model, live: true }, replacedId: id };
      await movePointer(tx, {
        ...promotion,
        modelId: id,
        replacedId: current?.modelId,
        beforeId: current?.id,
        at: promotedAt,
      });
      return { ...promotion, model: { ...model, live: true }, replacedId: current?.modelId };
    });
  }

  /**
   * Moves the space back to what was live before; repeatable, one promotion further back each time.
   * @throws ModelNotReadyError; KindredError NOT_FOUND when there is nothing before
   */
  async rollback(space: string): Promise<Promotion> {
    const promotedAt = new Date();
    return this.moving(space, async (tx) => {
      const current = await newestPromotion(tx, space);
      if (!current) throw new ModelNotReadyError(space);
      const target = await promotionBefore(tx, current);
      if (!target) throw nothingBefore(space, current.modelId);
      const [model] = await findModels(tx, [target.modelId]);
      const promotion = { space, kind: 'rollback', forced: false, promotedAt } as const;
      await movePointer(tx, {
        ...promotion,
        modelId: target.modelId,
        replacedId: current.modelId,
        beforeId: target.beforeId,
        at: promotedAt,
      });
      return { ...promotion, model: { ...model, live: true }, replacedId: current.modelId };
    });
  }

  private async moving(space: string, work: (tx: DatabaseTransaction) => Promise<Promotion>): Promise<Promotion> {
    const promotion = await this.database.transaction(async (tx) => {
      await lockSpace(tx, space);
      const moved = await work(tx);
      if (moved.replacedId !== moved.model.id) await this.outbox?.enqueuePromotion(tx, moved);
      return moved;
    });
    this.outbox?.committed();
    for (const listener of this.listeners) listener(space);
    return promotion;
  }

  /** Drops a version whole. @throws KindredError MODEL_NOT_FOUND; BAD_USER_INPUT for a live one */
  async drop(id: string): Promise<void> {
    const model = await this.get(id);
    if (!model) throw modelNotFound(id);
    await this.database.transaction(async (tx) => {
      await lockSpace(tx, model.space);
      const [present] = await findModels(tx, [id]);
      if (!present) throw modelNotFound(id);
      if (present.live)
        throw new KindredError('BAD_USER_INPUT', `Model "${id}" is live, so it cannot be dropped.`, {
          field: 'id',
          remedy: `Promote another version of "${model.space}", or roll it back, first.`,
        });
      await deleteModel(tx, model);
    });
  }
}

/** The newest promotion before `current` that made something else live: dropping versions may leave one model twice in a row. */
async function promotionBefore(
  tx: DatabaseTransaction,
  current: PromotionRecord,
): Promise<PromotionRecord | undefined> {
  let beforeId = current.beforeId;
  while (beforeId !== undefined) {
    const before = await findPromotion(tx, beforeId);
    if (!before || before.modelId !== current.modelId) return before;
    beforeId = before.beforeId;
  }
  return undefined;
}

function remedyForUnmeasured(trainer: string): string {
  if (trainer !== 'autoencoder') return 'Train with evaluation on enough data to hide some of it, or force it.';
  return 'A fraud model is measured on the last quarter of the time, where labels say of some payments that they were fraud and of others that they were not: record such labels and train again, or force it.';
}

interface Verdict {
  refusal?: KindredError;
  note?: string;
}

/** Whether a model has earned promotion, by the metric that its evaluation calls primary. */
export function judge(model: Pick<Model, 'id' | 'trainer' | 'evaluation'>): Verdict {
  const { evaluation } = model;
  if (!evaluation)
    return {
      refusal: refused(model.id, `Model "${model.id}" was never evaluated.`, remedyForUnmeasured(model.trainer)),
    };
  const reached = evaluation.metrics[evaluation.primary];
  const baselines = measuredBaselines(evaluation);
  const say = (baseline: { name: string; value: number }) =>
    `${evaluation.primary} ${format(reached)} against ${format(baseline.value)} of ${baseline.name}`;
  // A metric that could not be measured beats nothing.
  const ahead = baselines.filter(({ value }) => !(reached >= value - SAME));
  const plain = ahead.find((baseline) => baseline.plain);
  if (plain)
    return {
      refusal: refused(
        model.id,
        `Model "${model.id}" loses to the plain baseline: ${say(plain)}.`,
        'Train longer or on more data, or promote it anyway by force (--force, or force: true).',
      ),
    };
  const tied = baselines.find((baseline) => baseline.plain && reached <= baseline.value + SAME);
  const notes = [
    ...(tied ? [`It only ties with the plain baseline: ${say(tied)}.`] : []),
    ...(ahead.length > 0 ? [`A stronger baseline is ahead: ${ahead.map(say).join('; ')}.`] : []),
  ];
  return notes.length > 0 ? { note: notes.join(' ') } : {};
}

/** Means of the same numbers, added up in another order, differ by no more. */
const SAME = 1e-9;

function measuredBaselines(evaluation: ModelEvaluation) {
  return evaluation.baselines
    .map(({ name, plain, metrics }) => ({ name, plain, value: metrics[evaluation.primary] }))
    .filter(({ value }) => value !== undefined && value !== null);
}

const format = (value: number | null): string => (value === null ? 'nothing' : value.toFixed(4));

function refused(id: string, message: string, remedy: string): KindredError {
  return new KindredError('PROMOTION_REFUSED', message, { field: 'id', remedy, facts: { modelId: id } });
}

export function modelNotFound(id: string, field = 'id'): KindredError {
  return new KindredError('MODEL_NOT_FOUND', `There is no model "${id}".`, {
    field,
    remedy: 'List the models with: kindred models',
    facts: { modelId: id },
  });
}

function nothingBefore(space: string, liveId: string): KindredError {
  return new KindredError('NOT_FOUND', `Nothing was live in "${space}" before "${liveId}".`, {
    field: 'space',
    remedy: 'Promote another version by its id: kindred promote <id>',
    facts: { space, liveId },
  });
}
