/**
 * What frozen vectors are worth to a linear model. For payments: does the vector of the account's history, as it was at
 * each payment, raise what hand-made features find? Vectors are learned without labels, from events before the test;
 * the linear model learns on payments before it, whose labels are known by then. And for any vectors: do they tell apart
 * the classes that somebody has labelled?
 */
import { InputError } from '../../errors';
import { Random } from '../kernels/random';
import type { Evaluation } from './evaluation';
import type { LabelledTable, TimeSplit } from './fraud';
import { areaUnderRoc, averagePrecision, cardPrecision } from './fraud-metrics';
import { type Columns, type ProbeOptions, probeScores } from './linear-probe';

const DAY_MILLIS = 86_400_000;

export interface PaymentVectorOptions extends ProbeOptions {
  /** Accounts that can be looked into a day. @default 100 */
  readonly accountsPerDay?: number;
}

/** The table's labelled rows on either side of the split. */
export interface PaymentRows {
  readonly training: Int32Array;
  readonly test: Int32Array;
}

export function paymentRows({ times, labels, rows }: LabelledTable, { trainTo, testFrom }: TimeSplit): PaymentRows {
  const labelled = Int32Array.from({ length: rows }, (_, row) => row).filter((row) => labels[row] >= 0);
  return {
    training: labelled.filter((row) => times[row] < trainTo),
    test: labelled.filter((row) => times[row] >= testFrom),
  };
}

/** Whether both sides have frauds and others: without, there is nothing to learn or to measure. */
export function canProbe({ labels }: LabelledTable, { training, test }: PaymentRows): boolean {
  return [training, test].every(
    (side) => side.some((row) => labels[row] === 1) && side.some((row) => labels[row] === 0),
  );
}

/**
 * Features and vectors together, beside the features alone (plain: vectors that lower it are not worth having) and the
 * vectors alone.
 * @param vectors one a row of the table, each from events up to and including that payment
 * @throws InputError unless `canProbe`
 */
export function evaluatePaymentVectors(
  table: LabelledTable,
  split: TimeSplit,
  { vectors, options = {} }: { readonly vectors: Columns; readonly options?: PaymentVectorOptions },
): Evaluation {
  const rows = paymentRows(table, split);
  if (!canProbe(table, rows))
    throw new InputError('split', 'One side of the split lacks frauds or others.', {
      remedy: 'Choose days with labels of both on either side.',
    });
  const features: Columns = { width: table.columns.length, values: table.values };
  const { training, test } = rows;
  const probe = { training, positive: Uint8Array.from(training, (row) => table.labels[row]), test };
  const measure = (parts: readonly Columns[]) =>
    paymentMetrics(probeScores(parts, probe, options), table, test, options);
  const frauds = test.reduce((sum, row) => sum + table.labels[row], 0);
  return {
    protocol:
      `a linear model on ${features.width} hand-made features and ${vectors.width} dimensions of the account's history up to each ` +
      `payment: learned on the ${training.length} labelled payments before ${day(split.trainTo)}, scored the ${test.length} from ` +
      `${day(split.testFrom)} on (${frauds} frauds); the vectors saw no label and no event of the test`,
    sampled: false,
    metrics: measure([features, vectors]),
    primary: 'averagePrecision',
    baselines: [
      { name: 'hand-made features', plain: true, metrics: measure([features]) },
      { name: 'vectors alone', plain: false, metrics: measure([vectors]) },
    ],
  };
}

function paymentMetrics(
  scores: Float64Array,
  { labels, accountIds, times }: LabelledTable,
  test: Int32Array,
  { accountsPerDay = 100 }: PaymentVectorOptions,
): Record<string, number> {
  const isFraud = Int8Array.from(test, (row) => labels[row]);
  const payments = {
    scores,
    isFraud,
    accountIds: Array.from(test, (row) => accountIds[row]),
    days: Float64Array.from(test, (row) => Math.floor(times[row] / DAY_MILLIS)),
  };
  return {
    averagePrecision: averagePrecision(scores, isFraud),
    aucRoc: areaUnderRoc(scores, isFraud),
    [`cardPrecision@${accountsPerDay}`]: cardPrecision(payments, accountsPerDay),
  };
}

const day = (time: number): string => new Date(time).toISOString().slice(0, 10);

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
export function evaluateFrozenVectors(
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
