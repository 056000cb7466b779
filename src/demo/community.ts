/**
 * The demo community: a seeded simulation of people with tastes, sessions over a catalogue, friendships, and card payments
 * with three kinds of fraud. All of it is invented, and says so: users and items carry `simulated: true`, labels a source
 * that begins with "simulated". A pure function of its options: the same options give the same records in the same order.
 */
import { z } from 'zod';
import type { StreamName, StreamRecord, Transaction } from '../domain/events';
import { type CatalogueItem, drawCatalogue, itemRecord } from './catalogue';
import { tellLabels, withFrauds } from './frauds';
import { drawFriendships, type Friendships } from './friendships';
import { type Market, openMarket } from './merchants';
import { type Account, openAccounts, type Payment, routinePayments } from './payments';
import { drawPeople, type Person, SCENE_COUNT, userRecord } from './people';
import { tellSessions } from './sessions';
import { CITIES } from './words';

export const communityOptions = z
  .object({
    seed: z.number().int().min(0).max(0xffff_ffff).default(1),
    /** The last moment of the simulation; fixed by default, so that answers in the documentation stay true. */
    endsAt: z.date().default(new Date('2026-07-01T00:00:00Z')),
    people: z.number().int().min(50).max(9_999).default(2_400),
    items: z.number().int().min(SCENE_COUNT).max(5_000).default(1_500),
    meanFriends: z.number().min(1).max(40).default(11),
    /** Days over which sessions are told. */
    sessionDays: z.number().int().min(7).max(1_000).default(180),
    /** How many of the people have a card whose payments are told. */
    accounts: z.number().int().min(20).max(9_999).default(1_000),
    /** Days over which payments are told. */
    paymentDays: z.number().int().min(30).max(1_000).default(90),
    /** Records in a batch. */
    batchSize: z.number().int().min(1).max(100_000).default(10_000),
  })
  .strict()
  .refine((options) => options.accounts <= options.people, {
    path: ['accounts'],
    message: 'each account has an owner, so there can be no more accounts than people',
  });

export type CommunityOptions = z.infer<typeof communityOptions>;

/** Records of one stream, in the order in which they should be recorded. */
export type CommunityBatch = { [S in StreamName]: { stream: S; records: StreamRecord[S][] } }[StreamName];

export type TimedPayment = Payment & { readonly transactionId: string };

/** What is behind the records; for tests and for whoever wants to know the truth. */
export interface Community {
  readonly options: CommunityOptions;
  readonly people: readonly Person[];
  readonly catalogue: readonly CatalogueItem[];
  readonly friendships: Friendships;
  readonly market: Market;
  readonly accounts: readonly Account[];
  /** In time order. */
  readonly payments: readonly TimedPayment[];
}

export function imagineCommunity(given: z.input<typeof communityOptions> = {}): Community {
  const options = communityOptions.parse(given);
  const { seed } = options;
  const endsAt = options.endsAt.getTime();
  const people = drawPeople(options.people, seed, endsAt);
  const market = openMarket(seed);
  const paying = { seed, endsAt, days: options.paymentDays };
  const accounts = openAccounts(people.slice(0, options.accounts), market, paying);
  const payments = withFrauds(routinePayments(accounts, market, paying), accounts, market, paying);
  return {
    options,
    people,
    catalogue: drawCatalogue(options.items, seed, options.endsAt.getUTCFullYear() - 1),
    friendships: drawFriendships(people, { seed, endsAt, meanFriends: options.meanFriends }),
    market,
    accounts,
    payments: payments.map((payment, index) => ({
      ...payment,
      transactionId: `tx-${String(index + 1).padStart(6, '0')}`,
    })),
  };
}

function transactionRecord(payment: TimedPayment, { accounts, market }: Community): Transaction {
  const merchant = market.merchants[payment.merchant];
  return {
    transactionId: payment.transactionId,
    accountId: accounts[payment.account].accountId,
    merchantId: merchant.merchantId,
    amount: payment.amount,
    currency: 'EUR',
    occurredAt: new Date(payment.at),
    category: merchant.trade.category,
    channel: payment.channel,
    country: CITIES[merchant.city].country,
  };
}

function* batched<T>(records: Iterable<T>, size: number): Generator<T[]> {
  let batch: T[] = [];
  for (const record of records) {
    batch.push(record);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** Every record of the community, stream by stream. Labels come last: they follow the transactions that they judge. */
export function* communityBatches(community: Community): Generator<CommunityBatch> {
  const { options, people, catalogue, friendships, payments } = community;
  const { seed, batchSize, sessionDays, paymentDays } = options;
  const endsAt = options.endsAt.getTime();
  const sessions = tellSessions(people, friendships.friends, catalogue, { seed, endsAt, days: sessionDays });
  const labels = tellLabels(payments, { seed, endsAt, days: paymentDays });
  for (const records of batched(people.map(userRecord), batchSize)) yield { stream: 'users', records };
  for (const records of batched(catalogue.map(itemRecord), batchSize)) yield { stream: 'items', records };
  for (const records of batched(friendships.relations, batchSize)) yield { stream: 'relations', records };
  for (const records of batched(sessions, batchSize)) yield { stream: 'interactions', records };
  for (const records of batched(
    payments.map((payment) => transactionRecord(payment, community)),
    batchSize,
  ))
    yield { stream: 'transactions', records };
  for (const records of batched(labels, batchSize)) yield { stream: 'labels', records };
}
