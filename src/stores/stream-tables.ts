/**
 * How each stream's records lie in its table: columns, how a record is written, what happens when its key is there already.
 * Everything that `events.ts` does is made from these descriptions.
 */
import type { Interaction, Item, Label, Relation, StreamName, StreamRecord, Transaction, User } from '../domain/events';
import { copyBoolean, copyNullable, copyText, NULL } from './copy-text';

/** A column's value on its way to Postgres: text of its type, or null. */
export type ColumnValue = string | number | boolean | null;

export interface StreamTable<Rec> {
  /** Name and type of each column. Times travel as epoch milliseconds: formatting and reading dates costs more. */
  columns: readonly (readonly [name: string, type: 'text' | 'float8' | 'numeric' | 'boolean' | 'jsonb' | 'millis'])[];
  /** A line of COPY text, without its end. */
  line(record: Rec): string;
  /** The same as parameters. */
  values(record: Rec): readonly ColumnValue[];
  /** The end of the INSERT. What it leaves untouched counts as a duplicate. */
  onConflict: string;
  /**
   * Where the first record of a key wins and its row never changes: a batch whose keys are all new may go straight into the table,
   * as lines that spell times out. Absent where a later record changes an earlier one's row.
   */
  first?: { key(record: Rec): string; line(record: Rec): string };
  /** One record a key in place of several, as ON CONFLICT DO UPDATE takes no key twice; absent where the first wins. */
  merge?: { key(record: Rec): string; combine(before: Rec, later: Rec): Rec };
}

const json = (value: unknown): string | undefined => (value === undefined ? undefined : JSON.stringify(value));
const orNull = (value: number | undefined): string => (value === undefined ? NULL : String(value));

/** An item or a user: what a later record does not say, it does not take away. */
function describedTable<Rec extends Item | User>(idColumn: string, idOf: (record: Rec) => string): StreamTable<Rec> {
  const table = idColumn === 'item_id' ? 'items' : 'users';
  const rest = ['title', 'attributes', 'image_uri'];
  const kept = rest.map((column) => `coalesce(excluded.${column}, ${table}.${column})`);
  return {
    columns: [
      [idColumn, 'text'],
      ['title', 'text'],
      ['attributes', 'jsonb'],
      ['image_uri', 'text'],
    ],
    line: (r) =>
      `${copyText(idOf(r))}\t${copyNullable(r.title)}\t${copyNullable(json(r.attributes))}\t${copyNullable(r.imageUri)}`,
    values: (r) => [idOf(r), r.title ?? null, json(r.attributes) ?? null, r.imageUri ?? null],
    onConflict: `ON CONFLICT (${idColumn}) DO UPDATE SET (${rest.join(', ')}) = ROW (${kept.join(', ')})
      WHERE (${rest.map((column) => `${table}.${column}`).join(', ')}) IS DISTINCT FROM (${kept.join(', ')})`,
    merge: {
      key: idOf,
      combine: (before, later) => ({
        ...before,
        title: later.title ?? before.title,
        attributes: later.attributes ?? before.attributes,
        imageUri: later.imageUri ?? before.imageUri,
      }),
    },
  };
}

/** The newest wins; at the same time a removal, then the greater weight, so that order of arrival does not matter. */
function newerTie(a: Relation, b: Relation): Relation {
  const order = a.occurredAt.getTime() - b.occurredAt.getTime() || +a.removed - +b.removed || a.weight - b.weight;
  return order >= 0 ? a : b;
}

/** The newest decision wins; at the same time fraud, then the source that sorts later. */
function newerLabel(a: Label, b: Label): Label {
  const order = a.decidedAt.getTime() - b.decidedAt.getTime() || +a.isFraud - +b.isFraud;
  return order > 0 || (order === 0 && inBytes(a.source ?? '', b.source ?? '') >= 0) ? a : b;
}

function interactionLine(r: Interaction, occurredAt: number | string): string {
  return `${copyText(r.eventId)}\t${copyText(r.userId)}\t${copyText(r.itemId)}\t${copyText(r.action)}\t${occurredAt}\t${copyNullable(r.sessionId)}\t${orNull(r.value)}`;
}

function transactionLine(r: Transaction, occurredAt: number | string): string {
  return `${copyText(r.transactionId)}\t${copyText(r.accountId)}\t${copyText(r.merchantId)}\t${r.amount}\t${r.currency}\t${occurredAt}\t${copyNullable(r.category)}\t${copyNullable(r.channel)}\t${copyNullable(r.country)}\t${copyNullable(json(r.attributes))}`;
}

/** As Postgres compares under COLLATE "C". */
const inBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

export const STREAM_TABLES: { [S in StreamName]: StreamTable<StreamRecord[S]> } = {
  interactions: {
    columns: [
      ['event_id', 'text'],
      ['user_id', 'text'],
      ['item_id', 'text'],
      ['action', 'text'],
      ['occurred_at', 'millis'],
      ['session_id', 'text'],
      ['value', 'float8'],
    ],
    line: (r) => interactionLine(r, r.occurredAt.getTime()),
    first: { key: (r) => r.eventId, line: (r) => interactionLine(r, r.occurredAt.toISOString()) },
    values: (r) => [
      r.eventId,
      r.userId,
      r.itemId,
      r.action,
      r.occurredAt.getTime(),
      r.sessionId ?? null,
      r.value ?? null,
    ],
    onConflict: 'ON CONFLICT (event_id) DO NOTHING',
  },
  transactions: {
    columns: [
      ['transaction_id', 'text'],
      ['account_id', 'text'],
      ['merchant_id', 'text'],
      ['amount', 'numeric'],
      ['currency', 'text'],
      ['occurred_at', 'millis'],
      ['category', 'text'],
      ['channel', 'text'],
      ['country', 'text'],
      ['attributes', 'jsonb'],
    ],
    line: (r) => transactionLine(r, r.occurredAt.getTime()),
    first: { key: (r) => r.transactionId, line: (r) => transactionLine(r, r.occurredAt.toISOString()) },
    values: (r) => [
      r.transactionId,
      r.accountId,
      r.merchantId,
      r.amount,
      r.currency,
      r.occurredAt.getTime(),
      r.category ?? null,
      r.channel ?? null,
      r.country ?? null,
      json(r.attributes) ?? null,
    ],
    onConflict: 'ON CONFLICT (transaction_id) DO NOTHING',
  },
  relations: {
    columns: [
      ['user_id', 'text'],
      ['friend_id', 'text'],
      ['kind', 'text'],
      ['weight', 'float8'],
      ['occurred_at', 'millis'],
      ['removed', 'boolean'],
    ],
    line: (r) =>
      `${copyText(r.userId)}\t${copyText(r.friendId)}\t${copyText(r.kind)}\t${r.weight}\t${r.occurredAt.getTime()}\t${copyBoolean(r.removed)}`,
    values: (r) => [r.userId, r.friendId, r.kind, r.weight, r.occurredAt.getTime(), r.removed],
    onConflict: `ON CONFLICT (user_id, friend_id, kind) DO UPDATE
      SET (weight, occurred_at, removed) = ROW (excluded.weight, excluded.occurred_at, excluded.removed)
      WHERE (excluded.occurred_at, excluded.removed, excluded.weight) > (relations.occurred_at, relations.removed, relations.weight)`,
    merge: { key: (r) => `${r.userId}\0${r.friendId}\0${r.kind}`, combine: newerTie },
  },
  items: describedTable<Item>('item_id', (item) => item.itemId),
  users: describedTable<User>('user_id', (user) => user.userId),
  labels: {
    columns: [
      ['transaction_id', 'text'],
      ['is_fraud', 'boolean'],
      ['decided_at', 'millis'],
      ['source', 'text'],
    ],
    line: (r) =>
      `${copyText(r.transactionId)}\t${copyBoolean(r.isFraud)}\t${r.decidedAt.getTime()}\t${copyNullable(r.source)}`,
    values: (r) => [r.transactionId, r.isFraud, r.decidedAt.getTime(), r.source ?? null],
    onConflict: `ON CONFLICT (transaction_id) DO UPDATE
      SET (is_fraud, decided_at, source, arrival) = ROW (excluded.is_fraud, excluded.decided_at, excluded.source, excluded.arrival)
      WHERE (excluded.decided_at, excluded.is_fraud, coalesce(excluded.source, '') COLLATE "C")
        > (labels.decided_at, labels.is_fraud, coalesce(labels.source, '') COLLATE "C")`,
    merge: { key: (r) => r.transactionId, combine: newerLabel },
  },
};
