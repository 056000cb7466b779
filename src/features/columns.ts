/**
 * The features of a transaction: names, meaning and definition, in the order of the columns. This is the only place where
 * they are defined; training and scoring both come here. Everything is about what was before the transaction, in the order of
 * `compareInTime`, except its own amount, place and time.
 */
import { WINDOW_DAYS } from './options';
import type { FeatureTransaction } from './transaction';
import type { AccountView, MerchantView } from './views';

/** A transaction beside the past of its account and its merchant, both advanced to its time. */
export interface Occurrence {
  readonly transaction: FeatureTransaction;
  readonly account: AccountView;
  readonly merchant: MerchantView;
  /** Epoch milliseconds. */
  readonly time: number;
}

export interface FeatureColumn {
  /** As in matrices, reasons and answers. */
  readonly name: string;
  /** One line for people who read a reason. */
  readonly description: string;
  readonly of: (occurrence: Occurrence) => number;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** 1970-01-01 was a Thursday; weekdays count from Monday. */
const EPOCH_WEEKDAY = 3;
const [ONE, SEVEN, THIRTY] = WINDOW_DAYS.keys();
/** Of a past without any row: as long ago as the longest window reaches. */
const LONGEST_HOURS = WINDOW_DAYS[THIRTY] * 24;

/** Logarithm to base 2 that goes through zero and takes refunds (negative amounts) too. */
const doublings = (amount: number): number => Math.sign(amount) * Math.log2(1 + Math.abs(amount));

/** How many doublings `amount` is above `usual`; without anything usual, none. */
const above = (amount: number, usual: number | undefined): number =>
  usual === undefined ? 0 : doublings(amount) - doublings(usual);

/**
 * Deviations from the mean. The deviation is widened by a tenth of the mean and a hundredth of the currency, so that
 * an account that always pays the same is not alarmed by a cent, and half the mean stands in for it until there are two rows.
 */
function deviations(amount: number, { amounts }: AccountView | MerchantView): number {
  const mean = amounts.mean(THIRTY);
  if (mean === undefined) return 0;
  const spread = (amounts.deviation ?? Math.abs(mean) / 2) + Math.abs(mean) / 10 + 0.01;
  return Math.max(-MOST_DEVIATIONS, Math.min(MOST_DEVIATIONS, (amount - mean) / spread));
}

/** Beyond it, more deviations say nothing more, and would drown what they are averaged with. */
const MOST_DEVIATIONS = 50;

const turn = (part: number): number => 2 * Math.PI * part;
const dayPart = ({ time }: Occurrence): number => (((time % DAY) + DAY) % DAY) / DAY;
const weekday = ({ time }: Occurrence): number => (((Math.floor(time / DAY) + EPOCH_WEEKDAY) % 7) + 7) % 7;

type Party = 'account' | 'merchant';

const count = (party: Party, window: number): FeatureColumn => ({
  name: `${party}Count${WINDOW_DAYS[window]}d`,
  description: `Transactions of the ${party} in the ${days(window)} before`,
  of: (occurrence) => occurrence[party].amounts.count(window),
});

const recentMean = (party: Party, window: number): FeatureColumn => ({
  name: `${party}AmountMean${WINDOW_DAYS[window]}dTo30d`,
  description: `Doublings from the ${party}'s mean amount of 30 days to that of the ${days(window)} before; 0 without transactions`,
  of: ({ [party]: { amounts } }) =>
    above(amounts.mean(window) ?? 0, amounts.count(window) > 0 ? amounts.mean(THIRTY) : undefined),
});

const mean = (party: Party): FeatureColumn => ({
  name: `${party}AmountMean30d`,
  description: `Mean amount of the ${party}'s transactions in the 30 days before; the amount itself where there are none`,
  of: ({ [party]: { amounts }, transaction }) => amounts.mean(THIRTY) ?? transaction.amount,
});

const deviation = (party: Party): FeatureColumn => ({
  name: `${party}AmountDeviation30d`,
  description: `Standard deviations of the amount from the ${party}'s mean amount of 30 days (at most ${MOST_DEVIATIONS})`,
  of: (occurrence) => deviations(occurrence.transaction.amount, occurrence[party]),
});

const fraudRate = (window: number): FeatureColumn => ({
  name: `merchantFraudRate${WINDOW_DAYS[window]}d`,
  description: `Share of frauds among the merchant's transactions with a known label, over the ${days(window)} that ended a label delay ago`,
  of: ({ merchant }) => merchant.frauds.rate(window),
});

const knownLabels = (window: number): FeatureColumn => ({
  name: `merchantLabels${WINDOW_DAYS[window]}d`,
  description: `How many of the merchant's transactions had a known label, over the ${days(window)} that ended a label delay ago`,
  of: ({ merchant }) => merchant.frauds.known(window),
});

function days(window: number): string {
  return WINDOW_DAYS[window] === 1 ? '1 day' : `${WINDOW_DAYS[window]} days`;
}

export const FEATURES: readonly FeatureColumn[] = Object.freeze([
  { name: 'amount', description: "The transaction's amount", of: ({ transaction }) => transaction.amount },
  {
    name: 'amountToAccountMean30d',
    description: "Doublings from the account's mean amount of 30 days to the amount (1: twice as much, -1: half)",
    of: ({ transaction, account }) => above(transaction.amount, account.amounts.mean(THIRTY)),
  },
  {
    name: 'amountToAccountMax30d',
    description: "Doublings from the account's largest amount of 30 days to the amount",
    of: ({ transaction, account }) => above(transaction.amount, account.amounts.largest),
  },
  deviation('account'),
  deviation('merchant'),
  count('account', ONE),
  count('account', SEVEN),
  count('account', THIRTY),
  recentMean('account', ONE),
  recentMean('account', SEVEN),
  mean('account'),
  count('merchant', ONE),
  count('merchant', SEVEN),
  count('merchant', THIRTY),
  recentMean('merchant', ONE),
  recentMean('merchant', SEVEN),
  mean('merchant'),
  {
    name: 'accountTimeSinceLast',
    description: `Log2 of 1 + hours since the account's last transaction, at most ${LONGEST_HOURS} hours`,
    of: ({ account, time }) => {
      const last = account.amounts.lastTime;
      return Math.log2(1 + (last === undefined ? LONGEST_HOURS : (time - last) / HOUR));
    },
  },
  {
    name: 'firstAtMerchant30d',
    description: '1 where the account has not paid at this merchant in the 30 days before, else 0',
    of: ({ account, transaction, time }) => (account.hasPaidAt(transaction.merchantId, time) ? 0 : 1),
  },
  {
    name: 'hourSin',
    description: 'Time of day (UTC) on a circle: 1 at 6:00, -1 at 18:00',
    of: (o) => Math.sin(turn(dayPart(o))),
  },
  {
    name: 'hourCos',
    description: 'Time of day (UTC) on a circle: 1 at 0:00, -1 at 12:00',
    of: (o) => Math.cos(turn(dayPart(o))),
  },
  {
    name: 'weekdaySin',
    description: 'Weekday (UTC) on a circle: highest on Tuesday and Wednesday',
    of: (o) => Math.sin(turn(weekday(o) / 7)),
  },
  {
    name: 'weekdayCos',
    description: 'Weekday (UTC) on a circle: highest on Monday, lowest on Thursday and Friday',
    of: (o) => Math.cos(turn(weekday(o) / 7)),
  },
  fraudRate(ONE),
  fraudRate(SEVEN),
  fraudRate(THIRTY),
  knownLabels(ONE),
  knownLabels(SEVEN),
  knownLabels(THIRTY),
] satisfies FeatureColumn[]);

export const FEATURE_NAMES: readonly string[] = Object.freeze(FEATURES.map(({ name }) => name));

/** One line a feature, by name. */
export const FEATURE_DESCRIPTIONS: Readonly<Record<string, string>> = Object.freeze(
  Object.fromEntries(FEATURES.map(({ name, description }) => [name, description])),
);

export function writeFeatures(occurrence: Occurrence, into: Float32Array, start: number): void {
  for (let column = 0; column < FEATURES.length; column++) into[start + column] = FEATURES[column].of(occurrence);
}
