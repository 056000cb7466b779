/** Reads the Fraud Detection Handbook's simulated transactions (raw/ and features/ below the data folder). */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { computeFeatures } from '../../src/features/feature-table';
import { historyDays, parseFeatureOptions } from '../../src/features/options';
import type { FeatureTransaction } from '../../src/features/transaction';
import { type FraudSplit, splitByTime } from '../../src/training/evaluation/fraud';

export const DAY = 86_400_000;
/** TX_TIME_SECONDS counts from here. */
export const START = Date.UTC(2018, 3, 1);
/** After this, everything is known about a transaction. */
export const LABEL_DELAY_DAYS = 7;

export type HandbookTransaction = FeatureTransaction & Required<Pick<FeatureTransaction, 'isFraud' | 'decidedAt'>>;

/** All raw transactions, in order of time. */
export function* rawTransactions(folder: string): Generator<HandbookTransaction> {
  for (const cells of csvRows(join(folder, 'raw'))) {
    const [transactionId, accountId, merchantId, amount, seconds, fraud] = cells;
    const occurredAt = new Date(START + Number(seconds) * 1000);
    const decidedAt = new Date(occurredAt.getTime() + LABEL_DELAY_DAYS * DAY);
    yield {
      transactionId,
      accountId,
      merchantId,
      amount: Number(amount),
      occurredAt,
      isFraud: fraud === '1',
      decidedAt,
    };
  }
}

/** The book's own features of two weeks, a record a transaction. */
export function* bookFeatures(folder: string): Generator<Record<string, string>> {
  let names: string[] = [];
  for (const cells of csvRows(join(folder, 'features'), (header) => (names = header)))
    yield Object.fromEntries(names.map((name, i) => [name, cells[i]]));
}

function* csvRows(folder: string, onHeader: (names: string[]) => void = () => {}): Generator<string[]> {
  for (const file of readdirSync(folder).sort()) {
    const [header, ...lines] = gunzipSync(readFileSync(join(folder, file)))
      .toString()
      .trimEnd()
      .split(/\r?\n/);
    onHeader(header.split(','));
    for (const line of lines) yield line.split(',');
  }
}

export interface Weeks {
  /** First day of the training week, and of the test week: `2018-07-04`. */
  readonly train: string;
  readonly test: string;
}

/** The weeks: 2018-07-04..10 and 07-18..24. Labels of the one become known in the week before the other. */
export const FLOOR_WEEKS: Weeks = { train: '2018-07-04', test: '2018-07-18' };

/** Features of a week to train on and of a week to test on; earlier days are history. */
export function weeks(folder: string, { train, test }: Weeks): FraudSplit {
  const options = parseFeatureOptions({ labelDelayDays: LABEL_DELAY_DAYS });
  const from = new Date(train);
  const testFrom = Date.parse(test);
  const to = new Date(testFrom + 7 * DAY);
  const table = computeFeatures(
    between(rawTransactions(folder), from.getTime() - historyDays(options) * DAY, to.getTime()),
    options,
    { from, to },
  );
  return splitByTime(table, { trainTo: from.getTime() + 7 * DAY, testFrom });
}

function* between(rows: Iterable<HandbookTransaction>, from: number, to: number): Generator<HandbookTransaction> {
  for (const row of rows) if (row.occurredAt.getTime() >= from && row.occurredAt.getTime() < to) yield row;
}
