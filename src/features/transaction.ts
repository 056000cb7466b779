/** What features need to know of a transaction: its own facts, and what was decided about it, if anything was. */
import type { Transaction } from '../domain/events';

export interface FeatureTransaction
  extends Pick<Transaction, 'transactionId' | 'accountId' | 'merchantId' | 'amount' | 'occurredAt'> {
  /** The newest decision about it; undefined where there is none. */
  readonly isFraud?: boolean;
  /** When that decision was made. */
  readonly decidedAt?: Date;
}

/**
 * The order in which transactions happen: by time, at the same time by id (as UTF-16 code units, whatever the collation of
 * the store that they come from). A transaction's history is what is before it in this order.
 */
export function compareInTime(a: FeatureTransaction, b: FeatureTransaction): number {
  const apart = a.occurredAt.getTime() - b.occurredAt.getTime();
  if (apart !== 0) return apart;
  return a.transactionId < b.transactionId ? -1 : a.transactionId > b.transactionId ? 1 : 0;
}
