/**
 * What frozen vectors are worth to a linear model on payments: does the vector of the account's history, as it was at
 * each payment, raise what hand-made features find? Vectors are learned without labels, from events before the test;
 * the linear model learns on payments before it, whose labels are known by then.
 */
import { InputError } from '../../errors';
import type { Evaluation } from './evaluation';
import type { LabelledTable, TimeSplit } from './fraud';
import { areaUnderRoc, averagePrecision, cardPrecision } from './fraud-metrics';
import { type Columns, type ProbeOptions, probeScores } from './linear-probe';

const DAY_MILLIS = 86_400_000;

export interface PaymentVectorOptions extends ProbeOptions {
  /** Accounts that can be looked into a day. @default 100 */
  readonly accountsPerDay?: number;
}

export interface PaymentVectorTrial {
  /** One a row of the table, each from events up to and including that payment. */
  readonly vectors: Columns;
  /** Its layers as weighed for the labels, where a model has layers: one a row of the table. */
  readonly weighed?: Columns;
  /** For the protocol. @default 'from events before the test' */
  readonly learnedFrom?: string;
  readonly options?: PaymentVectorOptions;
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
 * @throws InputError unless `canProbe`
 */
export function evaluatePaymentVectors(
  table: LabelledTable,
  split: TimeSplit,
  { vectors, weighed, learnedFrom = 'from events before the test', options = {} }: PaymentVectorTrial,
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
      `${day(split.testFrom)} on (${frauds} frauds); the vectors were learned without labels, ${learnedFrom}`,
    sampled: false,
    metrics: measure([features, vectors]),
    primary: 'averagePrecision',
    baselines: [
      { name: 'hand-made features', plain: true, metrics: measure([features]) },
      { name: 'vectors alone', plain: false, metrics: measure([vectors]) },
      ...(weighed
        ? [{ name: 'features and layers weighed by the labels', plain: false, metrics: measure([features, weighed]) }]
        : []),
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
