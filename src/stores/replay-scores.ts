/**
 * SQL of a replay's second part: what it read and what the live tables have beside it, in order of time; the scores of a chosen
 * model; and how rows and scores lie beside the live ones. See `replays.ts` for which schema a name without one means.
 */
import type { StreamName } from '../domain/events';
import type { FraudScore } from '../domain/fraud';
import type { RowComparison, ScoreComparison } from '../domain/replay';
import type { DatabaseTransaction, Queryable } from './database';
import { replaySchema } from './replays';
import { STREAM_TABLES } from './stream-tables';

const PAGE_ROWS = 20_000;

/** What features need to know of a transaction (`features/transaction.ts`). */
export interface ReplayTransaction {
  transactionId: string;
  accountId: string;
  merchantId: string;
  amount: number;
  occurredAt: Date;
  isFraud?: boolean;
  decidedAt?: Date;
  /** Whether the replay read it; else it is history from the live table. */
  replayed: boolean;
}

interface PageRow {
  transaction_id: string;
  account_id: string;
  merchant_id: string;
  amount: string;
  occurred_at: Date;
  is_fraud: boolean | null;
  decided_at: Date | null;
  /** A live row that the replay tells of itself. */
  doubled: boolean;
}

/** Both ends included. */
export interface TimeSpan {
  from: Date;
  to: Date;
}

/** The times of the first and the last transaction that the replay read after a given one. */
export async function replaySpan(on: Queryable, name: string, after?: ScoredUpTo): Promise<TimeSpan | undefined> {
  const { rows } = await on.query<{ first: Date | null; last: Date | null }>(
    `SELECT min(occurred_at) AS first, max(occurred_at) AS last FROM ${replaySchema(name)}.transactions
     WHERE occurred_at >= coalesce($1::timestamptz, '-infinity')`,
    [after?.time ?? null],
  );
  const [{ first, last }] = rows;
  return first && last ? { from: first, to: last } : undefined;
}

/**
 * Transactions of one side in order of time, with the live labels. What the replay has too is left out of the live side. A
 * page may be empty.
 */
export async function* replayPages(
  on: Queryable,
  { name, live, side }: { name: string; live: string; side: 'replayed' | 'live' },
  span: TimeSpan,
): AsyncGenerator<ReplayTransaction[]> {
  const replay = replaySchema(name);
  const replayed = side === 'replayed';
  // The page is cut first: the question whether the replay has a row is asked of the page's rows only.
  const doubled = `EXISTS (SELECT FROM ${replay}.transactions r WHERE r.transaction_id = page.transaction_id)`;
  const sql = `SELECT page.*, ${replayed ? 'false' : doubled} AS doubled FROM (
      SELECT t.transaction_id, t.account_id, t.merchant_id, t.amount, t.occurred_at, l.is_fraud, l.decided_at
      FROM ${replayed ? replay : live}.transactions t
      LEFT JOIN ${live}.labels l ON l.transaction_id = t.transaction_id
      WHERE ($1::timestamptz IS NULL OR (t.occurred_at, t.transaction_id) > ($1, $2)) AND t.occurred_at BETWEEN $3 AND $4
      ORDER BY t.occurred_at, t.transaction_id LIMIT ${PAGE_ROWS}) page ORDER BY page.occurred_at, page.transaction_id`;
  let last: PageRow | undefined;
  for (;;) {
    const { rows }: { rows: PageRow[] } = await on.query<PageRow>(sql, [
      last?.occurred_at ?? null,
      last?.transaction_id ?? null,
      span.from,
      span.to,
    ]);
    yield rows.filter((row) => !row.doubled).map((row) => toTransaction(row, replayed));
    if (rows.length < PAGE_ROWS) return;
    last = rows[rows.length - 1];
  }
}

function toTransaction(row: PageRow, replayed: boolean): ReplayTransaction {
  return {
    transactionId: row.transaction_id,
    accountId: row.account_id,
    merchantId: row.merchant_id,
    amount: Number(row.amount),
    occurredAt: row.occurred_at,
    isFraud: row.is_fraud ?? undefined,
    decidedAt: row.decided_at ?? undefined,
    replayed,
  };
}

/** The last transaction that has its score, in order of time. */
export interface ScoredUpTo {
  readonly time: Date;
  readonly transactionId: string;
}

export async function scoredUpTo(on: Queryable, name: string): Promise<ScoredUpTo | undefined> {
  const { rows } = await on.query<{ time: Date | null; transaction_id: string | null }>(
    `SELECT scored_time AS time, scored_id AS transaction_id FROM ${replaySchema(name)}.replay`,
  );
  const [{ time, transaction_id }] = rows;
  return time && transaction_id !== null ? { time, transactionId: transaction_id } : undefined;
}

/**
 * Within `inReplay`: keeps scores and how far they reach.
 * @returns false when another process scored meanwhile: the transaction must then roll back
 */
export async function saveReplayScores(
  tx: DatabaseTransaction,
  scores: readonly FraudScore[],
  { before, upTo, at }: { before?: ScoredUpTo; upTo: ScoredUpTo; at: Date },
): Promise<boolean> {
  const { rowCount } = await tx.query(
    `UPDATE replay SET scored = scored + $1, scored_time = $2, scored_id = $3
     WHERE scored_time IS NOT DISTINCT FROM $4 AND scored_id IS NOT DISTINCT FROM $5`,
    [scores.length, upTo.time, upTo.transactionId, before?.time ?? null, before?.transactionId ?? null],
  );
  if (rowCount === 0) return false;
  await tx.query(
    `INSERT INTO fraud_scores (transaction_id, model_id, value, decision, threshold, reconstruction_error, reasons, scored_at)
     SELECT s.*, $8 FROM unnest($1::text[], $2::text[], $3::float8[], $4::text[], $5::float8[], $6::float8[], $7::jsonb[]) s`,
    [
      scores.map((score) => score.transactionId),
      scores.map((score) => score.modelId),
      scores.map((score) => score.value),
      scores.map((score) => score.decision),
      scores.map((score) => score.threshold),
      scores.map((score) => score.reconstructionError),
      scores.map(({ reasons }) =>
        JSON.stringify(
          reasons.map(({ feature, observed, expected, share }) => ({ feature, observed, expected, share })),
        ),
      ),
      at,
    ],
  );
  return true;
}

const KEYS: Readonly<Record<StreamName, readonly string[]>> = {
  interactions: ['event_id'],
  transactions: ['transaction_id'],
  relations: ['user_id', 'friend_id', 'kind'],
  items: ['item_id'],
  users: ['user_id'],
  labels: ['transaction_id'],
};

/** Row by row, by key. When a row arrived is no part of it. */
export async function compareRows(
  on: Queryable,
  { name, live, stream }: { name: string; live: string; stream: StreamName },
): Promise<RowComparison> {
  const columns = STREAM_TABLES[stream].columns.map(([column]) => column);
  const row = (side: string): string => `ROW (${columns.map((column) => `${side}.${column}`).join(', ')})`;
  const { rows } = await on.query<RowComparison>(
    `SELECT count(*) AS rows, count(*) FILTER (WHERE l.${KEYS[stream][0]} IS NULL) AS missing,
       count(*) FILTER (WHERE ${row('r')} IS NOT DISTINCT FROM ${row('l')}) AS same,
       count(*) FILTER (WHERE l.${KEYS[stream][0]} IS NOT NULL AND ${row('r')} IS DISTINCT FROM ${row('l')}) AS different
     FROM ${replaySchema(name)}.${stream} r
     LEFT JOIN ${live}.${stream} l ON ${KEYS[stream].map((key) => `l.${key} = r.${key}`).join(' AND ')}`,
  );
  return rows[0];
}

export async function compareScores(
  on: Queryable,
  { name, live }: { name: string; live: string },
): Promise<ScoreComparison> {
  const { rows } = await on.query<
    Omit<ScoreComparison, 'meanAbsoluteDifference' | 'largestDifference' | 'correlation'> & {
      mean: number | null;
      largest: number | null;
      correlation: number | null;
    }
  >(
    `SELECT count(*) AS scores, count(l.value) AS compared,
       count(*) FILTER (WHERE r.decision = 'REVIEW') AS alerts,
       count(*) FILTER (WHERE r.decision <> l.decision) AS "decisionsChanged",
       count(*) FILTER (WHERE r.decision = 'REVIEW' AND l.decision <> 'REVIEW') AS "alertsGained",
       count(*) FILTER (WHERE r.decision <> 'REVIEW' AND l.decision = 'REVIEW') AS "alertsLost",
       avg(abs(r.value - l.value)) AS mean, max(abs(r.value - l.value)) AS largest, corr(r.value, l.value) AS correlation
     FROM ${replaySchema(name)}.fraud_scores r
     LEFT JOIN LATERAL (SELECT value, decision FROM ${live}.fraud_scores f WHERE f.transaction_id = r.transaction_id
       ORDER BY f.scored_at DESC, f.model_id DESC LIMIT 1) l ON true`,
  );
  const [{ mean, largest, correlation, ...counts }] = rows;
  return {
    ...counts,
    meanAbsoluteDifference: mean ?? undefined,
    largestDifference: largest ?? undefined,
    correlation: correlation ?? undefined,
  };
}
