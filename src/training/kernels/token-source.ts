/**
 * Where a training run's tokens come from. A source lives in every worker thread of the pool and makes the tokens of one
 * unit of work at a time, straight into the kernel's memory: a stretch of a corpus, or random walks that never exist
 * anywhere else. Units are whole sequences, numbered 0 to `units` - 1 over the whole run, all epochs included.
 *
 * A source is a module (`module` is its absolute path without extension) that exports
 * `openTokenSource(data): TokenSource`; `data` is posted to each worker, so large arrays in it should be on
 * SharedArrayBuffers, which are shared, not copied.
 */
import type { Random } from './random';

export interface TokenSource {
  /**
   * Writes the tokens of a unit: node numbers, -1 after each sequence.
   * @param random a stream that belongs to this unit alone, so the tokens do not depend on which thread makes them
   * @returns how many tokens were written, ends included; 0 if the unit is empty
   */
  fill(unit: number, tokens: Int32Array, random: Random): number;
}

export interface TokenSourceModule {
  openTokenSource(data: unknown): TokenSource;
}

export interface TokenSourceReference {
  /** Absolute path without extension: `join(__dirname, 'walk-source')`. */
  readonly module: string;
  readonly data: unknown;
  /** Units of the whole run. A few thousand tokens each keeps cancelling and the learning rate's decay smooth. */
  readonly units: number;
  /** The most tokens that a unit can give, ends included. */
  readonly tokenCapacity: number;
}
