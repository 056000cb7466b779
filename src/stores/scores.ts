/** SQL of fraud scores and of the alerts that suspicious ones raise. */
import { randomUUID } from 'node:crypto';
import type { Alert, AlertStatus, FraudReason, FraudScore } from '../domain/fraud';
import { copyBytes, copyText } from './copy-text';
import type { DatabaseTransaction, Queryable } from './database';
import { sqlState } from './retries';

type StoredReason = Omit<FraudReason, 'description'>;
type StoredScore = Omit<FraudScore, 'reasons'> & { reasons: readonly StoredReason[] };

interface AlertRow {
  id: string;
  transaction_id: string;
  model_id: string;
  value: number;
  status: AlertStatus;
  created_at: Date;
}

/** From here on COPY's extra round trips pay: JSON in arrays is escaped and read twice over. */
const COPY_FROM_ROWS = 50;

const COLUMNS = [
  'transaction_id',
  'model_id',
  'value',
  'decision',
  'threshold',
  'reconstruction_error',
  'reasons',
] as const;
const UNIQUE_VIOLATION = '23505';
const STAGING = 'staged_fraud_scores';
const CREATE_STAGING = `CREATE TEMPORARY TABLE IF NOT EXISTS ${STAGING} (transaction_id text, model_id text, value float8, decision text,
  threshold float8, reconstruction_error float8, reasons jsonb) ON COMMIT DELETE ROWS`;
const INSERT = `INSERT INTO fraud_scores (${COLUMNS.join(', ')}, scored_at)`;
const KEEP_NEW = 'ON CONFLICT (transaction_id, model_id) DO NOTHING RETURNING transaction_id';

/** What came of keeping scores. */
export interface KeptScores {
  /** Those that were new, in the order given: there is one a transaction and model. */
  scores: FraudScore[];
  /** Alerts that they raised, one for each REVIEW. */
  alerts: Alert[];
}

/** Reasons are written once, and then stored and sent. */
const written = new WeakMap<readonly StoredReason[], string>();

/** A score's reasons as they are stored and sent. */
export function reasonsJson(reasons: readonly StoredReason[]): string {
  const known = written.get(reasons);
  if (known !== undefined) return known;
  let json = '';
  for (const { feature, observed, expected, share } of reasons)
    json += `${json === '' ? '' : ','}{"feature":${JSON.stringify(feature)},"observed":${observed},"expected":${expected},"share":${share}}`;
  json = `[${json}]`;
  written.set(reasons, json);
  return json;
}

/** Keeps scores and opens an alert for each REVIEW. Once a transaction. */
export async function saveScores(
  tx: DatabaseTransaction,
  scores: readonly FraudScore[],
  at: Date,
): Promise<KeptScores> {
  if (scores.length === 0) return { scores: [], alerts: [] };
  const { rows, rowCount } = await (scores.length < COPY_FROM_ROWS ? insertArrays : insertCopied)(tx, scores, at);
  const fresh = rowCount === scores.length ? undefined : new Set(rows.map(({ transaction_id }) => transaction_id));
  // Taken out of the set, so that of two of one transaction the first counts.
  const kept = fresh ? scores.filter(({ transactionId }) => fresh.delete(transactionId)) : [...scores];
  const suspicious = kept.filter(({ decision }) => decision === 'REVIEW');
  return { scores: kept, alerts: await openAlerts(tx, suspicious, at) };
}

function insertArrays(tx: DatabaseTransaction, scores: readonly FraudScore[], at: Date) {
  return tx.query<{ transaction_id: string }>(
    `${INSERT} SELECT s.*, $8 FROM unnest($1::text[], $2::text[], $3::float8[], $4::text[], $5::float8[], $6::float8[], $7::jsonb[]) s ${KEEP_NEW}`,
    [
      scores.map((score) => score.transactionId),
      scores.map((score) => score.modelId),
      scores.map((score) => score.value),
      scores.map((score) => score.decision),
      scores.map((score) => score.threshold),
      scores.map((score) => score.reconstructionError),
      scores.map((score) => reasonsJson(score.reasons)),
      at,
    ],
  );
}

/** Straight into the table, as scores are nearly always new; where one is not, by way of a staging table. */
async function insertCopied(tx: DatabaseTransaction, scores: readonly FraudScore[], at: Date) {
  const time = at.toISOString();
  await tx.execute('SAVEPOINT direct');
  try {
    await tx.copyIn(
      'fraud_scores',
      [...COLUMNS, 'scored_at'],
      copyBytes(scores, (score) => `${copyLine(score)}\t${time}`),
    );
    await tx.execute('RELEASE SAVEPOINT direct');
    return { rows: [], rowCount: scores.length };
  } catch (error) {
    if (sqlState(error) !== UNIQUE_VIOLATION) throw error;
    await tx.execute('ROLLBACK TO SAVEPOINT direct');
  }
  await tx.query(CREATE_STAGING);
  await tx.copyIn(STAGING, COLUMNS, copyBytes(scores, copyLine));
  return tx.query<{ transaction_id: string }>(`${INSERT} SELECT s.*, $1 FROM ${STAGING} s ${KEEP_NEW}`, [at]);
}

/** The columns of `COLUMNS`. */
const copyLine = (s: FraudScore): string =>
  `${copyText(s.transactionId)}\t${copyText(s.modelId)}\t${s.value}\t${s.decision}\t${s.threshold}\t${s.reconstructionError}\t${copyText(reasonsJson(s.reasons))}`;

async function openAlerts(tx: DatabaseTransaction, suspicious: readonly FraudScore[], at: Date): Promise<Alert[]> {
  if (suspicious.length === 0) return [];
  const { rows } = await tx.query<AlertRow>(
    `INSERT INTO alerts (id, transaction_id, model_id, value, created_at)
     SELECT a.*, $5 FROM unnest($1::text[], $2::text[], $3::text[], $4::float8[]) a
     ON CONFLICT (transaction_id, model_id) DO NOTHING RETURNING *, 'OPEN' AS status`,
    [
      suspicious.map(() => randomUUID()),
      suspicious.map((score) => score.transactionId),
      suspicious.map((score) => score.modelId),
      suspicious.map((score) => score.value),
      at,
    ],
  );
  return rows.map(toAlert);
}

/** The newest score of each transaction that has one. */
export async function findScores(on: Queryable, transactionIds: readonly string[]): Promise<StoredScore[]> {
  const { rows } = await on.query<{
    transaction_id: string;
    model_id: string;
    value: number;
    decision: FraudScore['decision'];
    threshold: number;
    reconstruction_error: number;
    reasons: StoredReason[];
  }>(
    `SELECT DISTINCT ON (transaction_id) * FROM fraud_scores WHERE transaction_id = ANY($1)
     ORDER BY transaction_id, scored_at DESC, model_id DESC`,
    [transactionIds],
  );
  return rows.map((row) => ({
    transactionId: row.transaction_id,
    modelId: row.model_id,
    value: row.value,
    decision: row.decision,
    threshold: row.threshold,
    reconstructionError: row.reconstruction_error,
    reasons: row.reasons,
  }));
}

/** Newest first, from below a position on. An alert is open until a label says what its transaction was. */
export async function alertPage(
  on: Queryable,
  question: { limit: number; after?: { createdAt: Date; id: string }; status?: AlertStatus },
): Promise<Alert[]> {
  const { rows } = await on.query<AlertRow>(
    `SELECT * FROM (
       SELECT a.*, CASE l.is_fraud WHEN true THEN 'CONFIRMED' WHEN false THEN 'DISMISSED' ELSE 'OPEN' END AS status
       FROM alerts a LEFT JOIN labels l ON l.transaction_id = a.transaction_id) a
     WHERE ($1::timestamptz IS NULL OR (created_at, id) < ($1, $2)) AND ($3::text IS NULL OR status = $3)
     ORDER BY created_at DESC, id DESC LIMIT $4`,
    [question.after?.createdAt ?? null, question.after?.id ?? null, question.status ?? null, question.limit],
  );
  return rows.map(toAlert);
}

function toAlert(row: AlertRow): Alert {
  return {
    id: row.id,
    transactionId: row.transaction_id,
    modelId: row.model_id,
    value: row.value,
    status: row.status,
    createdAt: row.created_at,
  };
}
