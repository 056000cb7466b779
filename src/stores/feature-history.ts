/**
 * SQL of what features look back on: the recent rows of accounts and merchants, and what has become visible since a snapshot.
 *
 * Each row of transactions and labels carries the database transaction that wrote it last (`arrival`). What a snapshot did not show
 * and a later one does was written by a transaction that the first saw running, or that had not begun. So a cache of rows keeps up
 * with all writers, whatever process they are in, by asking for those alone; it never waits for them.
 */
import { KindredError } from '../errors';
import type { DatabaseTransaction } from './database';

/** A moment of the database: which transactions it shows. */
export interface Snapshot {
  /** Transactions from this one on had not ended. */
  readonly end: bigint;
  /** Those before it that had not ended either. */
  readonly running: readonly string[];
  /** When the server began: numbers of transactions mean nothing to another one, or to one that was set back in time. */
  readonly server: string;
}

/** A row of an account's or a merchant's past; times in epoch milliseconds. */
export interface PastRow {
  readonly transactionId: string;
  readonly accountId: string;
  readonly merchantId: string;
  readonly amount: number;
  readonly time: number;
  /** The newest decision about it, where there is one. */
  readonly isFraud?: boolean;
  readonly decidedAt?: number;
}

export interface LabelRow {
  readonly transactionId: string;
  readonly merchantId: string;
  readonly time: number;
  readonly isFraud: boolean;
  readonly decidedAt: number;
}

export interface Changes {
  readonly snapshot: Snapshot;
  /** The transaction that asks, whose own rows are not among the changes. */
  readonly asker: string;
  /** undefined: too many to be worth reading, or the database is another one: forget everything. */
  readonly rows?: readonly PastRow[];
  readonly labels?: readonly LabelRow[];
}

/** More changes than this cost more to read than what is needed of them. */
const MAX_CHANGES = 20_000;
/** Of one party's window, the newest rows that are read. */
const MAX_PARTY_ROWS = 500_000;
/** Rows of the past read for one batch: more than one transaction can need. */
const MAX_READ_ROWS = 2 * MAX_PARTY_ROWS + 200_000;
/** Where so few rows are beyond what is asked for, they are read as well: the party is then known up to now. */
const FEW_BEYOND = 1_000;

const millis = (column: string): string => `(extract(epoch FROM ${column}) * 1000)::float8`;
const PAST_ROW = `t.transaction_id, t.account_id, t.merchant_id, t.amount::float8 AS amount, ${millis('t.occurred_at')} AS time,
  l.is_fraud, ${millis('l.decided_at')} AS decided_at`;

interface RawRow {
  transaction_id: string;
  account_id: string;
  merchant_id: string;
  amount: number;
  time: number;
  is_fraud: boolean | null;
  decided_at: number | null;
}

const pastRow = (row: RawRow): PastRow => ({
  transactionId: row.transaction_id,
  accountId: row.account_id,
  merchantId: row.merchant_id,
  amount: row.amount,
  time: row.time,
  ...(row.is_fraud !== null && { isFraud: row.is_fraud, decidedAt: row.decided_at! }),
});

/**
 * Rows of `table` that a snapshot did not show, in the order in which their writers began, with a limit: so that the index on
 * `arrival` is walked, and no further. Rows that a dump brought from a server that had counted further lie ahead of all that can be
 * visible here, and are left out: they were known from the start.
 * @param $1 the snapshot's end, $2 those it saw running, $3 writers whose rows the asker has
 */
const since = (table: string): string => `(
  (SELECT * FROM ${table} WHERE arrival >= $1::xid8 AND arrival < pg_snapshot_xmax(pg_current_snapshot())
     AND arrival <> ALL ($3::xid8[]) AND arrival <> pg_current_xact_id() ORDER BY arrival LIMIT ${MAX_CHANGES + 1})
  UNION ALL
  (SELECT * FROM ${table} WHERE arrival = ANY (ARRAY(SELECT x FROM unnest($2::xid8[]) x
      WHERE pg_visible_in_snapshot(x, pg_current_snapshot()))) AND arrival <> ALL ($3::xid8[])
   LIMIT ${MAX_CHANGES + 1}))`;

const CHANGED_ROWS = `SELECT ${PAST_ROW} FROM ${since('transactions')} t LEFT JOIN labels l USING (transaction_id)`;
const CHANGED_LABELS = `SELECT l.transaction_id, t.merchant_id, ${millis('t.occurred_at')} AS time, l.is_fraud,
  ${millis('l.decided_at')} AS decided_at FROM ${since('labels')} l JOIN transactions t USING (transaction_id)`;
const NOW = `SELECT pg_current_snapshot()::text AS snapshot, pg_current_xact_id()::text AS asker,
  extract(epoch FROM pg_postmaster_start_time())::text AS server`;

/**
 * What has become visible since `before`. The snapshot it returns is not newer than any of the rows, so that none is missed: one
 * that became visible in the meantime comes now and once more with the next question.
 * @param before undefined for the first question: nothing but the snapshot comes back
 * @param own transactions whose rows the asker has already
 */
export async function changesSince(
  tx: DatabaseTransaction,
  before: Snapshot | undefined,
  own: readonly string[],
): Promise<Changes> {
  const { rows: now } = await tx.query<{ snapshot: string; asker: string; server: string }>(NOW);
  const [{ asker, server }] = now;
  const snapshot = { ...parseSnapshot(now[0].snapshot), server };
  // A database whose transactions count from further back is a copy of the one we knew, or an older state of it.
  if (before && (server !== before.server || snapshot.end < before.end)) return { snapshot, asker };
  if (!before) return { snapshot, asker, rows: [], labels: [] };
  const params = [String(before.end), before.running, own];
  const { rows } = await tx.query<RawRow>(CHANGED_ROWS, params);
  const { rows: labels } = await tx.query<Omit<RawRow, 'account_id' | 'amount'>>(CHANGED_LABELS, [
    ...params.slice(0, 2),
    [],
  ]);
  if (rows.length > MAX_CHANGES || labels.length > MAX_CHANGES) return { snapshot, asker };
  return {
    snapshot,
    asker,
    rows: rows.map(pastRow),
    labels: labels.map((row) => ({
      transactionId: row.transaction_id,
      merchantId: row.merchant_id,
      time: row.time,
      isFraud: row.is_fraud!,
      decidedAt: row.decided_at!,
    })),
  };
}

/** As Postgres writes it: `xmin:xmax:running,running`. */
function parseSnapshot(text: string): Omit<Snapshot, 'server'> {
  const [, end, running] = text.split(':');
  return { end: BigInt(end), running: running === '' ? [] : running.split(',') };
}

export interface PartyRequest {
  readonly id: string;
  /** Epoch milliseconds: the rows that happened in (after, until] are wanted. */
  readonly after: number;
  readonly until: number;
  /** Whether it is for transactions far apart in time, which can be asked for apart. */
  readonly isWide: boolean;
}

/** What was read of one party. */
export interface PartyPast {
  /** In order of time. */
  readonly rows: PastRow[];
  /** Every row after `after` and up to this is there; infinity where nothing is beyond. */
  until: number;
}

const partyRows = (column: 'account_id' | 'merchant_id'): string => {
  const rows = `SELECT ${PAST_ROW} FROM transactions t LEFT JOIN labels l USING (transaction_id) WHERE t.${column} = k.id`;
  return `SELECT r.* FROM unnest($1::text[], $2::float8[], $3::float8[]) k (id, after, until) CROSS JOIN LATERAL (
    (${rows} AND t.occurred_at > to_timestamp(k.after / 1000) AND t.occurred_at <= to_timestamp(k.until / 1000)
      ORDER BY t.occurred_at DESC LIMIT ${MAX_PARTY_ROWS})
    UNION ALL
    (${rows} AND t.occurred_at > to_timestamp(k.until / 1000) ORDER BY t.occurred_at LIMIT ${FEW_BEYOND + 1})) r
    LIMIT ${MAX_READ_ROWS + 1}`;
};
const ACCOUNT_ROWS = partyRows('account_id');
const MERCHANT_ROWS = partyRows('merchant_id');

/**
 * The rows of accounts, also those that this very transaction has written.
 * @throws KindredError HISTORY_TOO_LARGE where a batch of several transactions needs more than is read at once
 */
export function accountPasts(
  tx: DatabaseTransaction,
  accounts: readonly PartyRequest[],
): Promise<ReadonlyMap<string, PartyPast>> {
  return pastsOf(tx, ACCOUNT_ROWS, accounts, ({ accountId }) => accountId);
}

/** The same of merchants. */
export function merchantPasts(
  tx: DatabaseTransaction,
  merchants: readonly PartyRequest[],
): Promise<ReadonlyMap<string, PartyPast>> {
  return pastsOf(tx, MERCHANT_ROWS, merchants, ({ merchantId }) => merchantId);
}

async function pastsOf(
  tx: DatabaseTransaction,
  sql: string,
  parties: readonly PartyRequest[],
  partyOf: (row: PastRow) => string,
): Promise<ReadonlyMap<string, PartyPast>> {
  const pasts = new Map<string, PartyPast>(
    parties.map(({ id }) => [id, { rows: [], until: Number.POSITIVE_INFINITY }]),
  );
  if (parties.length === 0) return pasts;
  const params = [parties.map(({ id }) => id), parties.map(({ after }) => after), parties.map(({ until }) => until)];
  const { rows } = await tx.query<RawRow>(sql, params);
  if (rows.length > MAX_READ_ROWS) throw tooLarge();
  for (const raw of rows) {
    const row = pastRow(raw);
    pasts.get(partyOf(row))!.rows.push(row);
  }
  for (const { id, until, isWide } of parties) {
    const past = pasts.get(id)!;
    past.rows.sort((a, b) => a.time - b.time);
    const inside = firstBeyond(past.rows, until);
    // Its oldest rows are missing, which only the earlier of its transactions look back on.
    if (inside >= MAX_PARTY_ROWS && isWide) throw tooLarge();
    if (past.rows.length - inside > FEW_BEYOND) past.until = until;
  }
  return pasts;
}

function firstBeyond(rows: readonly PastRow[], until: number): number {
  let at = rows.length;
  while (at > 0 && rows[at - 1].time > until) at--;
  return at;
}

function tooLarge(): KindredError {
  return new KindredError('HISTORY_TOO_LARGE', `A batch looks back on more than ${MAX_READ_ROWS} transactions.`, {
    remedy: 'Nothing is to be done: it is taken in smaller parts.',
    retriable: true,
  });
}

/** Decisions about these transactions that the store has already. */
export async function labelsOf(
  tx: DatabaseTransaction,
  transactionIds: readonly string[],
): Promise<ReadonlyMap<string, { isFraud: boolean; decidedAt: Date }>> {
  const { rows } = await tx.query<{ transaction_id: string; is_fraud: boolean; decided_at: Date }>(
    'SELECT transaction_id, is_fraud, decided_at FROM labels WHERE transaction_id = ANY ($1::text[])',
    [transactionIds],
  );
  return new Map(rows.map((row) => [row.transaction_id, { isFraud: row.is_fraud, decidedAt: row.decided_at }]));
}
