/** The loss of negative sampling on a few pairs of neighbours: cheap enough for progress, never used for learning. */
import { type AliasTable, drawFrom } from './alias';
import type { LossSample } from './pool-kernel';
import type { Random } from './random';

/** Pairs looked at in one call: some microseconds, beside tens of milliseconds of training on a unit. */
const PAIRS = 16;

export interface ScoredTables {
  readonly input: Float32Array;
  readonly output: Float32Array;
  /** Floats from one row to the next. */
  readonly stride: number;
  /** Row of the output table of each node; undefined where a node's number is its row. */
  readonly rows?: Uint32Array;
  readonly dimension: number;
  readonly negatives: number;
  /** (parts + 1): part p is rows bounds[p] to bounds[p + 1] - 1 of the output table; all have equal shares of the noise. */
  readonly bounds: readonly number[];
  /** An alias table of the rows of each part, one after the other. */
  readonly noise: AliasTable;
}

export function sampleLoss(tables: ScoredTables, tokens: Int32Array, random: Random): LossSample {
  if (tokens.length < 2) return { sum: 0, samples: 0 };
  const { input, output, stride, rows, bounds, dimension, negatives, noise } = tables;
  const score = (context: number, row: number) => {
    let sum = 0;
    for (let d = 0; d < dimension; d++) sum += input[context * stride + d] * output[row * stride + d];
    return sum;
  };
  const drawRow = () => {
    const [first, end] = bounds.slice(random.below(bounds.length - 1));
    return first + drawFrom(noise.subarray(2 * first, 2 * end), random);
  };
  let sum = 0;
  let samples = 0;
  for (let i = 0; i < PAIRS; i++) {
    const at = random.below(tokens.length - 1);
    const context = tokens[at];
    const target = tokens[at + 1];
    if (context < 0 || target < 0) continue;
    sum += softplus(-score(context, rows ? rows[target] : target));
    for (let k = 0; k < negatives; k++) sum += softplus(score(context, drawRow()));
    samples++;
  }
  return { sum, samples };
}

/** log(1 + e^x), which is -log of the sigmoid of -x, without overflow. */
export function softplus(x: number): number {
  return x > 0 ? x + Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x));
}
