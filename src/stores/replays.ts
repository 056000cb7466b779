/**
 * SQL of replays. Each has a Postgres schema of its own, `replay_<name>`: the stream's table (made LIKE the live one), scores
 * where a model was chosen, and what is needed to go on after an interruption. Everything is written in a session that sees
 * only that schema: the statements of live intake serve here too, and an unqualified name cannot reach a live table. What
 * is read of the live tables is named with their schema.
 */
import type { StreamName } from '../domain/events';
import type {
  ListedReplay,
  ReplayPartition,
  ReplayReject,
  ReplaySpec,
  ReplayState,
  ReplayStatus,
} from '../domain/replay';
import type { Database, DatabaseTransaction, Queryable } from './database';

/** Postgres cuts identifiers at 63 bytes; with the prefix a name stays below. Nothing in it needs quotes. */
export const REPLAY_NAME = /^[a-z][a-z0-9_]{0,47}$/;
const PREFIX = 'replay_';

export function replaySchema(name: string): string {
  if (!REPLAY_NAME.test(name)) throw new Error(`"${name}" is no name of a replay.`);
  return `${PREFIX}${name}`;
}

/** A transaction whose unqualified names are the replay's. */
export function inReplay<T>(
  database: Database,
  name: string,
  work: (tx: DatabaseTransaction) => Promise<T>,
): Promise<T> {
  return database.transaction(async (tx) => {
    await tx.execute(`SET LOCAL search_path = ${replaySchema(name)}`);
    return work(tx);
  });
}

/** The schema of the live tables, quoted where it must be; it depends on how the server is set up. */
export async function liveSchema(on: Queryable): Promise<string> {
  const { rows } = await on.query<{ name: string }>(
    `SELECT quote_ident(n.nspname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.oid = 'stream_positions'::regclass`,
  );
  return rows[0].name;
}

export async function replayExists(on: Queryable, name: string): Promise<boolean> {
  const { rows } = await on.query<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [
    `${replaySchema(name)}.replay`,
  ]);
  return rows[0].there;
}

/** Makes the schema whole or not at all. */
export async function createReplay(
  database: Database,
  spec: ReplaySpec & { partitions: readonly ReplayPartition[]; startedAt: Date },
): Promise<void> {
  const live = await liveSchema(database);
  await database.transaction(async (tx) => {
    await tx.execute(`CREATE SCHEMA ${replaySchema(spec.name)}`);
    await tx.execute(`SET LOCAL search_path = ${replaySchema(spec.name)}`);
    await tx.execute(`
      CREATE TABLE replay (
        topic text NOT NULL, stream text NOT NULL, model_id text, range_from text NOT NULL, range_to text NOT NULL,
        state text NOT NULL, started_at timestamptz(3) NOT NULL, finished_at timestamptz(3),
        records bigint NOT NULL DEFAULT 0, duplicates bigint NOT NULL DEFAULT 0, scored bigint NOT NULL DEFAULT 0,
        -- The last transaction that has its score, in order of time.
        scored_time timestamptz(3), scored_id text
      );
      CREATE TABLE positions (
        partition integer PRIMARY KEY, from_offset bigint NOT NULL, to_offset bigint NOT NULL, next_offset bigint NOT NULL,
        rejected bigint NOT NULL DEFAULT 0, lost bigint NOT NULL DEFAULT 0
      );
      CREATE TABLE rejects (
        partition integer NOT NULL, "offset" bigint NOT NULL, code text NOT NULL, field text, reason text NOT NULL,
        PRIMARY KEY (partition, "offset")
      );
      CREATE TABLE ${spec.stream} (LIKE ${live}.${spec.stream} INCLUDING ALL);
      ${spec.modelId === undefined ? '' : `CREATE TABLE fraud_scores (LIKE ${live}.fraud_scores INCLUDING ALL);`}`);
    await tx.query(
      `INSERT INTO replay (topic, stream, model_id, range_from, range_to, state, started_at)
       VALUES ($1, $2, $3, $4, $5, 'reading', $6)`,
      [spec.topic, spec.stream, spec.modelId ?? null, spec.from, spec.to, spec.startedAt],
    );
    await tx.query(
      `INSERT INTO positions (partition, from_offset, to_offset, next_offset, lost)
       SELECT * FROM unnest($1::int[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])`,
      (['partition', 'from', 'to', 'next', 'lost'] as const).map((field) => spec.partitions.map((each) => each[field])),
    );
  });
}

interface ReplayRow {
  topic: string;
  stream: StreamName;
  model_id: string | null;
  range_from: string;
  range_to: string;
  state: ReplayState;
  started_at: Date;
  finished_at: Date | null;
  records: number;
  duplicates: number;
  scored: number;
}

export async function readReplay(on: Queryable, name: string): Promise<ReplayStatus> {
  const schema = replaySchema(name);
  const { rows } = await on.query<ReplayRow>(`SELECT * FROM ${schema}.replay`);
  const { rows: partitions } = await on.query<ReplayPartition>(
    `SELECT partition, from_offset AS "from", to_offset AS "to", next_offset AS "next", rejected, lost
     FROM ${schema}.positions ORDER BY partition`,
  );
  const [row] = rows;
  return {
    name,
    topic: row.topic,
    stream: row.stream,
    from: row.range_from,
    to: row.range_to,
    modelId: row.model_id ?? undefined,
    state: row.state,
    partitions,
    records: row.records,
    duplicates: row.duplicates,
    rejected: partitions.reduce((sum, { rejected }) => sum + rejected, 0),
    scored: row.scored,
    startedAt: row.started_at,
    finishedAt: row.finished_at ?? undefined,
  };
}

/** Newest first. */
export async function listReplays(on: Queryable): Promise<ListedReplay[]> {
  const { rows } = await on.query<{ name: string; bytes: number }>(
    `SELECT substr(n.nspname, ${PREFIX.length + 1}) AS name,
       (SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint FROM pg_class c
        WHERE c.relnamespace = n.oid AND c.relkind = 'r') AS bytes
     FROM pg_namespace n WHERE starts_with(n.nspname, '${PREFIX}')
       AND EXISTS (SELECT 1 FROM pg_class c WHERE c.relnamespace = n.oid AND c.relname = 'replay')`,
  );
  const listed: ListedReplay[] = [];
  for (const { name, bytes } of rows)
    if (REPLAY_NAME.test(name)) listed.push({ ...(await readReplay(on, name)), bytes });
  return listed.sort((a, b) => b.startedAt.getTime() - a.startedAt.getTime() || (a.name < b.name ? -1 : 1));
}

export async function dropReplay(on: DatabaseTransaction, name: string): Promise<void> {
  await on.execute(`DROP SCHEMA ${replaySchema(name)} CASCADE`);
}

export async function replayRejects(on: Queryable, name: string): Promise<ReplayReject[]> {
  const { rows } = await on.query<ReplayReject & { field: string | null }>(
    `SELECT partition, "offset", code, field, reason FROM ${replaySchema(name)}.rejects ORDER BY partition, "offset"`,
  );
  return rows.map((row) => ({ ...row, field: row.field ?? undefined }));
}

/** One partition moves on by what a batch took of it. */
export interface ReplayAdvance {
  readonly partition: number;
  readonly expected: number;
  readonly next: number;
  readonly rejected: number;
}

/** Within `inReplay`. @returns false when another process moved a position meanwhile: the transaction must then roll back */
export async function advanceReplay(
  tx: DatabaseTransaction,
  advances: readonly ReplayAdvance[],
  counts: { records: number; duplicates: number },
): Promise<boolean> {
  const { rowCount } = await tx.query(
    `UPDATE positions p SET next_offset = a.next, rejected = p.rejected + a.rejected
     FROM unnest($1::int[], $2::bigint[], $3::bigint[], $4::bigint[]) a(partition, expected, next, rejected)
     WHERE p.partition = a.partition AND p.next_offset = a.expected`,
    (['partition', 'expected', 'next', 'rejected'] as const).map((field) => advances.map((each) => each[field])),
  );
  await tx.query('UPDATE replay SET records = records + $1, duplicates = duplicates + $2', [
    counts.records,
    counts.duplicates,
  ]);
  return rowCount === advances.length;
}

/** Within `inReplay`: the topic has nothing of a partition's range below `next` any more. */
export async function skipLost(tx: DatabaseTransaction, partition: number, next: number): Promise<void> {
  await tx.query(
    'UPDATE positions SET lost = lost + ($2 - next_offset), next_offset = $2 WHERE partition = $1 AND next_offset < $2',
    [partition, next],
  );
}

/** Within `inReplay`. */
export async function saveRejects(tx: DatabaseTransaction, rejects: readonly ReplayReject[]): Promise<void> {
  await tx.query(
    `INSERT INTO rejects (partition, "offset", code, field, reason)
     SELECT * FROM unnest($1::int[], $2::bigint[], $3::text[], $4::text[], $5::text[])`,
    (['partition', 'offset', 'code', 'field', 'reason'] as const).map((field) =>
      rejects.map((reject) => reject[field] ?? null),
    ),
  );
}

/** Within `inReplay`. The planner should know what was filled in before it is asked to walk over it. */
export async function setReplayState(tx: DatabaseTransaction, state: ReplayState, finishedAt?: Date): Promise<void> {
  const { rows } = await tx.query<{ stream: StreamName }>(
    'UPDATE replay SET state = $1, finished_at = $2 RETURNING stream',
    [state, finishedAt ?? null],
  );
  if (state !== 'reading') await tx.execute(`ANALYZE ${rows[0].stream}`);
}
