/**
 * Logistic regression with an L2 penalty, one class against the rest: minimises |w|^2 / 2 + C sum log(1 + exp(-y (w.x + b))),
 * the objective of LIBLINEAR and of scikit-learn's LogisticRegression, intercept not penalised. Fitted by L-BFGS
 * (Nocedal & Wright 2006, algorithm 7.4): the objective is strictly convex, so where it stops is the one optimum.
 */

export interface LogisticRegressionOptions {
  /** C: weight of the data against the penalty. Above 0. @default 1, as in the libraries named above */
  strength?: number;
  /** Stops once no component of the gradient is larger than this share of the largest one at the start. @default 1e-5 */
  tolerance?: number;
  /** @default 200 */
  maxIterations?: number;
}

/** Rows of x are `rows[0], rows[1] …` of `vectors`; `positive[i]` says whether rows[i] is of the class. */
export interface BinarySample {
  /** (anything, dimension), row-major */
  vectors: Float32Array;
  dimension: number;
  /** Numbers from the start of a row to that of the next, where rows have more columns than these. @default dimension */
  stride?: number;
  rows: Int32Array;
  positive: Uint8Array;
}

/** Corrections that L-BFGS remembers: 3 to 20 are usual (Nocedal & Wright, chapter 7.2). */
const MEMORY = 10;

/** @returns (dimension + 1): weights, then the intercept */
export function fitLogisticRegression(sample: BinarySample, options: LogisticRegressionOptions = {}): Float64Array {
  const { strength = 1, tolerance = 1e-5, maxIterations = 200 } = options;
  const size = sample.dimension + 1;
  let point: Float64Array = new Float64Array(size);
  let gradient: Float64Array = new Float64Array(size);
  let value = objective(sample, strength, point, gradient);
  const target = largest(gradient) * tolerance;
  const memory: Correction[] = [];
  for (let iteration = 0; iteration < maxIterations && largest(gradient) > target; iteration++) {
    const direction = descent(memory, gradient);
    const slope = dot(direction, gradient);
    // The first direction has no scale yet: start with a step of length 1.
    let step = memory.length === 0 ? 1 / Math.sqrt(-slope) : 1;
    const next = new Float64Array(size);
    const nextGradient = new Float64Array(size);
    let nextValue = Number.POSITIVE_INFINITY;
    for (let halvings = 0; halvings < 40; halvings++, step /= 2) {
      for (let i = 0; i < size; i++) next[i] = point[i] + step * direction[i];
      nextValue = objective(sample, strength, next, nextGradient);
      if (nextValue <= value + 1e-4 * step * slope) break;
    }
    // Rounding hides any further descent.
    if (!(nextValue < value)) break;
    remember(memory, point, next, gradient, nextGradient);
    [point, gradient, value] = [next, nextGradient, nextValue];
  }
  return point;
}

/** w.x + b: above 0 where the class is the likelier answer. */
export function decision(
  weights: Float64Array,
  vectors: Float32Array,
  row: number,
  stride = weights.length - 1,
): number {
  return score(weights, vectors, row * stride, weights.length - 1);
}

function score(weights: Float64Array, vectors: Float32Array, start: number, dimension: number): number {
  // Four running sums, because one would make every addition wait for the last.
  let [a, b, c, d] = [weights[dimension], 0, 0, 0];
  let i = 0;
  for (; i + 3 < dimension; i += 4) {
    a += weights[i] * vectors[start + i];
    b += weights[i + 1] * vectors[start + i + 1];
    c += weights[i + 2] * vectors[start + i + 2];
    d += weights[i + 3] * vectors[start + i + 3];
  }
  for (; i < dimension; i++) a += weights[i] * vectors[start + i];
  return a + b + c + d;
}

/** Value at `weights`; writes the gradient. */
function objective(sample: BinarySample, strength: number, weights: Float64Array, gradient: Float64Array): number {
  const { vectors, dimension, stride = dimension, rows, positive } = sample;
  let penalty = 0;
  for (let i = 0; i < dimension; i++) {
    penalty += weights[i] * weights[i];
    gradient[i] = weights[i];
  }
  gradient[dimension] = 0;
  let loss = 0;
  for (let i = 0; i < rows.length; i++) {
    const start = rows[i] * stride;
    const margin = score(weights, vectors, start, dimension) * (positive[i] ? 1 : -1);
    // log(1 + exp(-m)) without overflow.
    const decayed = Math.exp(-Math.abs(margin));
    loss += Math.log1p(decayed) + Math.max(0, -margin);
    const wrong = margin > 0 ? decayed / (1 + decayed) : 1 / (1 + decayed);
    const pull = strength * wrong * (positive[i] ? -1 : 1);
    for (let j = 0; j < dimension; j++) gradient[j] += pull * vectors[start + j];
    gradient[dimension] += pull;
  }
  return penalty / 2 + strength * loss;
}

interface Correction {
  step: Float64Array;
  change: Float64Array;
  curvature: number;
}

function remember(
  memory: Correction[],
  point: Float64Array,
  next: Float64Array,
  gradient: Float64Array,
  nextGradient: Float64Array,
): void {
  const step = next.map((value, i) => value - point[i]);
  const change = nextGradient.map((value, i) => value - gradient[i]);
  const curvature = dot(step, change);
  if (curvature <= 0) return;
  memory.push({ step, change, curvature });
  if (memory.length > MEMORY) memory.shift();
}

/** The two-loop recursion: minus the inverse Hessian, as far as it is known, times the gradient. */
function descent(memory: readonly Correction[], gradient: Float64Array): Float64Array {
  const direction = gradient.map((value) => -value);
  const shares = new Float64Array(memory.length);
  for (let k = memory.length - 1; k >= 0; k--) {
    const { step, change, curvature } = memory[k];
    shares[k] = dot(step, direction) / curvature;
    for (let i = 0; i < direction.length; i++) direction[i] -= shares[k] * change[i];
  }
  const last = memory.at(-1);
  if (last) {
    const scale = last.curvature / dot(last.change, last.change);
    for (let i = 0; i < direction.length; i++) direction[i] *= scale;
  }
  for (let k = 0; k < memory.length; k++) {
    const { step, change, curvature } = memory[k];
    const share = shares[k] - dot(change, direction) / curvature;
    for (let i = 0; i < direction.length; i++) direction[i] += share * step[i];
  }
  return direction;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

function largest(values: Float64Array): number {
  let most = 0;
  for (const value of values) most = Math.max(most, Math.abs(value));
  return most;
}
