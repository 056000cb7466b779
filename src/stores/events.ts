/**
 * Records events, a batch in one transaction: large batches by COPY into a staging table and one merge, small ones by one
 * statement over arrays. Either way the count of what was new is exact, also for repetitions within the batch.
 */
import type { StreamName, StreamRecord } from '../domain/events';
import { copyBytes } from './copy-text';
import type { Database, Queryable } from './database';
import { STREAM_TABLES, type StreamTable } from './stream-tables';

export interface Recorded {
  /** Records that added or changed something. */
  accepted: number;
  /** Records that said what the store knew already, or that another record of the batch replaced. */
  duplicates: number;
}

/** From here on COPY's extra round trips pay. */
const COPY_FROM_ROWS = 500;

const ATTEMPTS = 5;
/** Two writers that wait for each other's keys: Postgres ends one of them, which may simply try again. */
const TRY_AGAIN = new Set(['40P01', '40001']);

export async function recordEvents<S extends StreamName>(
  database: Database,
  stream: S,
  records: readonly StreamRecord[S][],
): Promise<Recorded> {
  if (records.length === 0) return { accepted: 0, duplicates: 0 };
  const table = STREAM_TABLES[stream] as StreamTable<StreamRecord[S]>;
  const merged = table.merge ? mergeByKey(records, table.merge) : records;
  const accepted = await withRetries(() =>
    merged.length < COPY_FROM_ROWS
      ? insertArrays(database, stream, merged)
      : database.transaction(async (tx) => {
          const { staging, create, merge } = bulkStatements[stream];
          await tx.query(create);
          await tx.copyIn(staging, columnNames(table), copyBytes(merged, table.line));
          return (await tx.query(merge)).rowCount;
        }),
  );
  return { accepted, duplicates: records.length - accepted };
}

async function withRetries<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt === ATTEMPTS || !TRY_AGAIN.has((error as { code?: string }).code ?? '')) throw error;
    }
  }
}

/** One statement, so that it needs no transaction around it. Within a transaction of the caller's, it takes part in that. */
export async function insertArrays<S extends StreamName>(
  on: Queryable,
  stream: S,
  records: readonly StreamRecord[S][],
): Promise<number> {
  const { values } = STREAM_TABLES[stream] as StreamTable<StreamRecord[S]>;
  const rows = records.map(values);
  const columns = rows[0].map((_, column) => rows.map((row) => row[column]));
  return (await on.query(arrayStatements[stream], columns)).rowCount;
}

function mergeByKey<Rec>(records: readonly Rec[], merge: NonNullable<StreamTable<Rec>['merge']>): readonly Rec[] {
  const byKey = new Map<string, Rec>();
  for (const record of records) {
    const key = merge.key(record);
    const before = byKey.get(key);
    byKey.set(key, before === undefined ? record : merge.combine(before, record));
  }
  return byKey.size === records.length ? records : [...byKey.values()];
}

const columnNames = (table: Pick<StreamTable<never>, 'columns'>): string[] => table.columns.map(([name]) => name);

const selectList = (table: Pick<StreamTable<never>, 'columns'>): string =>
  table.columns.map(([name, type]) => (type === 'millis' ? `to_timestamp(${name} / 1000)` : name)).join(', ');

const sqlType = (type: string): string => (type === 'millis' ? 'float8' : type);

function forEachStream<T>(make: (stream: StreamName, table: Pick<StreamTable<never>, 'columns' | 'onConflict'>) => T) {
  return Object.fromEntries(
    Object.entries(STREAM_TABLES).map(([stream, table]) => [stream, make(stream as StreamName, table)]),
  ) as Record<StreamName, T>;
}

/** The staging table is the session's own, is not logged, and is empty again after each commit. */
const bulkStatements = forEachStream((stream, table) => {
  const staging = `staged_${stream}`;
  const columns = table.columns.map(([name, type]) => `${name} ${sqlType(type)}`);
  return {
    staging,
    create: `CREATE TEMPORARY TABLE IF NOT EXISTS ${staging} (${columns.join(', ')}) ON COMMIT DELETE ROWS`,
    merge: `INSERT INTO ${stream} (${columnNames(table).join(', ')}) SELECT ${selectList(table)} FROM ${staging} ${table.onConflict}`,
  };
});

const arrayStatements = forEachStream((stream, table) => {
  // jsonb travels as text: an array of JSON documents inside an array parameter would be escaped twice over.
  const arrays = table.columns.map(([, type], at) => `$${at + 1}::${type === 'jsonb' ? 'text' : sqlType(type)}[]`);
  const select = table.columns.map(([name, type]) =>
    type === 'millis' ? `to_timestamp(${name} / 1000)` : type === 'jsonb' ? `${name}::jsonb` : name,
  );
  return `INSERT INTO ${stream} (${columnNames(table).join(', ')}) SELECT ${select.join(', ')}
    FROM unnest(${arrays.join(', ')}) AS given (${columnNames(table).join(', ')}) ${table.onConflict}`;
});
