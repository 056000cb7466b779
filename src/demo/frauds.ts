/**
 * Three kinds of fraud, laid over routine payments:
 *   stolen card           a burst within hours, at shops whose goods resell, far above what the account usually pays; then blocked
 *   compromised merchant  for three to four weeks, cards used at one merchant are charged there again by somebody else
 *   taken-over account    for up to two weeks somebody also orders from web shops, for several times the usual amounts
 * Most frauds come to light after a week or so, some sooner, some later.
 */
import type { Label } from '../domain/events';
import { type Market, TRADES } from './merchants';
import { type Account, cents, type FraudKind, type Payment, type PaymentOptions, usualAmount } from './payments';
import { DAY_MILLIS } from './people';
import { Random } from './random';

const HOUR_MILLIS = 3_600_000;

/** Cases a day for each thousand accounts. */
const STOLEN_CARDS = 0.75;
const TAKEN_OVER_ACCOUNTS = 0.32;
/** Cases a day for each thousand merchants. */
const COMPROMISED_MERCHANTS = 0.5;

const RESALE = TRADES.filter((trade) => trade.resaleable);
const WEB_SHOPS = TRADES.find((trade) => trade.category === 'web shop')!;

function stolenCards(accounts: readonly Account[], market: Market, options: PaymentOptions, random: Random): Payment[] {
  const frauds: Payment[] = [];
  const cases = Math.round((STOLEN_CARDS * options.days * accounts.length) / 1_000);
  for (let i = 0; i < cases; i += 1) {
    const account = random.integer(0, accounts.length - 1);
    const city = random.chance(0.6) ? accounts[account].owner.home : random.integer(0, 11);
    let at = Math.floor(random.between(options.endsAt - options.days * DAY_MILLIS, options.endsAt));
    for (let count = random.integer(3, 8); count > 0; count -= 1) {
      const trade = random.pick(RESALE);
      const merchant = market.choose(trade, city, random);
      frauds.push({
        account,
        merchant,
        amount: cents(random.logNormal(Math.max(120, market.merchants[merchant].amount * 2.2), 0.5)),
        at,
        channel: trade.channel,
        fraud: 'stolen card',
      });
      at += Math.floor((0.1 + random.exponential(0.9)) * HOUR_MILLIS);
    }
  }
  return frauds;
}

function compromisedMerchants(
  accounts: readonly Account[],
  market: Market,
  routine: readonly Payment[],
  options: PaymentOptions,
  random: Random,
): Payment[] {
  const visits = new Map<number, Payment[]>();
  for (const payment of routine) {
    if (payment.channel === 'recurring') continue;
    const there = visits.get(payment.merchant);
    if (there) there.push(payment);
    else visits.set(payment.merchant, [payment]);
  }
  // A skimmer goes where a card is used several times a day but not where there are guards.
  const suitable = [...visits].filter(([, there]) => there.length > options.days && there.length < 6 * options.days);
  const frauds: Payment[] = [];
  const cases = Math.round((COMPROMISED_MERCHANTS * options.days * market.merchants.length) / 1_000);
  for (let i = 0; i < cases && suitable.length > 0; i += 1) {
    const [merchant, there] = random.pick(suitable);
    const from = Math.floor(random.between(options.endsAt - (options.days - 5) * DAY_MILLIS, options.endsAt));
    const to = from + random.integer(21, 28) * DAY_MILLIS;
    for (const visit of there)
      if (visit.at >= from && visit.at < to && random.chance(0.45))
        frauds.push({
          account: visit.account,
          merchant,
          amount: cents(usualAmount(random, accounts[visit.account], market, merchant) * random.between(1.2, 3)),
          at: visit.at + Math.floor(random.between(2, 72) * HOUR_MILLIS),
          channel: visit.channel,
          fraud: 'compromised merchant',
        });
  }
  return frauds;
}

function takenOverAccounts(
  accounts: readonly Account[],
  market: Market,
  options: PaymentOptions,
  random: Random,
): Payment[] {
  const frauds: Payment[] = [];
  const cases = Math.round((TAKEN_OVER_ACCOUNTS * options.days * accounts.length) / 1_000);
  for (let i = 0; i < cases; i += 1) {
    const account = random.integer(0, accounts.length - 1);
    const from = Math.floor(random.between(options.endsAt - options.days * DAY_MILLIS, options.endsAt));
    const days = random.integer(5, 14);
    for (let count = random.integer(5, 12); count > 0; count -= 1) {
      const merchant = market.choose(WEB_SHOPS, accounts[account].owner.home, random);
      frauds.push({
        account,
        merchant,
        amount: cents(usualAmount(random, accounts[account], market, merchant) * random.between(3, 6)),
        // Whoever took it over keeps other hours than its owner.
        at: from + random.integer(0, days - 1) * DAY_MILLIS + Math.floor(random.between(0, 9) * HOUR_MILLIS),
        channel: WEB_SHOPS.channel,
        fraud: 'taken-over account',
      });
    }
  }
  return frauds;
}

/** @returns routine and fraudulent payments together, in time order */
export function withFrauds(
  routine: readonly Payment[],
  accounts: readonly Account[],
  market: Market,
  options: PaymentOptions,
): Payment[] {
  const all = [
    ...routine,
    ...stolenCards(accounts, market, options, new Random(options.seed, 'stolen cards')),
    ...compromisedMerchants(accounts, market, routine, options, new Random(options.seed, 'compromised merchants')),
    ...takenOverAccounts(accounts, market, options, new Random(options.seed, 'taken-over accounts')),
  ];
  return all
    .filter(({ at, account }) => at < options.endsAt && at > accounts[account].owner.joinedAt)
    .sort((a, b) => a.at - b.at || a.account - b.account || a.merchant - b.merchant);
}

/** About a week, some sooner and some later. */
function delayMillis(random: Random): number {
  return Math.floor(Math.max(DAY_MILLIS, (6.5 + 1.5 * random.normal()) * DAY_MILLIS));
}

/** How whoever decided came to know. */
const SOURCES: Record<FraudKind, string> = {
  'stolen card': 'simulated: stolen card reported',
  'compromised merchant': 'simulated: charges disputed, merchant compromised',
  'taken-over account': 'simulated: account taken over',
};

/**
 * What is known by the end: every payment is judged about a week later, when its owner reads the statement. One in two
 * hundred good ones was doubted before it was cleared.
 */
export function* tellLabels(
  payments: readonly (Payment & { readonly transactionId: string })[],
  options: PaymentOptions,
): Generator<Label> {
  const random = new Random(options.seed, 'labels');
  for (const { transactionId, at, fraud } of payments) {
    const doubted = random.chance(0.005);
    const decidedAt = at + delayMillis(random);
    if (decidedAt >= options.endsAt) continue;
    const cleared = doubted ? 'simulated: doubted and cleared' : 'simulated: statement accepted';
    yield {
      transactionId,
      isFraud: fraud !== undefined,
      decidedAt: new Date(decidedAt),
      source: fraud ? SOURCES[fraud] : cleared,
    };
  }
}
