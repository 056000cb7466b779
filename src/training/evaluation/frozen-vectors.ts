/**
 * What frozen vectors are worth to a linear model on payments: does the vector of the account's history, as it was at
 * each payment, raise what hand-made features find? Vectors are learned without labels, from events before the test;
 * the linear model learns on payments before it, whose labels are known by then.
 *
 * Memory: one matrix of the payments that are learned from, features and vectors side by side in single precision, which
 * never has more than MOST_NUMBERS numbers (1 GB); where there are more payments, all frauds stay (or as many as fill half
 * of it) and the others are sampled, which the protocol says. Vectors of payments that are scored are read a turn at a
 * time and forgotten: every one is scored, so that no metric is of a sample. Beside it stand only the features of all
 * payments that the caller holds anyway, and one score a payment and model.
 */
import { InputError } from '../../errors';
import { Random } from '../kernels/random';
import type { Evaluation } from './evaluation';
import type { LabelledTable, TimeSplit } from './fraud';
import { areaUnderRoc, averagePrecision, cardPrecision } from './fraud-metrics';
import {
  applyInPlace,
  type ColumnRange,
  type Columns,
  fitProbe,
  type ProbeOptions,
  standardiseInPlace,
} from './linear-probe';

const DAY_MILLIS = 86_400_000;
/** Numbers of what is learned from: 850,000 payments with 256 dimensions and 60 features. */
export const MOST_NUMBERS = 2 ** 28;
/** Payments whose vectors are read in one go: bounds the memory of the histories that are encoded for them. */
export const PAYMENTS_A_TURN = 4_096;

export interface PaymentVectorOptions extends ProbeOptions {
  /** Accounts that can be looked into a day. @default 100 */
  readonly accountsPerDay?: number;
  /** Numbers of what the linear model learns from, at most. @default MOST_NUMBERS */
  readonly mostNumbers?: number;
}

export interface PaymentVectorTrial {
  readonly vectors: PaymentVectorReader;
  /** For the protocol. @default 'from events before the test' */
  readonly learnedFrom?: string;
  readonly options?: PaymentVectorOptions;
}

/** Makes the vectors of payments when they are asked for, so that those of all need not be held. */
export interface PaymentVectorReader {
  readonly width: number;
  /** Length of the model's layers as weighed for the labels, where it has layers. @default 0 */
  readonly weighedWidth?: number;
  /**
   * @param rows of the table, PAYMENTS_A_TURN at most
   * @returns (rows, weighedWidth + width): what was weighed, then the vector, each from events up to and including the payment
   */
  read(rows: Int32Array): Promise<Float32Array>;
}

/** The table's labelled rows on either side of the split. */
export interface PaymentRows {
  readonly training: Int32Array;
  readonly test: Int32Array;
  /** How many rows there are before the split, of which `training` may be a sample. */
  readonly trainingOf: number;
}

/** @param most rows to learn from, as a sample where there are more. @default all of them */
export function paymentRows(
  { times, labels, rows }: LabelledTable,
  { trainTo, testFrom }: TimeSplit,
  { most = Number.POSITIVE_INFINITY, seed = 1 }: { readonly most?: number; readonly seed?: number } = {},
): PaymentRows {
  const labelled = Int32Array.from({ length: rows }, (_, row) => row).filter((row) => labels[row] >= 0);
  const known = labelled.filter((row) => times[row] < trainTo);
  return {
    training: known.length <= most ? known : sampled(known, labels, most, seed),
    test: labelled.filter((row) => times[row] >= testFrom),
    trainingOf: known.length,
  };
}

/** All frauds, or as many as fill half of it; then as many others as there is room for. In order of time. */
function sampled(rows: Int32Array, labels: Int8Array, most: number, seed: number): Int32Array {
  const random = Random.seeded(seed, SEED_OF_SAMPLE);
  const frauds = random.shuffle(rows.filter((row) => labels[row] === 1)).subarray(0, Math.floor(most / 2));
  const others = random.shuffle(rows.filter((row) => labels[row] !== 1)).subarray(0, most - frauds.length);
  return Int32Array.from([frauds, others].flatMap((part) => [...part])).sort();
}

const SEED_OF_SAMPLE = 0x5eed_0040;

/** Whether both sides have frauds and others: without, there is nothing to learn or to measure. */
export function canProbe(
  { labels }: LabelledTable,
  { training, test }: Pick<PaymentRows, 'training' | 'test'>,
): boolean {
  return [training, test].every(
    (side) => side.some((row) => labels[row] === 1) && side.some((row) => labels[row] === 0),
  );
}

/**
 * Features and vectors together, beside the features alone (plain: vectors that lower it are not worth having) and the
 * vectors alone.
 * @throws InputError unless `canProbe`
 */
export async function evaluatePaymentVectors(
  table: LabelledTable,
  split: TimeSplit,
  { vectors, learnedFrom = 'from events before the test', options = {} }: PaymentVectorTrial,
): Promise<Evaluation> {
  const { width, weighedWidth = 0 } = vectors;
  const { mostNumbers = MOST_NUMBERS } = options;
  const features = table.columns.length;
  const rows = paymentRows(table, split, { most: Math.floor(mostNumbers / (weighedWidth + features + width)) });
  if (!canProbe(table, rows))
    throw new InputError('split', 'One side of the split lacks frauds or others.', {
      remedy: 'Choose days with labels of both on either side.',
    });
  const { training, test, trainingOf } = rows;
  const ranges: readonly ColumnRange[] = [
    { from: weighedWidth, width: features + width },
    { from: weighedWidth, width: features },
    { from: weighedWidth + features, width },
    ...(weighedWidth > 0 ? [{ from: 0, width: weighedWidth + features }] : []),
  ];
  const scores = await scoresOf(table, rows, vectors, ranges, options);
  const [both, plain, alone, weighed] = scores.map((each) => paymentMetrics(each, table, test, options));
  const frauds = test.reduce((sum, row) => sum + table.labels[row], 0);
  const learnedOn =
    training.length < trainingOf
      ? `${training.length} of the ${trainingOf} labelled payments (frauds, and a sample of the others)`
      : `the ${training.length} labelled payments`;
  return {
    protocol:
      `a linear model on ${features} hand-made features and ${width} dimensions of the account's history up to each ` +
      `payment: learned on ${learnedOn} before ${day(split.trainTo)}, scored the ${test.length} from ` +
      `${day(split.testFrom)} on (${frauds} frauds); the vectors were learned without labels, ${learnedFrom}`,
    sampled: false,
    metrics: both,
    primary: 'averagePrecision',
    baselines: [
      { name: 'hand-made features', plain: true, metrics: plain },
      { name: 'vectors alone', plain: false, metrics: alone },
      ...(weighed ? [{ name: 'features and layers weighed by the labels', plain: false, metrics: weighed }] : []),
    ],
  };
}

/** A linear model on each range of columns: its scores of the test's rows. */
async function scoresOf(
  table: LabelledTable,
  { training, test }: PaymentRows,
  vectors: PaymentVectorReader,
  ranges: readonly ColumnRange[],
  options: PaymentVectorOptions,
): Promise<Float64Array[]> {
  const learnt = await columnsOf(table, training, vectors);
  const scale = standardiseInPlace(learnt);
  const positive = Uint8Array.from(training, (row) => table.labels[row]);
  const probes = ranges.map((range) => fitProbe(learnt, range, positive, options));
  const scores = ranges.map(() => new Float64Array(test.length));
  for (let start = 0; start < test.length; start += PAYMENTS_A_TURN) {
    const turn = test.subarray(start, start + PAYMENTS_A_TURN);
    const asked = await columnsOf(table, turn, vectors);
    applyInPlace(asked, scale);
    probes.forEach((probe, i) => {
      for (let row = 0; row < turn.length; row++) scores[i][start + row] = probe.score(asked, row);
    });
  }
  return scores;
}

/** Of each row what was weighed, its features and its vector, side by side. */
async function columnsOf(
  table: LabelledTable,
  rows: Int32Array,
  { width: vector, weighedWidth: weighed = 0, read }: PaymentVectorReader,
): Promise<Columns> {
  const features = table.columns.length;
  const width = weighed + features + vector;
  const values = new Float32Array(rows.length * width);
  for (let start = 0; start < rows.length; start += PAYMENTS_A_TURN) {
    const turn = rows.subarray(start, start + PAYMENTS_A_TURN);
    const made = await read(turn);
    turn.forEach((row, i) => {
      const own = made.subarray(i * (weighed + vector), (i + 1) * (weighed + vector));
      const at = (start + i) * width;
      values.set(own.subarray(0, weighed), at);
      values.set(table.values.subarray(row * features, (row + 1) * features), at + weighed);
      values.set(own.subarray(weighed), at + weighed + features);
    });
  }
  return { width, values };
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
