/** SQL of fraud scores and of the alerts that suspicious ones raise. */
import { randomUUID } from 'node:crypto';
import type { Alert, AlertStatus, FraudReason, FraudScore } from '../domain/fraud';
import type { DatabaseTransaction, Queryable } from './database';

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

/** Keeps scores (one a transaction and model) and opens an alert for each REVIEW; returns the alerts that are new. */
export async function saveScores(tx: DatabaseTransaction, scores: readonly FraudScore[], at: Date): Promise<Alert[]> {
  if (scores.length === 0) return [];
  await tx.query(
    `INSERT INTO fraud_scores (transaction_id, model_id, value, decision, threshold, reconstruction_error, reasons, scored_at)
     SELECT s.*, $8 FROM unnest($1::text[], $2::text[], $3::float8[], $4::text[], $5::float8[], $6::float8[], $7::jsonb[]) s
     ON CONFLICT (transaction_id, model_id) DO NOTHING`,
    [
      scores.map((score) => score.transactionId),
      scores.map((score) => score.modelId),
      scores.map((score) => score.value),
      scores.map((score) => score.decision),
      scores.map((score) => score.threshold),
      scores.map((score) => score.reconstructionError),
      scores.map((score) =>
        JSON.stringify(
          score.reasons.map(({ feature, observed, expected, share }) => ({ feature, observed, expected, share })),
        ),
      ),
      at,
    ],
  );
  const suspicious = scores.filter((score) => score.decision === 'REVIEW');
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
