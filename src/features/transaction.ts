/** What features need to know of a transaction: its own facts, and what was decided about it, if anything was. */
import type { Transaction } from '../domain/events';

export { compareInTime } from '../domain/time-order';

export interface FeatureTransaction
  extends Pick<Transaction, 'transactionId' | 'accountId' | 'merchantId' | 'amount' | 'occurredAt'> {
  /** The newest decision about it; undefined where there is none. */
  readonly isFraud?: boolean;
  /** When that decision was made. */
  readonly decidedAt?: Date;
}
