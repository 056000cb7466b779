import fc from 'fast-check';
import { FEATURE_DESCRIPTIONS, FEATURE_NAMES } from '../../src/features/columns';
import { FeatureStream } from '../../src/features/feature-stream';
import { computeFeatures, FeatureTableBuilder } from '../../src/features/feature-table';
import { historyDays, parseFeatureOptions } from '../../src/features/options';
import { featuresOf } from '../../src/features/scoring';
import { compareInTime, type FeatureTransaction } from '../../src/features/transaction';
import { DAY, HOUR, START, streams } from './transactions.arbitrary';

const options = parseFeatureOptions();
const column = (name: string) => {
  const at = FEATURE_NAMES.indexOf(name);
  if (at < 0) throw new Error(`no feature ${name}`);
  return at;
};
const at = (values: Float32Array, row: number, name: string) => values[row * FEATURE_NAMES.length + column(name)];

function payment(daysLater: number, more: Partial<FeatureTransaction> = {}): FeatureTransaction {
  return {
    transactionId: `t${daysLater}`,
    accountId: 'a',
    merchantId: 'm',
    amount: 10,
    occurredAt: new Date(START + daysLater * DAY),
    ...more,
  };
}

/** Every feature that windows give, recomputed from the whole past with no state at all. */
function fromScratch(stream: readonly FeatureTransaction[], transaction: FeatureTransaction, delayDays: number) {
  const now = transaction.occurredAt.getTime();
  const past = stream.filter((row) => compareInTime(row, transaction) < 0);
  const facts: Record<string, number> = {};
  for (const party of ['account', 'merchant'] as const) {
    const own = past.filter((row) => row[`${party}Id`] === transaction[`${party}Id`]);
    for (const days of [1, 7, 30]) {
      const inside = own.filter((row) => now - row.occurredAt.getTime() < days * DAY);
      facts[`${party}Count${days}d`] = inside.length;
      if (days === 30) {
        const sum = inside.reduce((total, row) => total + Math.round(row.amount * 10_000), 0);
        facts[`${party}AmountMean30d`] = inside.length > 0 ? sum / 10_000 / inside.length : transaction.amount;
      }
      if (party === 'account') continue;
      const known = own.filter((row) => {
        const since = now - row.occurredAt.getTime() - delayDays * DAY;
        return row.decidedAt && since >= 0 && since < days * DAY && row.decidedAt.getTime() <= now;
      });
      facts[`merchantLabels${days}d`] = known.length;
      facts[`merchantFraudRate${days}d`] =
        known.length > 0 ? known.filter((row) => row.isFraud).length / known.length : 0;
    }
  }
  return facts;
}

describe('features', () => {
  it('explain each column in one line', () => {
    expect(new Set(FEATURE_NAMES).size).toBe(FEATURE_NAMES.length);
    for (const name of FEATURE_NAMES) expect(FEATURE_DESCRIPTIONS[name]).toMatch(/^.{10,120}$/);
  });

  it('followed through the stream equal those recomputed from the whole past, to the bit', () => {
    fc.assert(
      fc.property(streams, fc.constantFrom(0, 3, 7, 10.5), (stream, labelDelayDays) => {
        const table = computeFeatures(stream, { labelDelayDays });
        [...stream].sort(compareInTime).forEach((transaction, row) => {
          for (const [name, value] of Object.entries(fromScratch(stream, transaction, labelDelayDays)))
            expect([name, at(table.values, row, name)]).toEqual([name, Math.fround(value)]);
        });
      }),
      { numRuns: 150 },
    );
  });

  it('are the same bits from the recent rows of the store, given in any order, as from the whole stream', () => {
    fc.assert(
      fc.property(streams, fc.constantFrom(0, 3, 7, 10.5), fc.integer(), (stream, labelDelayDays, seed) => {
        const given = { labelDelayDays };
        const table = computeFeatures(stream, given);
        const shuffled = [...stream].sort((a, b) => order(a, seed) - order(b, seed));
        [...stream].sort(compareInTime).forEach((transaction, row) => {
          const within = (days: number) => (one: FeatureTransaction) =>
            transaction.occurredAt.getTime() - one.occurredAt.getTime() < days * DAY;
          const history = {
            account: shuffled.filter((one) => one.accountId === transaction.accountId).filter(within(30)),
            merchant: shuffled
              .filter((one) => one.merchantId === transaction.merchantId)
              .filter(within(historyDays(given))),
          };
          const whole = table.values.subarray(row * FEATURE_NAMES.length, (row + 1) * FEATURE_NAMES.length);
          expect(featuresOf(transaction, history, given)).toEqual(whole);
        });
      }),
      { numRuns: 100 },
    );
  });

  it('never show a label before it is known', () => {
    fc.assert(
      fc.property(streams, fc.constantFrom(0, 3, 7), (stream, labelDelayDays) => {
        const now = stream[stream.length - 1].occurredAt.getTime();
        const isKnown = (row: FeatureTransaction) =>
          row.decidedAt !== undefined &&
          Math.max(row.decidedAt.getTime(), row.occurredAt.getTime() + labelDelayDays * DAY) <= now;
        const turned = stream.map((row) => (row.decidedAt && !isKnown(row) ? { ...row, isFraud: !row.isFraud } : row));
        expect(computeFeatures(turned, { labelDelayDays }).values).toEqual(
          computeFeatures(stream, { labelDelayDays }).values,
        );
      }),
    );
  });

  it('count a label from the end of the delay, and one that is decided later from its decision', () => {
    const early = payment(0, { transactionId: 'early', isFraud: true, decidedAt: new Date(START + HOUR) });
    const late = payment(0.5, { transactionId: 'late', isFraud: false, decidedAt: new Date(START + 9 * DAY) });
    const asked = [payment(7 - 1e-6), payment(7), payment(8), payment(9), payment(15)];
    const { values } = computeFeatures([early, late, ...asked], options);
    const seen = asked.map((_, i) => [at(values, i + 2, 'merchantLabels7d'), at(values, i + 2, 'merchantFraudRate7d')]);
    expect(seen).toEqual([
      [0, 0],
      [1, 1],
      [1, 1],
      [2, 0.5],
      [0, 0],
    ]);
    expect(at(values, 5, 'merchantLabels1d')).toBe(0);
    expect(at(values, 6, 'merchantFraudRate30d')).toBe(0.5);
  });

  it('put transactions of one instant in the order of their ids, whichever came first', () => {
    const first = payment(1, { transactionId: 'x1', amount: 1 });
    const second = payment(1, { transactionId: 'x2', amount: 2 });
    const table = computeFeatures([second, first], options);
    expect([at(table.values, 0, 'amount'), at(table.values, 1, 'amount')]).toEqual([1, 2]);
    expect(table.values).toEqual(computeFeatures([first, second], options).values);
    expect([at(table.values, 0, 'accountCount1d'), at(table.values, 1, 'accountCount1d')]).toEqual([0, 1]);
    expect(at(table.values, 1, 'amountToAccountMean30d')).toBeCloseTo(Math.log2(3 / 2), 6);
  });

  it('say what a transaction is beside its past', () => {
    const usual = [0, 1, 2, 3].map((day) => payment(day, { amount: day % 2 === 0 ? 20 : 40 }));
    const large = payment(3.25, { transactionId: 'large', merchantId: 'elsewhere', amount: 247 });
    const { values } = computeFeatures([...usual, large], options);
    expect(at(values, 4, 'accountCount1d')).toBe(1);
    expect(at(values, 4, 'accountCount7d')).toBe(4);
    expect(at(values, 4, 'accountAmountMean30d')).toBe(30);
    expect(at(values, 4, 'accountAmountMean1dTo30d')).toBeCloseTo(Math.log2(41 / 31), 6);
    expect(at(values, 4, 'amountToAccountMean30d')).toBe(3);
    expect(at(values, 4, 'amountToAccountMax30d')).toBeCloseTo(Math.log2(248 / 41), 6);
    expect(at(values, 4, 'accountAmountDeviation30d')).toBeCloseTo(217 / (Math.sqrt(400 / 3) + 3.01), 4);
    expect(at(values, 4, 'accountTimeSinceLast')).toBeCloseTo(Math.log2(7), 6);
    expect(at(values, 4, 'firstAtMerchant30d')).toBe(1);
    expect(at(values, 3, 'firstAtMerchant30d')).toBe(0);
    expect(at(values, 4, 'merchantCount30d')).toBe(0);
    // 2024-01-01 was a Monday; the last one is on Thursday at six.
    expect(at(values, 4, 'hourSin')).toBe(1);
    expect(at(values, 0, 'weekdayCos')).toBe(1);
    expect(at(values, 4, 'weekdaySin')).toBeCloseTo(Math.sin((6 * Math.PI) / 7), 6);
  });

  it('refuse a transaction that is earlier than the one before it', () => {
    expect(() => computeFeatures([payment(2), payment(1)], options)).toThrow(
      expect.objectContaining({ code: 'BAD_USER_INPUT', field: 'occurredAt' }),
    );
  });

  it('take the days before the range as history, and count its traffic a day', () => {
    const builder = new FeatureTableBuilder(options, {
      from: new Date(START + 10 * DAY),
      to: new Date(START + 12 * DAY),
    });
    for (let day = 0; day < 20; day++) builder.push(payment(day));
    const table = builder.finish();
    expect([...table.times]).toEqual([START + 10 * DAY, START + 11 * DAY]);
    expect(table.rowsPerDay).toBe(1);
    expect(at(table.values, 0, 'accountCount30d')).toBe(10);
  });

  it('grow beyond the rows that were expected, and lie on memory that threads share', () => {
    const days = Array.from({ length: 40 }, (_, day) =>
      payment(day, { accountId: `a${day % 3}`, isFraud: day % 9 === 0 }),
    );
    const built = (expectedRows?: number) => {
      const builder = new FeatureTableBuilder(options, { expectedRows });
      for (const transaction of days) builder.push({ ...transaction, accountId: [...transaction.accountId].join('') });
      return builder.finish();
    };
    const exact = built(40);
    expect(exact.values.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(exact.values.buffer.byteLength).toBe(40 * FEATURE_NAMES.length * 4);
    for (const expected of [0, 1, 39, 1024]) expect(built(expected)).toEqual(exact);
    expect(exact).toEqual(computeFeatures(days, options));
    expect(exact.accountIds).toEqual(days.map(({ accountId }) => accountId));
    expect([...exact.labels]).toEqual(days.map(({ isFraud }) => Number(isFraud)));
  });

  it('forget accounts and merchants that have been quiet for longer than their windows', () => {
    const stream = new FeatureStream(options, () => {});
    for (let day = 0; day < 400; day++)
      stream.push(payment(day, { transactionId: `d${day}`, accountId: `a${day}`, merchantId: `m${day}` }));
    stream.flush();
    // 30 days of accounts and merchants, and up to a week until they are looked through.
    expect(stream.size.accounts).toBeLessThanOrEqual(38);
    expect(stream.size.merchants).toBeLessThanOrEqual(38);
  });

  it('refuse options that they do not know, or that are out of range', () => {
    expect(() => parseFeatureOptions({ delay: 3 } as never)).toThrow(expect.objectContaining({ field: 'delay' }));
    expect(() => parseFeatureOptions({ labelDelayDays: -1 })).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID', field: 'labelDelayDays' }),
    );
  });
});

/** A shuffle that a seed repeats. */
function order({ transactionId }: FeatureTransaction, seed: number): number {
  let hash = seed | 0;
  for (const character of transactionId) hash = Math.imul(hash ^ character.charCodeAt(0), 0x9e3779b1);
  return hash;
}
