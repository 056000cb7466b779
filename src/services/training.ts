/** Training runs: evaluate on held-out data, train on everything, store a new version, promote it if asked. */
import type { Model, ModelEvaluation, Promotion, TrainingRun } from '../domain/model';
import type { KindredError } from '../errors';

export interface StartTraining {
  trainer: string;
  /** @default the trainer's own: items, users or accounts */
  space?: string;
  /** Trainer options, typed or as the strings of `--set option=value`. */
  options?: Readonly<Record<string, unknown>>;
  /** Learn only from records at or after this time. */
  dataFrom?: Date;
  /** Learn only from records before this time. */
  dataTo?: Date;
  /** Measure on held-out data first, beside the baselines. @default true */
  evaluate?: boolean;
  /** Promote the version when it is there. @default false */
  promote?: boolean;
  /** Promote even if it loses to the plain baseline. @default false */
  force?: boolean;
}

export interface TrainingOutcome {
  model: Model;
  /** Set when promotion was asked for and done. */
  promotion?: Promotion;
  /** Set when promotion was asked for and refused; the version is kept. */
  refusal?: KindredError;
}

/** A run under way. */
export interface RunningTraining {
  readonly id: string;
  /** Resolves when the version is stored; rejects with what went wrong. */
  readonly outcome: Promise<TrainingOutcome>;
  /** As last reported. */
  current(): TrainingRun;
  /** Calls the listener at each report until the run ends; returns a function that stops it. */
  onProgress(listener: (run: TrainingRun) => void): () => void;
  cancel(): void;
}

export class TrainingRuns {
  /** Runs go one at a time, others queue. @throws KindredError TRAINING_BUSY when the queue is full; OptionError; InputError */
  start(input: StartTraining): Promise<RunningTraining> {
    throw new Error(`unwritten ${input}`);
  }

  get(id: string): Promise<TrainingRun | undefined> {
    throw new Error(`unwritten ${id}`);
  }

  /** Whether there was such a run to cancel. */
  cancel(id: string): boolean {
    throw new Error(`unwritten ${id}`);
  }

  /** The run now, then each report until it ends. */
  watch(id: string): AsyncGenerator<TrainingRun> {
    throw new Error(`unwritten ${id}`);
  }
}

/** What `kindred evaluate` prints. */
export interface EvaluationReport {
  trainer: string;
  space: string;
  options: Readonly<Record<string, unknown>>;
  evaluation: ModelEvaluation;
}
