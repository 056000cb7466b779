import * as fc from 'fast-check';
import { decision, fitLogisticRegression } from '../../../src/training/evaluation/logistic-regression';
import { Random } from '../../../src/training/kernels/random';

/** Two overlapping clouds, one a class. */
function clouds(rows: number, dimension: number, seed: number) {
  const random = Random.seeded(seed);
  const positive = Uint8Array.from({ length: rows }, (_, row) => row % 2);
  const vectors = Float32Array.from(
    { length: rows * dimension },
    (_, i) => random.fraction() * 2 - 1 + 0.4 * (positive[Math.floor(i / dimension)] ? 1 : -1),
  );
  return { vectors, dimension, rows: Int32Array.from(positive.keys()), positive };
}

/** The objective from its definition, to see whether a point is its minimum. */
function objective(sample: ReturnType<typeof clouds>, strength: number, weights: Float64Array): number {
  const { vectors, dimension, rows, positive } = sample;
  let value = 0;
  for (let i = 0; i < dimension; i++) value += weights[i] ** 2 / 2;
  for (const row of rows) {
    let margin = weights[dimension];
    for (let i = 0; i < dimension; i++) margin += weights[i] * vectors[row * dimension + i];
    value += strength * Math.log(1 + Math.exp(-margin * (positive[row] ? 1 : -1)));
  }
  return value;
}

describe('logistic regression', () => {
  it('finds the point from which no small step leads down', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.constantFrom(0.01, 1, 100),
        fc.nat(1000),
        (dimension, strength, seed) => {
          const sample = clouds(60, dimension, seed);
          const weights = fitLogisticRegression(sample, { strength, tolerance: 1e-9 });
          const value = objective(sample, strength, weights);
          for (let i = 0; i <= dimension; i++) {
            for (const step of [-0.01, 0.01]) {
              const moved = weights.slice();
              moved[i] += step;
              expect(objective(sample, strength, moved)).toBeGreaterThan(value);
            }
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  it('agrees with the minimum known in closed form', () => {
    // One feature of 1 for everybody and no penalty to speak of: the chance predicted is the share of positives.
    const positive = Uint8Array.of(1, 1, 1, 0);
    const sample = { vectors: new Float32Array(4), dimension: 1, rows: Int32Array.of(0, 1, 2, 3), positive };
    const weights = fitLogisticRegression(sample, { tolerance: 1e-10 });
    expect(weights[0]).toBeCloseTo(0, 10);
    expect(1 / (1 + Math.exp(-weights[1]))).toBeCloseTo(0.75, 6);
  });

  it('stays finite where the classes can be told apart without an error', () => {
    const vectors = Float32Array.of(-1, -2, 1, 2);
    const positive = Uint8Array.of(0, 0, 1, 1);
    const weights = fitLogisticRegression({ vectors, dimension: 1, rows: Int32Array.of(0, 1, 2, 3), positive });
    expect(weights.every(Number.isFinite)).toBe(true);
    expect([0, 1, 2, 3].map((row) => decision(weights, vectors, row) > 0)).toEqual([false, false, true, true]);
  });
});
