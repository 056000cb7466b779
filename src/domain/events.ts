/**
 * The six streams and their records, as they are once validated. Times are `Date`s, ids are non-empty strings.
 * How raw input becomes one of these is `domain/decoding.ts`.
 */

export const STREAMS = ['interactions', 'transactions', 'relations', 'items', 'users', 'labels'] as const;
export type StreamName = (typeof STREAMS)[number];

export type Attributes = Readonly<Record<string, string | number | boolean | null>>;

/** Someone did something with an item. */
export interface Interaction {
  eventId: string;
  userId: string;
  itemId: string;
  action: string;
  occurredAt: Date;
  sessionId?: string;
  /** Strength, in the source's own unit: a rating, a play count. */
  value?: number;
}

/** Money moved from an account to a merchant. */
export interface Transaction {
  transactionId: string;
  accountId: string;
  merchantId: string;
  /** In units of `currency`; at most four decimals are kept. */
  amount: number;
  /** ISO 4217, upper case. */
  currency: string;
  occurredAt: Date;
  category?: string;
  channel?: string;
  /** ISO 3166-1 alpha-2. */
  country?: string;
  attributes?: Attributes;
}

/** Two people are tied (or, with `removed`, no longer). Undirected: (a, b) and (b, a) are the same tie. */
export interface Relation {
  userId: string;
  friendId: string;
  occurredAt: Date;
  /** @default 'friend' */
  kind: string;
  /** Greater than 0. @default 1 */
  weight: number;
  removed: boolean;
}

export interface Item {
  itemId: string;
  title?: string;
  attributes?: Attributes;
  imageUri?: string;
}

export interface User {
  userId: string;
  title?: string;
  attributes?: Attributes;
  imageUri?: string;
}

/** Somebody decided whether a transaction was fraud. */
export interface Label {
  transactionId: string;
  isFraud: boolean;
  decidedAt: Date;
  source?: string;
}

export interface StreamRecord {
  interactions: Interaction;
  transactions: Transaction;
  relations: Relation;
  items: Item;
  users: User;
  labels: Label;
}
