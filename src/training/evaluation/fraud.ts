/**
 * How well a fraud model finds fraud: it learns from the rows of some days and scores those of later days, whose labels it sees
 * only as far as features let delayed ones through. Beside it, on the same rows, z-scores and an isolation forest.
 */
import { KindredError } from '../../errors';
import type { AutoencoderModel } from '../autoencoder/model';
import { AutoencoderScorer } from '../autoencoder/scorer';
import type { FeatureMatrix } from '../feature-matrix';
import type { Evaluation } from './evaluation';
import { areaUnderRoc, averagePrecision, cardPrecision } from './fraud-metrics';
import { IsolationForest } from './isolation-forest';
import { zScores } from './z-scores';

const DAY_MILLIS = 86_400_000;

/** Rows of features in order of time, and what is known about each today. */
export interface LabelledTable extends FeatureMatrix {
  readonly accountIds: readonly string[];
  /** Epoch milliseconds, ascending. */
  readonly times: Float64Array;
  /** 1 fraud, 0 not, -1 without a label. */
  readonly labels: Int8Array;
}

export interface TimeSplit {
  /** Epoch milliseconds: rows before it are learned from. */
  readonly trainTo: number;
  /** Rows from here on are scored. Between the two, labels become known. */
  readonly testFrom: number;
}

export interface FraudEvaluationOptions {
  /** Accounts that can be looked into a day. @default 100 */
  readonly accountsPerDay?: number;
  /** Days until a fraud is known, after which its account counts as known to be compromised. @default 7 */
  readonly labelDelayDays?: number;
  /** Of the isolation forest. @default 1 */
  readonly seed?: number;
}

export interface FraudSplit {
  readonly training: FeatureMatrix;
  /** The later rows, without those that have no label: nobody knows whether they were scored well. */
  readonly test: LabelledTable;
  /** Every fraud of the table, before and in the test. */
  readonly frauds: { readonly accountIds: readonly string[]; readonly times: Float64Array };
  readonly protocol: string;
}

export function splitByTime(table: LabelledTable, { trainTo, testFrom }: TimeSplit): FraudSplit {
  const { columns, values, rowsPerDay, times, labels } = table;
  const rows = Int32Array.from(times.keys());
  const frauds = [...rows.filter((row) => labels[row] === 1)];
  const before = firstFrom(times, trainTo);
  // What comes first lies first: it needs no copy.
  const training = { columns, rows: before, values: values.subarray(0, before * columns.length), rowsPerDay };
  const test = pickRows(
    table,
    rows.filter((row) => times[row] >= testFrom && labels[row] >= 0),
  );
  const fraudsInTest = test.labels.reduce((sum, label) => sum + label, 0);
  return {
    training,
    test,
    frauds: {
      accountIds: frauds.map((row) => table.accountIds[row]),
      times: Float64Array.from(frauds, (row) => times[row]),
    },
    protocol:
      `trained on the ${training.rows} transactions of ${period(times.subarray(0, before))}, scored the ${test.rows} labelled ones of ` +
      `${period(test.times)} (${fraudsInTest} frauds)`,
  };
}

/** Whether the test has both frauds and others, without which there is nothing to measure. */
export function canEvaluate({ training, test }: FraudSplit): boolean {
  return training.rows > 0 && test.labels.includes(1) && test.labels.includes(0);
}

/** @throws KindredError EMPTY_CORPUS unless `canEvaluate` */
export async function evaluateAutoencoder(
  model: AutoencoderModel,
  split: FraudSplit,
  options: FraudEvaluationOptions = {},
): Promise<Evaluation> {
  requireFrauds(split);
  const scorer = await AutoencoderScorer.load(model);
  try {
    return evaluateFraud((await scorer.score(split.test.values)).errors, split, options);
  } finally {
    await scorer.close();
  }
}

/**
 * `aucRoc` and `averagePrecision` are over all test rows; with `newAccounts` before, over those of accounts that were not known
 * to be compromised by the day before, from the training's first row on (so the handbook has it).
 * @param scores one a row of the test; the higher, the more suspicious
 * @throws KindredError EMPTY_CORPUS unless `canEvaluate`
 */
export function evaluateFraud(
  scores: ArrayLike<number>,
  split: FraudSplit,
  { accountsPerDay = 100, labelDelayDays = 7, seed = 1 }: FraudEvaluationOptions = {},
): Evaluation {
  requireFrauds(split);
  const { training, test, protocol } = split;
  const unknown = rowsOfUnknownAccounts(split, labelDelayDays);
  const measure = (given: ArrayLike<number>) => metrics(given, test, unknown, accountsPerDay);
  return {
    protocol: `${protocol}; an account counts as known ${labelDelayDays} days after the day of its fraud`,
    sampled: false,
    metrics: measure(scores),
    primary: 'averagePrecision',
    baselines: [
      { name: 'z-scores', plain: true, metrics: measure(zScores(training, test)) },
      { name: 'isolation forest', plain: false, metrics: measure(IsolationForest.fit(training, { seed }).score(test)) },
    ],
  };
}

function metrics(
  scores: ArrayLike<number>,
  { labels, accountIds, times }: LabelledTable,
  unknown: readonly number[],
  accountsPerDay: number,
): Record<string, number> {
  const payments = {
    scores: Float64Array.from(unknown, (row) => scores[row]),
    isFraud: Int8Array.from(unknown, (row) => labels[row]),
    accountIds: unknown.map((row) => accountIds[row]),
    days: Float64Array.from(unknown, (row) => dayOf(times[row])),
  };
  const all = {
    aucRoc: areaUnderRoc(scores, labels),
    averagePrecision: averagePrecision(scores, labels),
    [`cardPrecision@${accountsPerDay}`]: cardPrecision(payments, accountsPerDay),
  };
  // Where every fraud is of a known account, there is nothing to say about new ones.
  if (!payments.isFraud.includes(1) || !payments.isFraud.includes(0)) return all;
  return {
    ...all,
    newAccountsAucRoc: areaUnderRoc(payments.scores, payments.isFraud),
    newAccountsAveragePrecision: averagePrecision(payments.scores, payments.isFraud),
  };
}

/** A fraud makes its account known a label delay after the end of its day. */
function rowsOfUnknownAccounts({ test, frauds }: FraudSplit, labelDelayDays: number): number[] {
  const knownFrom = new Map<string, number>();
  frauds.accountIds.forEach((accountId, i) => {
    const from = dayOf(frauds.times[i]) + 1 + labelDelayDays;
    knownFrom.set(accountId, Math.min(from, knownFrom.get(accountId) ?? Number.POSITIVE_INFINITY));
  });
  return [...test.times.keys()].filter(
    (row) => dayOf(test.times[row]) < (knownFrom.get(test.accountIds[row]) ?? Number.POSITIVE_INFINITY),
  );
}

const dayOf = (time: number): number => Math.floor(time / DAY_MILLIS);

function period(times: Float64Array): string {
  if (times.length === 0) return 'no day';
  return [times[0], times[times.length - 1]].map((time) => new Date(time).toISOString().slice(0, 10)).join('..');
}

/** Rows before a time. */
function firstFrom(times: Float64Array, time: number): number {
  const at = times.findIndex((each) => each >= time);
  return at < 0 ? times.length : at;
}

function pickRows(table: LabelledTable, rows: Int32Array): LabelledTable {
  const width = table.columns.length;
  const values = new Float32Array(rows.length * width);
  rows.forEach((row, i) => {
    values.set(table.values.subarray(row * width, (row + 1) * width), i * width);
  });
  return {
    columns: table.columns,
    rows: rows.length,
    values,
    rowsPerDay: table.rowsPerDay,
    accountIds: Array.from(rows, (row) => table.accountIds[row]),
    times: Float64Array.from(rows, (row) => table.times[row]),
    labels: Int8Array.from(rows, (row) => table.labels[row]),
  };
}

function requireFrauds(split: FraudSplit): void {
  if (canEvaluate(split)) return;
  throw new KindredError('EMPTY_CORPUS', `A fraud model cannot be measured: ${split.protocol}.`, {
    remedy: 'Ingest labels of both frauds and others for the days to test on, or train without evaluation.',
  });
}
