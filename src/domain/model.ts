/**
 * What the registry knows of a trained version, of its promotions and of the runs that make versions. Plain facts: the
 * vectors are in the version's own table, the networks in its artifacts.
 */

export type Metrics = Readonly<Record<string, number>>;

/** What a model reached on data held out from it, beside what simpler means reach there. */
export interface ModelEvaluation {
  /** What was hidden and how it was ranked, in one sentence. */
  readonly protocol: string;
  /** Whether the ranking was against a sample in place of everything. */
  readonly sampled: boolean;
  readonly metrics: Metrics;
  /** The metric that decides about promotion: a key of `metrics`. */
  readonly primary: string;
  /** `plain` marks the one that a model must not lose to. */
  readonly baselines: readonly { readonly name: string; readonly plain: boolean; readonly metrics: Metrics }[];
}

/** The part of a stream that a model learned from. */
export interface ModelData {
  readonly stream: 'interactions' | 'relations' | 'transactions';
  readonly rows: number;
  /** Times of the first and the last record, where there are any. */
  readonly from?: Date;
  readonly to?: Date;
}

export interface Model {
  /** `<space>-<version>`: `items-3`. */
  readonly id: string;
  readonly space: string;
  readonly trainer: string;
  /** Counts up within the space, and is never used twice. */
  readonly version: number;
  readonly options: Readonly<Record<string, unknown>>;
  readonly data: ModelData;
  /** Undefined when the run was told not to evaluate. */
  readonly evaluation?: ModelEvaluation;
  /** Facts about the run: tokens, pairs, finalLoss, throughput … */
  readonly facts: Readonly<Record<string, number | string | boolean>>;
  readonly dimension: number;
  readonly vectors: number;
  /** How long the final training took. */
  readonly seconds: number;
  readonly createdAt: Date;
  /** Whether it answers for its space now. */
  readonly live: boolean;
}

export type PromotionKind = 'promote' | 'rollback';

/** The live pointer of a space moved. */
export interface Promotion {
  readonly space: string;
  readonly model: Model;
  /** What was live before. */
  readonly replacedId?: string;
  readonly kind: PromotionKind;
  readonly forced: boolean;
  /** Says when the plain baseline is only tied with, when a stronger one is ahead, or why force was needed. */
  readonly note?: string;
  readonly promotedAt: Date;
}

/** Why something was not done: what an error tells, kept with a run. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly remedy?: string;
}

/** What came of promotion where a run was told to promote the version that it made. */
export interface RunPromotion extends Partial<Pick<Promotion, 'replacedId' | 'note'>> {
  readonly promoted: boolean;
  readonly forced: boolean;
  /** Set where it was not promoted. */
  readonly refusal?: Failure;
}

export const TRAINING_STATUSES = ['queued', 'running', 'succeeded', 'failed', 'cancelled'] as const;
export type TrainingStatus = (typeof TRAINING_STATUSES)[number];

/** One training run, as last reported. */
export interface TrainingRun {
  readonly id: string;
  readonly trainer: string;
  readonly space: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly status: TrainingStatus;
  /** What is being done now: `evaluation: epoch 1 of 2`. */
  readonly phase?: string;
  /** Units of work done in this phase, out of `total`. */
  readonly done: number;
  readonly total: number;
  readonly loss?: number;
  /** Why it failed. */
  readonly error?: Failure;
  /** The version it made. */
  readonly modelId?: string;
  /** Undefined where it was not told to promote, or did not get so far. */
  readonly promotion?: RunPromotion;
  readonly startedAt: Date;
  readonly finishedAt?: Date;
}
