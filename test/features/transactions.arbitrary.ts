/** Streams of transactions for property tests: few accounts and merchants, times that crowd around windows' ends, labels. */
import fc from 'fast-check';
import type { FeatureTransaction } from '../../src/features/transaction';

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
export const START = Date.UTC(2024, 0, 1);

/** Apart by a multiple of six hours (so that windows' ends are hit exactly), now and then by some milliseconds, or not at all. */
const gap = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 12 }).map((n) => n * 6 * HOUR) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 50 }) },
  { weight: 1, arbitrary: fc.integer({ min: 25, max: 40 }).map((n) => n * DAY) },
);

const amount = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: 1, max: 100_000 }).map((cents) => cents / 100) },
  { weight: 1, arbitrary: fc.integer({ min: -50_000, max: 0 }).map((cents) => cents / 100) },
  // As large and as precise as the store keeps them.
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 2 ** 40 }).map((units) => units / 10_000) },
);

const label = fc.option(
  fc.record({ isFraud: fc.boolean(), daysLater: fc.integer({ min: -2, max: 50 }).map((days) => days / 2) }),
  { nil: undefined },
);

/** In order of time; ids are unique and not in the order of times. */
export const streams: fc.Arbitrary<FeatureTransaction[]> = fc
  .array(
    fc.record({
      gap,
      account: fc.integer({ min: 1, max: 3 }),
      merchant: fc.integer({ min: 1, max: 3 }),
      amount,
      label,
      salt: fc.integer({ min: 0, max: 9 }),
    }),
    { minLength: 1, maxLength: 60 },
  )
  .map((steps) => {
    let time = START;
    return steps.map((step, index) => {
      time += step.gap;
      return {
        transactionId: `t${step.salt}-${index}`,
        accountId: `a${step.account}`,
        merchantId: `m${step.merchant}`,
        amount: step.amount,
        occurredAt: new Date(time),
        ...(step.label && {
          isFraud: step.label.isFraud,
          decidedAt: new Date(time + step.label.daysLater * DAY),
        }),
      };
    });
  });
