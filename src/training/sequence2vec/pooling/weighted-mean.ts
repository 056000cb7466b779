/**
 * The mean of the vectors of a sequence's things, plain or weighted by how rare they are (SIF: Arora, Liang & Ma 2017, "A
 * simple but tough-to-beat baseline for sentence embeddings"): a / (a + p(thing)), and the direction in which all
 * sequences lie taken out of each, because it tells none from another.
 */
import { Random } from '../../kernels/random';
import type { ThingTable } from './base-vectors';

/** What turns sequences into vectors. */
export interface WeightedMean extends ThingTable {
  /** One a thing. */
  readonly weights: Float32Array;
  /** (dimension), of length 1: taken out of every mean. None for the plain mean. */
  readonly component?: Float32Array;
}

/** Sequences in the table's numbers; -1 is not known. */
export interface NumberedSequences {
  readonly offsets: Int32Array;
  readonly numbers: (event: number) => number;
}

export function sifWeights(frequencies: Uint32Array, smoothing: number): Float32Array {
  const total = frequencies.reduce((sum, frequency) => sum + frequency, 0);
  return Float32Array.from(frequencies, (frequency) => smoothing / (smoothing + frequency / total));
}

/** @returns (sequences, dimension); zeros for a sequence of which no thing is known */
export function weightedMeans(pool: WeightedMean, { offsets, numbers }: NumberedSequences): Float32Array {
  const { dimension, vectors, weights, component } = pool;
  const means = new Float32Array((offsets.length - 1) * dimension);
  const sum = new Float64Array(dimension);
  for (let sequence = 0; sequence + 1 < offsets.length; sequence++) {
    sum.fill(0);
    let known = 0;
    for (let event = offsets[sequence]; event < offsets[sequence + 1]; event++) {
      const thing = numbers(event);
      if (thing < 0) continue;
      known++;
      for (let d = 0; d < dimension; d++) sum[d] += weights[thing] * vectors[thing * dimension + d];
    }
    if (known === 0) continue;
    // As in the paper, the sum is divided by the number of things, not by their weights.
    const along = component ? sum.reduce((all, value, d) => all + value * component[d], 0) : 0;
    for (let d = 0; d < dimension; d++)
      means[sequence * dimension + d] = (sum[d] - (component ? along * component[d] : 0)) / known;
  }
  return means;
}

/** Rounds of power iteration: where two directions are nearly as strong, either is as good. */
const MOST_ROUNDS = 200;
const CONVERGED = 1e-9;
const SEED_OF_START = 0x5eed_0050;

/**
 * The first right singular vector of the rows (not centred, as in the paper), by power iteration on their second moments
 * from a start that is always the same.
 * @returns (dimension) of length 1; undefined where all rows are zero
 */
export function firstComponent(rows: Float32Array, dimension: number): Float32Array | undefined {
  const moments = secondMoments(rows, dimension);
  if (!moments.some((moment) => moment > 0)) return undefined;
  // Drawn, so that it leans towards every direction: no sum or column of the moments does where rows lie along the axes.
  const random = Random.seeded(SEED_OF_START);
  let direction = Float64Array.from({ length: dimension }, () => random.fraction() - 0.5);
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const next = new Float64Array(dimension);
    for (let a = 0; a < dimension; a++)
      for (let b = 0; b < dimension; b++) next[a] += moments[a * dimension + b] * direction[b];
    const length = Math.hypot(...next);
    const change = next.reduce((most, value, d) => Math.max(most, Math.abs(value / length - direction[d])), 0);
    direction = next.map((value) => value / length);
    if (change < CONVERGED) break;
  }
  return Float32Array.from(direction);
}

function secondMoments(rows: Float32Array, dimension: number): Float64Array {
  const moments = new Float64Array(dimension * dimension);
  for (let start = 0; start < rows.length; start += dimension)
    for (let a = 0; a < dimension; a++) {
      const value = rows[start + a];
      for (let b = 0; b < dimension; b++) moments[a * dimension + b] += value * rows[start + b];
    }
  return moments;
}
