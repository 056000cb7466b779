/** A run of the pool: what goes in, how far it is, what it adds up to. See pool.ts. */
import type { PoolKernelReference } from './pool-kernel';
import type { TokenSourceReference } from './token-source';

export interface PoolRun {
  readonly kernel: PoolKernelReference;
  readonly source: TokenSourceReference;
  /** 1 to 256. */
  readonly threads: number;
  readonly seed: number;
  /** Learning rate at the start, above 0 and at most 1. It falls linearly to a ten-thousandth of it. */
  readonly learningRate: number;
  /** Names what is being done once `done` units are, for progress. @default 'training' */
  readonly phase?: (done: number) => string;
  /**
   * All that training changes, by name: views of the kernel's tables and counts as they lie in its memory. With the unit
   * that comes next it is what a run can go on from.
   */
  readonly state: Readonly<Record<string, Uint32Array | Float32Array>>;
  /** What makes this run's kernel another than any other's, beside seed and source: its shape, its noise … */
  readonly identity: readonly (string | ArrayBufferView)[];
}

export interface PoolTotals {
  readonly tokens: number;
  readonly pairs: number;
  /** Mean loss of what kernels sampled over the last tenth of the run. */
  readonly finalLoss: number;
  /** Where this run went on, if an earlier one had left a checkpoint: the phase, or the unit where phases have no names. */
  readonly resumedFrom?: string;
}

/** What threads have told so far, added up. */
export interface PoolProgress {
  readonly done: number;
  readonly tokens: number;
  readonly pairs: number;
  readonly tailLoss: number;
  readonly tailSamples: number;
}
