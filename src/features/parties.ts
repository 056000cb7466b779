/**
 * What is kept of an account's and of a merchant's past. Both depend on the last days only (30 for an account, 30 and the label
 * delay for a merchant), so one that has followed the stream from its beginning and one that is built from the recent rows of
 * the store are the same.
 */
import { AmountWindows } from './amount-windows';
import { FraudRates } from './fraud-rates';
import { DAY_MILLIS, LONGEST_WINDOW_DAYS } from './options';
import type { FeatureTransaction } from './transaction';
import type { AccountView, MerchantView } from './views';

const LONGEST = LONGEST_WINDOW_DAYS * DAY_MILLIS;

export class AccountPast implements AccountView {
  readonly amounts = new AmountWindows();
  /** When the account last paid at each merchant. */
  private readonly lastPaidAt = new Map<string, number>();

  record({ merchantId, amount, occurredAt }: FeatureTransaction): void {
    const time = occurredAt.getTime();
    this.amounts.add(time, amount);
    this.lastPaidAt.set(merchantId, time);
  }

  advance(now: number): void {
    this.amounts.advance(now);
  }

  /** Whether the account paid at this merchant within the longest window before `now`. */
  hasPaidAt(merchantId: string, now: number): boolean {
    const last = this.lastPaidAt.get(merchantId);
    return last !== undefined && last > now - LONGEST;
  }

  /** Lets go of what no later transaction can see. @returns whether nothing is left */
  evict(now: number): boolean {
    this.advance(now);
    for (const [merchantId, time] of this.lastPaidAt) if (time <= now - LONGEST) this.lastPaidAt.delete(merchantId);
    return this.lastPaidAt.size === 0;
  }
}

export class MerchantPast implements MerchantView {
  readonly amounts = new AmountWindows();
  readonly frauds: FraudRates;

  constructor(labelDelayMillis: number) {
    this.frauds = new FraudRates(labelDelayMillis);
  }

  record({ amount, occurredAt, isFraud, decidedAt }: FeatureTransaction): void {
    const time = occurredAt.getTime();
    this.amounts.add(time, amount);
    if (isFraud !== undefined && decidedAt !== undefined) this.frauds.add(time, isFraud, decidedAt.getTime());
  }

  advance(now: number): void {
    this.amounts.advance(now);
    this.frauds.advance(now);
  }

  /** Lets go of what no later transaction can see. @returns whether nothing is left */
  evict(now: number): boolean {
    this.advance(now);
    return this.amounts.lastTime === undefined && this.frauds.isEmpty;
  }
}
