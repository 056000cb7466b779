/** SQL of plain records, in batches: items, people, transactions, and who is tied to whom. */

import type { MutualFriends } from '../domain/answers';
import type { Attributes, Item, StreamName, User } from '../domain/events';
import { type LabelledTransaction, SELECT_TRANSACTION, type TransactionRow, toTransaction } from './corpora';
import type { Queryable } from './database';
import { friendsOf } from './ranking';

interface RecordRow {
  id: string;
  title: string | null;
  attributes: Attributes | null;
  image_uri: string | null;
}

/** Items that were catalogued, or that somebody interacted with. */
export async function findItems(on: Queryable, ids: readonly string[]): Promise<Item[]> {
  const { rows } = await on.query<RecordRow>(
    `SELECT k.id, i.title, i.attributes, i.image_uri FROM unnest($1::text[]) k(id) LEFT JOIN items i ON i.item_id = k.id
     WHERE i.item_id IS NOT NULL OR EXISTS (SELECT 1 FROM interactions x WHERE x.item_id = k.id)`,
    [ids],
  );
  return rows.map(({ id, ...row }) => ({ itemId: id, ...describe(row) }));
}

/** People who were catalogued, who did something, or whom somebody is tied to. */
export async function findUsers(on: Queryable, ids: readonly string[]): Promise<User[]> {
  const { rows } = await on.query<RecordRow>(
    `SELECT k.id, u.title, u.attributes, u.image_uri FROM unnest($1::text[]) k(id) LEFT JOIN users u ON u.user_id = k.id
     WHERE u.user_id IS NOT NULL OR EXISTS (SELECT 1 FROM interactions x WHERE x.user_id = k.id)
       OR EXISTS (SELECT 1 FROM relations r WHERE r.user_id = k.id) OR EXISTS (SELECT 1 FROM relations r WHERE r.friend_id = k.id)`,
    [ids],
  );
  return rows.map(({ id, ...row }) => ({ userId: id, ...describe(row) }));
}

export function describe(row: Omit<RecordRow, 'id'>): Pick<Item, 'title' | 'attributes' | 'imageUri'> {
  return {
    title: row.title ?? undefined,
    attributes: row.attributes ?? undefined,
    imageUri: row.image_uri ?? undefined,
  };
}

export async function findTransactions(on: Queryable, ids: readonly string[]): Promise<LabelledTransaction[]> {
  const { rows } = await on.query<TransactionRow>(`${SELECT_TRANSACTION} WHERE t.transaction_id = ANY($1)`, [ids]);
  return rows.map(toTransaction);
}

/** Places in `names` of those that no item has as an attribute. */
export async function unknownAttributes(on: Queryable, names: readonly string[]): Promise<number[]> {
  const { rows } = await on.query<{ place: number }>(
    `SELECT k.place FROM unnest($1::text[]) WITH ORDINALITY k(name, place)
     WHERE NOT EXISTS (SELECT 1 FROM items i WHERE i.attributes ? k.name) ORDER BY k.place`,
    [names],
  );
  return rows.map(({ place }) => place - 1);
}

/** Names of attributes that items have, for a refusal that helps. */
export async function attributeNames(on: Queryable, limit: number): Promise<string[]> {
  const { rows } = await on.query<{ name: string }>(
    `SELECT DISTINCT k.name FROM (SELECT attributes FROM items WHERE attributes IS NOT NULL LIMIT 1000) i,
     jsonb_object_keys(i.attributes) k(name) ORDER BY k.name LIMIT $1`,
    [limit],
  );
  return rows.map(({ name }) => name);
}

const MUTUAL_FRIENDS_LISTED = 10;

/** Friends that a user has in common with each of `others`, in their order. */
export async function mutualFriends(
  on: Queryable,
  userId: string,
  others: readonly string[],
): Promise<MutualFriends[]> {
  const { rows } = await on.query<{ count: number; ids: string[] }>(
    `WITH mine AS MATERIALIZED (${friendsOf('$1', 'AS friend')})
     SELECT count(m.friend) AS count,
       coalesce((array_agg(m.friend ORDER BY m.friend) FILTER (WHERE m.friend IS NOT NULL))[1:${MUTUAL_FRIENDS_LISTED}], '{}') AS ids
     FROM unnest($2::text[]) WITH ORDINALITY AS other(id, place)
     LEFT JOIN LATERAL (SELECT mine.friend FROM mine JOIN (${friendsOf('other.id', 'AS friend')}) theirs ON theirs.friend = mine.friend) m ON true
     GROUP BY other.place ORDER BY other.place`,
    [userId, others],
  );
  return rows;
}

/** Times of the first and the last record. */
export interface StreamTimes {
  firstAt?: Date;
  lastAt?: Date;
}

/** The column that says when a record happened, where a stream has one. */
const TIME_COLUMNS: Record<StreamName, string | undefined> = {
  interactions: 'occurred_at',
  transactions: 'occurred_at',
  relations: 'occurred_at',
  labels: 'decided_at',
  items: undefined,
  users: undefined,
};

/** Only transactions are indexed by time: of other streams this reads every row. */
export async function streamTimes(on: Queryable, stream: StreamName): Promise<StreamTimes> {
  const time = TIME_COLUMNS[stream];
  if (time === undefined) return {};
  const { rows } = await on.query<{ first: Date | null; last: Date | null }>(
    `SELECT min(${time}) AS first, max(${time}) AS last FROM ${stream}`,
  );
  return { firstAt: rows[0].first ?? undefined, lastAt: rows[0].last ?? undefined };
}

export async function hasRecords(on: Queryable, stream: StreamName): Promise<boolean> {
  const { rows } = await on.query<{ found: boolean }>(`SELECT EXISTS (SELECT FROM ${stream}) AS found`);
  return rows[0].found;
}
