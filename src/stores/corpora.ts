/**
 * What trainers learn from, read out of the store in pages: each page starts after the last row of the one before, so
 * that memory stays bounded whatever the store holds. Times are [from, to).
 */
import type { Attributes, Transaction } from '../domain/events';
import type { Queryable } from './database';

export interface TimeRange {
  from?: Date;
  to?: Date;
}

export interface TieRow {
  user_id: string;
  friend_id: string;
  weight: number;
}

/** A transaction with what was decided about it, if anything was. */
export interface LabelledTransaction extends Transaction {
  isFraud?: boolean;
  decidedAt?: Date;
}

export interface RangeFacts {
  rows: number;
  from?: Date;
  to?: Date;
}

const PAGE_ROWS = 20_000;

/** Ties that hold, one a pair; the weights of several kinds between the same two people add up. */
export async function* tiePages(on: Queryable, range: TimeRange): AsyncGenerator<TieRow[]> {
  let last: TieRow | undefined;
  for (;;) {
    const { rows }: { rows: TieRow[] } = await on.query<TieRow>(
      `SELECT user_id, friend_id, sum(weight) AS weight FROM relations
       WHERE NOT removed AND ($1::text IS NULL OR (user_id, friend_id) > ($1, $2))
         AND occurred_at >= coalesce($3::timestamptz, '-infinity') AND occurred_at < coalesce($4::timestamptz, 'infinity')
       GROUP BY user_id, friend_id ORDER BY user_id, friend_id LIMIT ${PAGE_ROWS}`,
      [last?.user_id ?? null, last?.friend_id ?? null, range.from ?? null, range.to ?? null],
    );
    if (rows.length > 0) yield rows;
    if (rows.length < PAGE_ROWS) return;
    last = rows[rows.length - 1];
  }
}

/** In time order, with labels. */
export async function* transactionPages(on: Queryable, range: TimeRange): AsyncGenerator<LabelledTransaction[]> {
  let last: LabelledTransaction | undefined;
  for (;;) {
    const { rows }: { rows: TransactionRow[] } = await on.query<TransactionRow>(
      `${SELECT_TRANSACTION}
       WHERE ($1::timestamptz IS NULL OR (t.occurred_at, t.transaction_id) > ($1, $2))
         AND t.occurred_at >= coalesce($3::timestamptz, '-infinity') AND t.occurred_at < coalesce($4::timestamptz, 'infinity')
       ORDER BY t.occurred_at, t.transaction_id LIMIT ${PAGE_ROWS}`,
      [last?.occurredAt ?? null, last?.transactionId ?? null, range.from ?? null, range.to ?? null],
    );
    const page = rows.map(toTransaction);
    if (page.length > 0) yield page;
    if (page.length < PAGE_ROWS) return;
    last = page[page.length - 1];
  }
}

/** Changes with any row that `transactionPages` gives: made in the store, which sends none of them. */
export async function transactionsDigest(on: Queryable, range: TimeRange): Promise<string> {
  const { rows } = await on.query<{ digest: string }>(
    `SELECT concat_ws(' ', count(*), sum(hashtextextended(jsonb_build_array(t.transaction_id, t.account_id, t.merchant_id,
         t.amount, t.currency, extract(epoch FROM t.occurred_at), t.category, t.channel, t.country, t.attributes, l.is_fraud,
         extract(epoch FROM l.decided_at))::text, 0)::numeric)) AS digest
     FROM transactions t LEFT JOIN labels l ON l.transaction_id = t.transaction_id
     WHERE t.occurred_at >= coalesce($1::timestamptz, '-infinity') AND t.occurred_at < coalesce($2::timestamptz, 'infinity')`,
    [range.from ?? null, range.to ?? null],
  );
  return rows[0].digest;
}

export interface TransactionRow {
  transaction_id: string;
  account_id: string;
  merchant_id: string;
  amount: string;
  currency: string;
  occurred_at: Date;
  category: string | null;
  channel: string | null;
  country: string | null;
  attributes: Attributes | null;
  is_fraud: boolean | null;
  decided_at: Date | null;
}

export const SELECT_TRANSACTION = `SELECT t.transaction_id, t.account_id, t.merchant_id, t.amount, t.currency, t.occurred_at,
  t.category, t.channel, t.country, t.attributes, l.is_fraud, l.decided_at
  FROM transactions t LEFT JOIN labels l ON l.transaction_id = t.transaction_id`;

export function toTransaction(row: TransactionRow): LabelledTransaction {
  return {
    transactionId: row.transaction_id,
    accountId: row.account_id,
    merchantId: row.merchant_id,
    amount: Number(row.amount),
    currency: row.currency,
    occurredAt: row.occurred_at,
    category: row.category ?? undefined,
    channel: row.channel ?? undefined,
    country: row.country ?? undefined,
    attributes: row.attributes ?? undefined,
    isFraud: row.is_fraud ?? undefined,
    decidedAt: row.decided_at ?? undefined,
  };
}

/** When the newest transaction happened that is followed by `later` others; undefined where there are no more than these. */
export async function timeBeforeNewest(on: Queryable, range: TimeRange, later: number): Promise<Date | undefined> {
  const { rows } = await on.query<{ occurred_at: Date }>(
    `SELECT occurred_at FROM transactions
     WHERE occurred_at >= coalesce($1::timestamptz, '-infinity') AND occurred_at < coalesce($2::timestamptz, 'infinity')
     ORDER BY occurred_at DESC, transaction_id DESC OFFSET $3 LIMIT 1`,
    [range.from ?? null, range.to ?? null, later],
  );
  return rows[0]?.occurred_at;
}

/** How many records a range holds, and the times of the first and the last. */
export async function rangeFacts(
  on: Queryable,
  stream: 'interactions' | 'relations' | 'transactions',
  range: TimeRange,
): Promise<RangeFacts> {
  const { rows } = await on.query<{ rows: number; first: Date | null; last: Date | null }>(
    `SELECT count(*) AS rows, min(occurred_at) AS first, max(occurred_at) AS last FROM ${stream}
     WHERE occurred_at >= coalesce($1::timestamptz, '-infinity') AND occurred_at < coalesce($2::timestamptz, 'infinity')
     ${stream === 'relations' ? 'AND NOT removed' : ''}`,
    [range.from ?? null, range.to ?? null],
  );
  return { rows: rows[0].rows, from: rows[0].first ?? undefined, to: rows[0].last ?? undefined };
}
