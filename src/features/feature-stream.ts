/**
 * Turns a stream of transactions in time order into rows of features, in memory that is bounded by 30 days (and the label
 * delay) of traffic. Rows come out in the order of `compareInTime`; those of one instant wait for the next, so that the
 * order in which they came does not matter. Labels ride on their transactions and count once they are known.
 */
import { InputError } from '../errors';
import { FEATURES, type Occurrence, writeFeatures } from './columns';
import { DAY_MILLIS, type FeatureOptions } from './options';
import { AccountPast, MerchantPast } from './parties';
import { compareInTime, type FeatureTransaction } from './transaction';

/**
 * @param values one row of features, in the columns' order; valid during the call only
 * @param occurrence what they were made of; the same
 */
export type OnRow = (transaction: FeatureTransaction, values: Float32Array, occurrence: Occurrence) => void;

const EVICTION_DAYS = 7;

export class FeatureStream {
  private readonly accounts = new Map<string, AccountPast>();
  private readonly merchants = new Map<string, MerchantPast>();
  private readonly labelDelayMillis: number;
  private readonly row = new Float32Array(FEATURES.length);
  /** Transactions of the newest instant. */
  private instant: FeatureTransaction[] = [];
  private time = Number.NEGATIVE_INFINITY;
  private nextEviction = Number.NEGATIVE_INFINITY;

  /**
   * @param onRow called for each transaction that `wants`
   * @param wants which transactions need a row; the others only become history, which is faster. @default all
   */
  constructor(
    options: FeatureOptions,
    private readonly onRow: OnRow,
    private readonly wants: (transaction: FeatureTransaction) => boolean = () => true,
  ) {
    this.labelDelayMillis = labelDelayMillis(options);
  }

  /** @throws InputError for a transaction that is earlier than one before it: sort the stream, or start anew from the store */
  push(transaction: FeatureTransaction): void {
    const time = transaction.occurredAt.getTime();
    if (time !== this.time) {
      if (!(time > this.time)) throw outOfOrder(transaction, this.time);
      this.flush();
      this.time = time;
    }
    this.instant.push(transaction);
  }

  /** Gives out the rows that wait. Nothing of the same instant may follow. */
  flush(): void {
    if (this.instant.length === 0) return;
    if (this.instant.length > 1) this.instant.sort(compareInTime);
    for (const transaction of this.instant) this.next(transaction);
    this.instant = [];
    if (this.time >= this.nextEviction) this.evict();
  }

  /** Accounts and merchants that memory holds something of. */
  get size(): { accounts: number; merchants: number } {
    return { accounts: this.accounts.size, merchants: this.merchants.size };
  }

  private next(transaction: FeatureTransaction): void {
    const account = this.accountPast(transaction.accountId);
    const merchant = this.merchantPast(transaction.merchantId);
    account.advance(this.time);
    merchant.advance(this.time);
    if (this.wants(transaction)) {
      const occurrence = { transaction, account, merchant, time: this.time };
      writeFeatures(occurrence, this.row, 0);
      this.onRow(transaction, this.row, occurrence);
    }
    account.record(transaction);
    merchant.record(transaction);
  }

  private accountPast(id: string): AccountPast {
    const known = this.accounts.get(id);
    if (known) return known;
    const past = new AccountPast();
    this.accounts.set(id, past);
    return past;
  }

  private merchantPast(id: string): MerchantPast {
    const known = this.merchants.get(id);
    if (known) return known;
    const past = new MerchantPast(this.labelDelayMillis);
    this.merchants.set(id, past);
    return past;
  }

  /** Once for each week of traffic: whoever has been quiet takes no memory. */
  private evict(): void {
    for (const [id, past] of this.accounts) if (past.evict(this.time)) this.accounts.delete(id);
    for (const [id, past] of this.merchants) if (past.evict(this.time)) this.merchants.delete(id);
    this.nextEviction = this.time + EVICTION_DAYS * DAY_MILLIS;
  }
}

export function labelDelayMillis({ labelDelayDays }: FeatureOptions): number {
  return Math.round(labelDelayDays * DAY_MILLIS);
}

function outOfOrder({ transactionId, occurredAt }: FeatureTransaction, after: number): InputError {
  return new InputError('occurredAt', `Transaction "${transactionId}" comes out of order in time.`, {
    remedy:
      'Give transactions in order of occurredAt; one that arrives late is described from the store, by featuresOf.',
    facts: { transactionId, occurredAt: occurredAt.getTime(), after },
  });
}
