/**
 * Routine card payments: an account has regular shops in its home city, subscriptions on fixed days, more to spend after
 * pay day, and travels now and then, which is rare and yet no fraud. Fraud is laid over this by frauds.ts.
 */
import { type Market, TRADES, type Trade } from './merchants';
import { DAY_MILLIS, type Person } from './people';
import { Random } from './random';
import { CITIES } from './words';

export interface Payment {
  /** Index of the account. */
  readonly account: number;
  /** Index into the market's merchants. */
  readonly merchant: number;
  /** In EUR, two decimals. */
  readonly amount: number;
  readonly at: number;
  readonly channel: Trade['channel'];
  readonly fraud?: FraudKind;
}

export type FraudKind = 'stolen card' | 'compromised merchant' | 'taken-over account';

export interface Account {
  readonly accountId: string;
  readonly owner: Person;
  /** How much this account spends at a time, 1 being usual. */
  readonly means: number;
  /** How often it pays, 1 being usual. */
  readonly pace: number;
  /** Day of the month, 1 to 28. */
  readonly payDay: number;
  /** The shops it usually goes to, by category: indexes of merchants. */
  readonly regulars: ReadonlyMap<string, readonly number[]>;
  readonly subscriptions: readonly { readonly merchant: number; readonly day: number; readonly amount: number }[];
  readonly trips: readonly { readonly from: number; readonly to: number; readonly city: number }[];
}

export interface PaymentOptions {
  readonly seed: number;
  readonly endsAt: number;
  readonly days: number;
}

/** How often one goes to a regular shop when there is one. */
const LOYALTY = 0.82;

export const cents = (amount: number): number => Math.max(0.5, Math.round(amount * 100) / 100);

function drawTrips(random: Random, home: number, options: PaymentOptions): Account['trips'] {
  const trips: Account['trips'][number][] = [];
  for (let count = random.poisson(options.days / 80); count > 0; count -= 1) {
    const from = options.endsAt - Math.floor(random.uniform() * options.days) * DAY_MILLIS;
    const city = (home + random.integer(1, CITIES.length - 1)) % CITIES.length;
    trips.push({ from, to: from + random.integer(2, 7) * DAY_MILLIS, city });
  }
  return trips;
}

export function openAccounts(owners: readonly Person[], market: Market, options: PaymentOptions): Account[] {
  const random = new Random(options.seed, 'accounts');
  const recurring = TRADES.find((trade) => trade.channel === 'recurring')!;
  return owners.map((owner, index) => {
    const regulars = new Map(
      TRADES.map((trade) => [
        trade.category,
        Array.from({ length: random.integer(1, 3) }, () => market.choose(trade, owner.home, random)),
      ]),
    );
    const subscriptions = Array.from({ length: random.integer(0, 3) }, () => {
      const merchant = market.choose(recurring, owner.home, random);
      return { merchant, day: random.integer(1, 28), amount: cents(market.merchants[merchant].amount) };
    });
    return {
      accountId: `acct-${String(index + 1).padStart(4, '0')}`,
      owner,
      means: random.logNormal(1, 0.4),
      pace: random.logNormal(1, 0.4),
      payDay: random.pick([1, 1, 10, 15, 25, 28]),
      regulars,
      subscriptions,
      trips: drawTrips(random, owner.home, options),
    };
  });
}

/** A moment within a trade's hours of a day, most likely in their middle. */
export function momentWithin(random: Random, day: number, hours: Trade['hours']): number {
  const part = (random.uniform() + random.uniform()) / 2;
  return Math.floor(day + (hours.from + (hours.to - hours.from) * part) * 3_600_000);
}

/** A usual amount at this merchant for this account. */
export function usualAmount(random: Random, account: Account, market: Market, merchant: number): number {
  const { amount, trade } = market.merchants[merchant];
  return cents(random.logNormal(amount * account.means ** 0.7, trade.sigma));
}

/** Spending rises by half on pay day and falls back within a week. */
function afterPayDay(dayOfMonth: number, payDay: number): number {
  const since = (dayOfMonth - payDay + 31) % 31;
  return since < 6 ? 1.5 - since * 0.08 : 0.95;
}

function* dayOf(account: number, holder: Account, day: number, market: Market, random: Random): Generator<Payment> {
  const date = new Date(day);
  const dayOfMonth = date.getUTCDate();
  const weekend = date.getUTCDay() === 0 || date.getUTCDay() === 6;
  for (const { merchant, day: due, amount } of holder.subscriptions)
    if (due === dayOfMonth)
      yield {
        account,
        merchant,
        amount,
        at: momentWithin(random, day, market.merchants[merchant].trade.hours),
        channel: 'recurring',
      };
  const trip = holder.trips.find(({ from, to }) => day >= from && day < to);
  const readiness = holder.pace * afterPayDay(dayOfMonth, holder.payDay) * (trip ? 1.4 : 1);
  for (const trade of TRADES) {
    const mean = (trade.perMonth / 30.4) * readiness * (weekend ? trade.weekend : 1);
    if (mean === 0) continue;
    for (let count = random.poisson(mean); count > 0; count -= 1) {
      const away = trip !== undefined && trade.channel === 'card-present';
      const regular = !away && random.chance(LOYALTY);
      const merchant = regular
        ? random.pick(holder.regulars.get(trade.category)!)
        : market.choose(trade, away ? trip.city : holder.owner.home, random);
      yield {
        account,
        merchant,
        amount: usualAmount(random, holder, market, merchant),
        at: momentWithin(random, day, trade.hours),
        channel: trade.channel,
      };
    }
  }
}

/** Every account's payments day by day; within a day in no particular order. */
export function routinePayments(accounts: readonly Account[], market: Market, options: PaymentOptions): Payment[] {
  const random = new Random(options.seed, 'payments');
  const firstDay = Math.floor((options.endsAt - options.days * DAY_MILLIS) / DAY_MILLIS) * DAY_MILLIS;
  const payments: Payment[] = [];
  for (let day = firstDay; day < options.endsAt; day += DAY_MILLIS)
    accounts.forEach((holder, account) => {
      if (holder.owner.joinedAt > day) return;
      for (const payment of dayOf(account, holder, day, market, random))
        if (payment.at < options.endsAt) payments.push(payment);
    });
  return payments;
}
