/**
 * SQL of where each topic's partitions stand. A position moves only in the transaction of what was read up to it, and only
 * from where the reader thought it was: so whatever Kafka delivers again, and whoever else reads, a record counts once.
 */
import type { PartitionAdvance } from '../domain/stream-commit';
import { KindredError } from '../errors';
import type { DatabaseTransaction, Queryable } from './database';

export interface Position {
  readonly partition: number;
  /** Offset of the next record to take in. */
  readonly nextOffset: number;
}

export interface PositionRow extends Position {
  readonly topic: string;
  /** Valid records taken in, repeats included. */
  readonly records: number;
  readonly deadLetters: number;
  /** Records a second, averaged over the last seconds before `updatedAt`. */
  readonly rate: number;
  /** What went wrong last, and when; it stays until something else does, or the position is set. */
  readonly lastError?: string;
  readonly lastErrorAt?: Date;
  readonly updatedAt: Date;
}

/** An error's text is for a reader's eyes: what is longer is cut. */
const MAX_ERROR_CHARACTERS = 1_000;

export async function readPositions(on: Queryable, topic: string): Promise<Map<number, Position>> {
  const { rows } = await on.query<{ partition: number; next_offset: number }>(
    'SELECT partition, next_offset FROM stream_positions WHERE topic = $1',
    [topic],
  );
  return new Map(rows.map((row) => [row.partition, { partition: row.partition, nextOffset: row.next_offset }]));
}

export async function positionRows(on: Queryable): Promise<PositionRow[]> {
  const { rows } = await on.query<{
    topic: string;
    partition: number;
    next_offset: number;
    records: number;
    dead_letters: number;
    rate: number;
    last_error: string | null;
    last_error_at: Date | null;
    updated_at: Date;
  }>(
    `SELECT topic, partition, next_offset, records, dead_letters, rate, last_error, last_error_at, updated_at
     FROM stream_positions ORDER BY topic, partition`,
  );
  return rows.map((row) => ({
    topic: row.topic,
    partition: row.partition,
    nextOffset: row.next_offset,
    records: row.records,
    deadLetters: row.dead_letters,
    rate: row.rate,
    lastError: row.last_error ?? undefined,
    lastErrorAt: row.last_error_at ?? undefined,
    updatedAt: row.updated_at,
  }));
}

/**
 * Moves every partition from `expected` to `next`; one that has no position yet gets it. Part of the caller's transaction.
 * @throws KindredError STREAM_POSITION_MOVED when one of them is elsewhere: the transaction must then be rolled back
 */
export async function advancePositions(tx: DatabaseTransaction, advances: readonly PartitionAdvance[]): Promise<void> {
  if (advances.length === 0) return;
  const { rows } = await tx.query<{ topic: string; partition: number }>(
    `WITH given AS (
       SELECT * FROM unnest($1::text[], $2::integer[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::float8[], $8::text[])
         AS given (topic, partition, expected, next, records, dead_letters, rate, error)
     )
     INSERT INTO stream_positions AS held
       (topic, partition, next_offset, records, dead_letters, rate, last_error, last_error_at, updated_at)
     SELECT topic, partition, next, records, dead_letters, rate, error, CASE WHEN error IS NOT NULL THEN now() END, now()
     FROM given ORDER BY topic, partition
     ON CONFLICT (topic, partition) DO UPDATE SET
       next_offset = excluded.next_offset,
       records = held.records + excluded.records,
       dead_letters = held.dead_letters + excluded.dead_letters,
       rate = excluded.rate,
       last_error = coalesce(excluded.last_error, held.last_error),
       last_error_at = coalesce(excluded.last_error_at, held.last_error_at),
       updated_at = excluded.updated_at
     WHERE held.next_offset =
       (SELECT expected FROM given WHERE given.topic = excluded.topic AND given.partition = excluded.partition)
     RETURNING topic, partition`,
    [
      advances.map(({ topic }) => topic),
      advances.map(({ partition }) => partition),
      advances.map(({ expected }) => expected),
      advances.map(({ next }) => next),
      advances.map(({ records }) => records),
      advances.map(({ deadLetters }) => deadLetters),
      advances.map(({ rate }) => rate),
      advances.map(({ lastError }) => lastError?.slice(0, MAX_ERROR_CHARACTERS) ?? null),
    ],
  );
  if (rows.length === advances.length) return;
  const moved = new Set(rows.map(({ topic, partition }) => `${topic}/${partition}`));
  const refused = advances.filter(({ topic, partition }) => !moved.has(`${topic}/${partition}`));
  throw positionMoved(refused);
}

function positionMoved(refused: readonly PartitionAdvance[]): KindredError {
  const places = refused.map(({ topic, partition, expected }) => `${topic}/${partition} is no longer at ${expected}`);
  return new KindredError('STREAM_POSITION_MOVED', `A batch was refused: ${places.join(', ')}.`, {
    remedy:
      'Nothing is to be done: whoever moved the position has these records. The reader goes on from where it is now.',
    facts: { partitions: refused.map(({ topic, partition, expected }) => ({ topic, partition, expected })) },
    retriable: true,
  });
}

/** Says where a partition begins, unless that has been said already. @returns where it is now */
export async function createPosition(on: Queryable, place: StreamPlace, offset: number): Promise<Position> {
  await on.query(
    `INSERT INTO stream_positions (topic, partition, next_offset, updated_at) VALUES ($1, $2, $3, now())
     ON CONFLICT (topic, partition) DO NOTHING`,
    [place.topic, place.partition, offset],
  );
  // A statement of its own: the one that inserts does not see what another member inserted meanwhile.
  const { rows } = await on.query<{ next_offset: number }>(
    'SELECT next_offset FROM stream_positions WHERE topic = $1 AND partition = $2',
    [place.topic, place.partition],
  );
  return { partition: place.partition, nextOffset: rows[0].next_offset };
}

export interface StreamPlace {
  readonly topic: string;
  readonly partition: number;
}

/**
 * Puts a partition elsewhere on purpose. A batch under way from the old position is refused, and its reader looks here.
 * @param reason what happened, where it is to be seen as the last error; without one the last error is forgotten
 */
export async function setPosition(on: Queryable, place: StreamPlace, offset: number, reason?: string): Promise<void> {
  await on.query(
    `INSERT INTO stream_positions (topic, partition, next_offset, last_error, last_error_at, updated_at)
     VALUES ($1, $2, $3, $4::text, CASE WHEN $4::text IS NOT NULL THEN now() END, now())
     ON CONFLICT (topic, partition) DO UPDATE SET next_offset = excluded.next_offset, last_error = excluded.last_error,
       last_error_at = excluded.last_error_at, updated_at = excluded.updated_at`,
    [place.topic, place.partition, offset, reason?.slice(0, MAX_ERROR_CHARACTERS) ?? null],
  );
}

/** Makes visible what holds a partition up. A partition without a position has nothing to hold up. */
export async function recordPositionError(
  on: Queryable,
  topic: string,
  partition: number,
  message: string,
): Promise<void> {
  await on.query(
    'UPDATE stream_positions SET last_error = $3, last_error_at = now() WHERE topic = $1 AND partition = $2',
    [topic, partition, message.slice(0, MAX_ERROR_CHARACTERS)],
  );
}
