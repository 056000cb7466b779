/**
 * The contract that every trainer meets: typed arrays and iterables in, a model out. A trainer reports progress to
 * whoever listens and stops when its signal says so; it never logs, stores, publishes or reads the environment, nor a clock
 * but to divide its work (onnx/pace.ts).
 */
import type { z } from 'zod';

export interface TrainingProgress {
  /** What is being done now, in the field's words: `walks`, `epoch 2 of 5`. */
  phase: string;
  /** Units of work done in this phase, out of `total`. */
  done: number;
  total: number;
  /** Mean loss over what was done since the last report, where the trainer has one. */
  loss?: number;
  /** Where a run that was interrupted went on: `epoch 3 of 5`. */
  resumedFrom?: string;
  /** A sentence that people should see beside the progress, such as why a run does not go on where it was interrupted. */
  notice?: string;
}

export interface TrainingContext {
  /** Aborting it makes `train` reject with a CancelledError within one progress interval. */
  signal?: AbortSignal;
  onProgress?: (progress: TrainingProgress) => void;
  /**
   * Absolute path of the file where the run keeps its state now and then (see checkpoint.ts), so that one that was killed
   * goes on from there when it is started again; undefined keeps none.
   */
  checkpoint?: string;
}

/**
 * @typeParam Options validated options, every default filled in
 * @typeParam Data what it learns from
 * @typeParam Model what comes out: small, immutable, usable alone
 */
export interface Trainer<Options, Data, Model> {
  /** As typed at the terminal: `word2vec`. */
  readonly name: string;
  /** The one place where the options' meaning, range and default live. Unknown keys are refused. */
  readonly options: z.ZodType<Options>;
  /**
   * Refuses options that are each sound but contradict each other; absent where none can. Whoever plans a run asks before it
   * begins, and `train` asks again.
   * @throws OptionError
   */
  check?(options: Options): void;
  /** Whether these options give the same bytes for the same data and seed. */
  isDeterministic(options: Options): boolean;
  train(data: Data, options: Options, context?: TrainingContext): Promise<Model>;
}

/** Vectors of named things. Rows of `input` and `output` follow `ids`; both are (ids.length, dimension) row-major f32. */
export interface EmbeddingModel<Id = string> {
  readonly ids: readonly Id[];
  readonly dimension: number;
  /** What a thing is. Cosine between rows says what is alike. */
  readonly input: Float32Array;
  /** What a thing goes with: input x output says what belongs together. */
  readonly output: Float32Array;
  /**
   * One a thing, added to input x output. At the optimum of negative sampling, input_a . output_b is
   * log(P(b|a) / (negatives Pn(b))), so ranking by P(b|a) needs the log of the noise weight back (Levy & Goldberg 2014).
   */
  readonly outputBias: Float32Array;
  /** How often each id was seen in training. */
  readonly frequencies: Uint32Array;
  /** Facts about the run for the model card: tokens, pairs, walkSteps, finalLoss … */
  readonly facts: Readonly<Record<string, number | string | boolean>>;
}

/**
 * Vectors of things or of whole sequences, with what turns later sequences or texts into vectors of the same space. Rows
 * of `input` follow `ids`, (ids.length, dimension) row-major f32. `output` and `outputBias` are there where things of the
 * space can be asked for by inner product (see EmbeddingModel).
 */
export interface SequenceModel {
  readonly ids: readonly string[];
  readonly dimension: number;
  readonly input: Float32Array;
  readonly output?: Float32Array;
  readonly outputBias?: Float32Array;
  /** How often a thing was seen, or how many events a sequence has. */
  readonly frequencies: Uint32Array;
  /** What `openEncoder` (encoders.ts) needs, by name: networks, tables, lists. Empty where there is no encoder. */
  readonly artifacts: Readonly<Record<string, Uint8Array>>;
  readonly facts: Readonly<Record<string, number | string | boolean>>;
}
