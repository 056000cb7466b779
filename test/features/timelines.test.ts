import fc from 'fast-check';
import { FEATURES, writeFeatures } from '../../src/features/columns';
import { FeatureStream, labelDelayMillis } from '../../src/features/feature-stream';
import { parseFeatureOptions } from '../../src/features/options';
import { AccountTimeline, MerchantTimeline } from '../../src/features/timelines';
import type { FeatureTransaction } from '../../src/features/transaction';
import { DAY, START, streams } from './transactions.arbitrary';

const DELAYS = [0, 3, 7, 10.5];
const BEGINNING = Number.NEGATIVE_INFINITY;

/** Each row as whoever follows the whole stream in order of time has it, by id. */
function followed(stream: readonly FeatureTransaction[], labelDelayDays: number): Map<string, number[]> {
  const rows = new Map<string, number[]>();
  const features = new FeatureStream(parseFeatureOptions({ labelDelayDays }), ({ transactionId }, row) => {
    rows.set(transactionId, [...row]);
  });
  for (const transaction of stream) features.push(transaction);
  features.flush();
  return rows;
}

class Timelines {
  readonly accounts = new Map<string, AccountTimeline>();
  readonly merchants = new Map<string, MerchantTimeline>();

  constructor(private readonly labelDelayDays: number) {}

  get delayMillis(): number {
    return labelDelayMillis(parseFeatureOptions({ labelDelayDays: this.labelDelayDays }));
  }

  add(transaction: FeatureTransaction): void {
    this.of(transaction).account.add(transaction);
    this.of(transaction).merchant.add(transaction);
  }

  row(transaction: FeatureTransaction): number[] {
    const { account, merchant } = this.of(transaction);
    account.lookFrom(transaction);
    merchant.lookFrom(transaction);
    const values = new Float32Array(FEATURES.length);
    writeFeatures({ transaction, account, merchant, time: transaction.occurredAt.getTime() }, values, 0);
    return [...values];
  }

  of({ accountId, merchantId }: FeatureTransaction): { account: AccountTimeline; merchant: MerchantTimeline } {
    const account = this.accounts.get(accountId) ?? new AccountTimeline(BEGINNING, 37 * DAY);
    const merchant = this.merchants.get(merchantId) ?? new MerchantTimeline(BEGINNING, this.delayMillis);
    this.accounts.set(accountId, account);
    this.merchants.set(merchantId, merchant);
    return { account, merchant };
  }
}

const shuffled = <T>(values: readonly T[], seed: number): T[] =>
  values
    .map((value, at) => ({ value, rank: Math.imul(at + 1, seed | 1) >>> 0 }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ value }) => value);

describe('timelines', () => {
  it('describe each transaction, as it comes, with the bits of the followed stream', () => {
    fc.assert(
      fc.property(streams, fc.constantFrom(...DELAYS), (stream, labelDelayDays) => {
        const expected = followed(stream, labelDelayDays);
        const timelines = new Timelines(labelDelayDays);
        for (const instant of instants(stream)) {
          for (const transaction of instant) timelines.add(transaction);
          for (const transaction of instant)
            expect(timelines.row(transaction)).toEqual(expected.get(transaction.transactionId));
        }
      }),
    );
  });

  it('give the same bits whatever the order in which rows came, twice too, and however the view moves', () => {
    fc.assert(
      fc.property(streams, fc.constantFrom(...DELAYS), fc.integer(), (stream, labelDelayDays, seed) => {
        const expected = followed(stream, labelDelayDays);
        const timelines = new Timelines(labelDelayDays);
        for (const [at, transaction] of shuffled(stream, seed).entries()) {
          timelines.add(transaction);
          if (at % 3 === 0) timelines.row(transaction);
          if (at % 5 === 0) timelines.add(transaction);
        }
        for (const transaction of shuffled(stream, seed + 7))
          expect(timelines.row(transaction)).toEqual(expected.get(transaction.transactionId));
      }),
    );
  });

  it('take labels that come by themselves, the newest in place of the one before', () => {
    fc.assert(
      fc.property(streams, fc.constantFrom(...DELAYS), fc.integer(), (stream, labelDelayDays, seed) => {
        const expected = followed(stream, labelDelayDays);
        const timelines = new Timelines(labelDelayDays);
        for (const { isFraud, decidedAt, ...transaction } of stream)
          timelines.add(
            isFraud === undefined ? transaction : { ...transaction, isFraud: !isFraud, decidedAt: new Date(START) },
          );
        for (const transaction of stream) timelines.row(transaction);
        for (const transaction of shuffled(stream, seed)) {
          const { isFraud, decidedAt } = transaction;
          if (isFraud !== undefined && decidedAt !== undefined)
            timelines.of(transaction).merchant.label({ ...transaction, isFraud, decidedAt });
        }
        for (const transaction of stream)
          expect(timelines.row(transaction)).toEqual(expected.get(transaction.transactionId));
      }),
    );
  });

  it('let rows go that are out of reach, say so, and still give the same bits within it', () => {
    const stream: FeatureTransaction[] = Array.from({ length: 2_000 }, (_, at) => ({
      transactionId: `t${at}`,
      accountId: 'a',
      merchantId: `m${at % 2}`,
      amount: (at % 17) + 0.25,
      occurredAt: new Date(START + at * (DAY / 10)),
      ...(at % 3 === 0 && { isFraud: at % 9 === 0, decidedAt: new Date(START + at * (DAY / 10) + (at % 4) * 5 * DAY) }),
    }));
    const expected = followed(stream, 7);
    const timelines = new Timelines(7);
    let largest = 0;
    for (const transaction of stream) {
      timelines.add(transaction);
      const { account, merchant } = timelines.of(transaction);
      account.trim();
      merchant.trim();
      largest = Math.max(largest, account.rows);
      expect(account.reaches(transaction.occurredAt.getTime() - DAY)).toBe(true);
      expect(timelines.row(transaction)).toEqual(expected.get(transaction.transactionId));
    }
    // 38 days at 10 a day are needed; at most as many again wait to be let go.
    expect(largest).toBeLessThan(800);
    expect(timelines.of(stream[0]).account.reaches(START + 40 * DAY)).toBe(false);
    expect(timelines.of(stream[0]).merchant.reaches(START + 40 * DAY)).toBe(false);
  });

  it('keep what is needed now beside a row that is dated years ahead', () => {
    const timelines = new Timelines(7);
    const payment = (at: number, occurredAt: number): FeatureTransaction => ({
      transactionId: `t${at}`,
      accountId: 'a',
      merchantId: 'm',
      amount: 1,
      occurredAt: new Date(occurredAt),
    });
    for (let at = 0; at < 200; at++) timelines.add(payment(at, START + at));
    timelines.add(payment(200, START + 20_000 * DAY));
    const now = payment(201, START + 300);
    timelines.row(now);
    const { account, merchant } = timelines.of(now);
    account.trim();
    merchant.trim();
    expect([account.rows, merchant.rows]).toEqual([201, 201]);
    expect([account.reaches(START + 300), merchant.reaches(START + 300)]).toEqual([true, true]);
  });
});

function instants(stream: readonly FeatureTransaction[]): FeatureTransaction[][] {
  const byTime = new Map<number, FeatureTransaction[]>();
  for (const transaction of stream) {
    const time = transaction.occurredAt.getTime();
    byTime.set(time, [...(byTime.get(time) ?? []), transaction]);
  }
  return [...byTime.values()];
}
