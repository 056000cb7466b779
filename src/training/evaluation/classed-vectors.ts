/** What frozen vectors are worth to a linear model that is to tell apart the classes that somebody has labelled. */
import { InputError } from '../../errors';
import { Random } from '../kernels/random';
import type { Evaluation } from './evaluation';
import { areaUnderRoc } from './fraud-metrics';
import { type ProbeOptions, probeScores } from './linear-probe';

/** Any vectors, and the class of each. */
export interface ClassedVectors {
  /** (classes.length, dimension), row-major */
  readonly vectors: Float32Array;
  readonly dimension: number;
  /** One a vector, from 0; -1 where nobody has said. */
  readonly classes: Int32Array;
}

export interface ClassedVectorOptions extends ProbeOptions {
  /** Share of the labelled vectors to learn from. @default 0.5 */
  readonly trainingShare?: number;
  /** Of the split. @default 1 */
  readonly seed?: number;
}

/**
 * One linear model a class against the rest, on a random half: the share of the others whose class it names, and the mean
 * over classes of the area under the ROC curve; beside it the commonest class.
 * @throws InputError where there are fewer than two classes, or one side of the split is empty
 */
export function evaluateClassedVectors(
  { vectors, dimension, classes }: ClassedVectors,
  { trainingShare = 0.5, seed = 1, strength }: ClassedVectorOptions = {},
): Evaluation {
  const labelled = Int32Array.from(classes.keys()).filter((row) => classes[row] >= 0);
  const shuffled = Random.seeded(seed).shuffle(labelled);
  const training = shuffled.slice(0, Math.round(labelled.length * trainingShare)).sort();
  const test = shuffled.slice(training.length).sort();
  const names = [...new Set(Array.from(training, (row) => classes[row]))].sort((a, b) => a - b);
  if (names.length < 2 || test.length === 0)
    throw new InputError('classes', `${labelled.length} labelled vectors leave too little to tell classes apart.`, {
      remedy: 'Label more vectors, of at least two classes.',
    });
  const parts = [{ width: dimension, values: vectors }];
  const scores = names.map((name) =>
    probeScores(
      parts,
      { training, positive: Uint8Array.from(training, (row) => +(classes[row] === name)), test },
      { strength },
    ),
  );
  const commonest = names.reduce((best, name) =>
    count(classes, training, name) > count(classes, training, best) ? name : best,
  );
  const named = Array.from(test, (_, i) => names[indexOfLargest(scores.map((of) => of[i]))]);
  return {
    protocol: `a linear model on frozen vectors: learned on ${training.length}, asked for the class of ${test.length}; seed ${seed}`,
    sampled: false,
    metrics: {
      accuracy: share(test, (row, i) => classes[row] === named[i]),
      aucRoc: meanArea(scores, names, test, classes),
    },
    primary: 'accuracy',
    baselines: [
      {
        name: 'commonest class',
        plain: true,
        metrics: { accuracy: share(test, (row) => classes[row] === commonest), aucRoc: 0.5 },
      },
    ],
  };
}

/** Over the classes that the test has, and has others beside. */
function meanArea(
  scores: readonly Float64Array[],
  names: readonly number[],
  test: Int32Array,
  classes: Int32Array,
): number {
  const areas = names
    .map((name, i) =>
      areaUnderRoc(
        scores[i],
        Uint8Array.from(test, (row) => +(classes[row] === name)),
      ),
    )
    .filter((area) => !Number.isNaN(area));
  return areas.reduce((sum, area) => sum + area, 0) / areas.length;
}

function count(classes: Int32Array, rows: Int32Array, name: number): number {
  return rows.reduce((sum, row) => sum + (classes[row] === name ? 1 : 0), 0);
}

function share(rows: Int32Array, of: (row: number, i: number) => boolean): number {
  return rows.reduce((sum, row, i) => sum + (of(row, i) ? 1 : 0), 0) / rows.length;
}

function indexOfLargest(values: readonly number[]): number {
  return values.reduce((best, value, i) => (value > values[best] ? i : best), 0);
}
