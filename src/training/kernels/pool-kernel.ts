/**
 * What the pool (see pool.ts) asks of a kernel: it takes tokens that a source wrote, trains tables which all threads share,
 * and tells what it saw. A kernel is a module that exports `openPoolKernel`; each thread opens it once, from one
 * description that is posted to all of them.
 */
import type { Random } from './random';

/** What a call of `train` saw. */
export interface TrainedTokens {
  /** Tokens, ends of sequences not counted. */
  readonly tokens: number;
  /** Predictions learned from: (context, target) pairs, or one a window where a kernel takes a window at once. */
  readonly pairs: number;
}

export interface LossSample {
  readonly sum: number;
  readonly samples: number;
}

export interface PoolKernel {
  /** Where the source writes the tokens of the next call. What they mean is between source and kernel; -1 ends a sequence. */
  readonly tokens: Int32Array;
  /** Starts this thread's random numbers; the same path, tokens and tables give the same bytes. */
  seed(...path: readonly number[]): void;
  /**
   * Trains on the first `count` of `tokens`.
   * @param unit the number of the unit that they are
   */
  train(count: number, learningRate: number, unit: number): TrainedTokens;
  /** The loss on a few samples of the first `count` tokens: cheap beside `train`, for progress only. */
  sampleLoss(count: number, random: Random): LossSample;
}

export interface PoolKernelModule {
  /** @param thread from 0 to the pool's threads - 1, each for one thread at a time */
  openPoolKernel(shared: unknown, thread: number): PoolKernel;
}

export interface PoolKernelReference {
  /** Absolute path without extension: `join(__dirname, 'skip-gram')`. */
  readonly module: string;
  /** Posted to each thread: large arrays in it should be on SharedArrayBuffers, which are shared, not copied. */
  readonly shared: unknown;
}
