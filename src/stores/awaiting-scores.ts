/** SQL of transactions that came by stream while nothing could score them. */
import type { Transaction } from '../domain/events';
import { type LabelledTransaction, SELECT_TRANSACTION, type TransactionRow, toTransaction } from './corpora';
import type { DatabaseTransaction, Queryable } from './database';

export async function awaitScores(tx: DatabaseTransaction, transactions: readonly Transaction[]): Promise<void> {
  if (transactions.length === 0) return;
  await tx.query(
    `INSERT INTO awaiting_scores (transaction_id, occurred_at)
     SELECT a.id, to_timestamp(a.millis / 1000) FROM unnest($1::text[], $2::float8[]) a (id, millis) ON CONFLICT DO NOTHING`,
    [
      transactions.map(({ transactionId }) => transactionId),
      transactions.map(({ occurredAt }) => occurredAt.getTime()),
    ],
  );
}

/** The earliest ones that nobody else is scoring, locked until the transaction ends. */
export async function claimAwaiting(tx: DatabaseTransaction, limit: number): Promise<string[]> {
  const { rows } = await tx.query<{ transaction_id: string }>(
    'SELECT transaction_id FROM awaiting_scores ORDER BY occurred_at, transaction_id LIMIT $1 FOR UPDATE SKIP LOCKED',
    [limit],
  );
  return rows.map(({ transaction_id }) => transaction_id);
}

/** In order of time; without those that are no longer in the store. */
export async function awaitedTransactions(on: Queryable, ids: readonly string[]): Promise<LabelledTransaction[]> {
  const { rows } = await on.query<TransactionRow>(
    `${SELECT_TRANSACTION} WHERE t.transaction_id = ANY($1) ORDER BY t.occurred_at, t.transaction_id`,
    [ids],
  );
  return rows.map(toTransaction);
}

export async function stopAwaiting(tx: DatabaseTransaction, ids: readonly string[]): Promise<void> {
  await tx.query('DELETE FROM awaiting_scores WHERE transaction_id = ANY($1)', [ids]);
}

export async function anyAwaiting(on: Queryable): Promise<boolean> {
  const { rows } = await on.query<{ any: boolean }>('SELECT EXISTS (SELECT 1 FROM awaiting_scores) AS any');
  return rows[0].any;
}
