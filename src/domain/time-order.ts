import type { Transaction } from './events';

/**
 * The order in which transactions happen: by time, at the same time by id (as UTF-16 code units, whatever the collation of
 * the store that they come from). A transaction's history is what is before it in this order.
 */
export function compareInTime(
  a: Pick<Transaction, 'occurredAt' | 'transactionId'>,
  b: Pick<Transaction, 'occurredAt' | 'transactionId'>,
): number {
  const apart = a.occurredAt.getTime() - b.occurredAt.getTime();
  if (apart !== 0) return apart;
  return a.transactionId < b.transactionId ? -1 : a.transactionId > b.transactionId ? 1 : 0;
}
