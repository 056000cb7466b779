/** Reads the Fraud Detection Handbook's simulated transactions (raw/ and features/ below the data folder). */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { FeatureTransaction } from '../../src/features/transaction';

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
