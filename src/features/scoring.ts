/**
 * Features of one transaction from the rows of its account and its merchant, as the store has them: the same code and the
 * same bits as when the whole stream is followed. Out of order, too: a transaction that arrives late is described by what
 * happened before it. Scores that were given before it came stay as they are.
 *
 * Needed: the account's rows of the 30 days up to the transaction and the merchant's of `historyDays(options)` (30 and the
 * label delay), with transactionId, accountId, merchantId, amount, occurredAt, and for the merchant's rows isFraud and decidedAt.
 * More rows, later ones, the transaction itself and any order do no harm.
 */
import { FEATURES, writeFeatures } from './columns';
import { labelDelayMillis } from './feature-stream';
import type { FeatureOptions } from './options';
import { AccountPast, MerchantPast } from './parties';
import { compareInTime, type FeatureTransaction } from './transaction';

export interface RecentHistory {
  readonly account: Iterable<FeatureTransaction>;
  readonly merchant: Iterable<FeatureTransaction>;
}

/** @returns one row, in the order of FEATURE_NAMES */
export function featuresOf(
  transaction: FeatureTransaction,
  history: RecentHistory,
  options: FeatureOptions,
): Float32Array {
  const { accountId, merchantId } = transaction;
  const time = transaction.occurredAt.getTime();
  const account = new AccountPast();
  for (const row of before(transaction, history.account)) if (row.accountId === accountId) account.record(row);
  account.advance(time);
  const merchant = new MerchantPast(labelDelayMillis(options));
  for (const row of before(transaction, history.merchant)) if (row.merchantId === merchantId) merchant.record(row);
  merchant.advance(time);
  const values = new Float32Array(FEATURES.length);
  writeFeatures({ transaction, account, merchant, time }, values, 0);
  return values;
}

function before(transaction: FeatureTransaction, rows: Iterable<FeatureTransaction>): FeatureTransaction[] {
  return [...rows].filter((row) => compareInTime(row, transaction) < 0).sort(compareInTime);
}
