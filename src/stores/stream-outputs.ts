/** SQL of what is on its way out: messages that Kafka has not acknowledged, transactions that wait for a model. */
import type { Queryable } from './database';
import { countRows } from './row-counts';

export interface OutputFacts {
  /** Messages in the outbox; of at least this many where `exact` is not set. */
  readonly outboxMessages: number;
  /** When the oldest of them was written. */
  readonly outboxOldestAt?: Date;
  /** Transactions without a score, as no model was live. */
  readonly awaitingScores: number;
  /** Whether both counts are exact. */
  readonly exact: boolean;
}

/** An outbox this long drains for a while; beyond it, how long exactly matters to nobody. */
const OUTBOX_ROWS_COUNTED = 10_000;

export async function outputFacts(on: Queryable): Promise<OutputFacts> {
  const { rows } = await on.query<{ batches: number; messages: number; oldest: Date | null }>(
    `SELECT count(*) AS batches, coalesce(sum(messages), 0)::bigint AS messages, min(created_at) AS oldest
     FROM (SELECT messages, created_at FROM outbox ORDER BY id LIMIT ${OUTBOX_ROWS_COUNTED}) waiting`,
  );
  const [{ batches, messages, oldest }] = rows;
  const awaiting = await countRows(on, 'awaiting_scores');
  return {
    outboxMessages: messages,
    outboxOldestAt: oldest ?? undefined,
    awaitingScores: awaiting.rows,
    exact: awaiting.exact && batches < OUTBOX_ROWS_COUNTED,
  };
}
