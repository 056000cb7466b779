/**
 * Records events, a batch in one transaction: large batches by COPY, straight into the table where every record is new, else into
 * a staging table and one merge; small ones by one statement over arrays. Either way the count of what was new is exact, also for
 * repetitions within the batch. The transaction may be the caller's, who then commits what belongs to the batch together with it.
 */
import type { StreamName, StreamRecord, Transaction } from '../domain/events';
import { copyBytes } from './copy-text';
import type { Database, DatabaseTransaction, Queryable } from './database';
import { sqlState, withRetries } from './retries';
import { STREAM_TABLES, type StreamTable } from './stream-tables';

export interface Recorded {
  /** Records that added or changed something. */
  accepted: number;
  /** Records that said what the store knew already, or that another record of the batch replaced. */
  duplicates: number;
}

/** From here on COPY's extra round trips pay. */
const COPY_FROM_ROWS = 500;

const UNIQUE_VIOLATION = '23505';
/** After a batch with something that was there already, as many go through the staging table: it is seldom alone. */
const DETOUR_BATCHES = 30;
/** How many of them are to come, for each stream that this process records. */
const detours = new Map<StreamName, number>();

/** In a transaction of its own, tried again where two writers wait for each other's keys. */
export async function recordEvents<S extends StreamName>(
  database: Database,
  stream: S,
  records: readonly StreamRecord[S][],
): Promise<Recorded> {
  if (records.length === 0) return { accepted: 0, duplicates: 0 };
  const merged = mergedRecords(stream, records);
  const accepted = await withRetries(() =>
    merged.length < COPY_FROM_ROWS
      ? // One statement, which needs no transaction around it.
        throughArrays(database, stream, merged)
      : database.transaction((tx) => throughCopy(tx, stream, merged)),
  );
  return { accepted: accepted.rowCount, duplicates: records.length - accepted.rowCount };
}

/** Takes part in the caller's transaction, once a stream and transaction. */
export async function insertEvents<S extends StreamName>(
  tx: DatabaseTransaction,
  stream: S,
  records: readonly StreamRecord[S][],
): Promise<Recorded> {
  if (records.length === 0) return { accepted: 0, duplicates: 0 };
  const { rowCount } = await insert(tx, stream, mergedRecords(stream, records));
  return { accepted: rowCount, duplicates: records.length - rowCount };
}

/**
 * Takes part in the caller's transaction, once a transaction.
 * @returns those that were new, the first of each id, in the order given
 */
export async function insertTransactions(
  tx: DatabaseTransaction,
  transactions: readonly Transaction[],
): Promise<Transaction[]> {
  if (transactions.length === 0) return [];
  const firsts = mergedRecords('transactions', transactions);
  const { rows, rowCount } = await insert<'transactions', { transaction_id: string }>(
    tx,
    'transactions',
    firsts,
    ' RETURNING transaction_id',
  );
  if (rowCount === firsts.length) return [...firsts];
  const fresh = new Set(rows.map(({ transaction_id }) => transaction_id));
  return firsts.filter(({ transactionId }) => fresh.has(transactionId));
}

/** @param returning a RETURNING clause */
function insert<S extends StreamName, Row>(
  tx: DatabaseTransaction,
  stream: S,
  records: readonly StreamRecord[S][],
  returning = '',
) {
  return records.length < COPY_FROM_ROWS
    ? throughArrays<S, Row>(tx, stream, records, returning)
    : throughCopy<S, Row>(tx, stream, records, returning);
}

function throughArrays<S extends StreamName, Row>(
  on: Queryable,
  stream: S,
  records: readonly StreamRecord[S][],
  returning = '',
) {
  const { values } = STREAM_TABLES[stream] as StreamTable<StreamRecord[S]>;
  const rows = records.map(values);
  const columns = rows[0].map((_, column) => rows.map((row) => row[column]));
  return on.query<Row>(`${arrayStatements[stream]}${returning}`, columns);
}

async function throughCopy<S extends StreamName, Row>(
  tx: DatabaseTransaction,
  stream: S,
  records: readonly StreamRecord[S][],
  returning = '',
) {
  const table = STREAM_TABLES[stream] as StreamTable<StreamRecord[S]>;
  if (await directly(tx, stream, records)) return { rows: [] as Row[], rowCount: records.length };
  const { staging, create, merge } = bulkStatements[stream];
  await tx.query(create);
  await tx.copyIn(staging, columnNames(table), copyBytes(records, table.line));
  return tx.query<Row>(`${merge}${returning}`);
}

/** Costs what a bare COPY costs. @returns false, and has done nothing, where a key is there already or was lately */
async function directly<S extends StreamName>(
  tx: DatabaseTransaction,
  stream: S,
  records: readonly StreamRecord[S][],
): Promise<boolean> {
  const table = STREAM_TABLES[stream] as StreamTable<StreamRecord[S]>;
  if (!table.first) return false;
  const detour = detours.get(stream) ?? 0;
  if (detour > 0) {
    detours.set(stream, detour - 1);
    return false;
  }
  await tx.execute('SAVEPOINT direct');
  try {
    await tx.copyIn(stream, columnNames(table), copyBytes(records, table.first.line));
  } catch (error) {
    if (sqlState(error) !== UNIQUE_VIOLATION) throw error;
    await tx.execute('ROLLBACK TO SAVEPOINT direct');
    detours.set(stream, DETOUR_BATCHES);
    return false;
  }
  await tx.execute('RELEASE SAVEPOINT direct');
  return true;
}

function mergedRecords<S extends StreamName>(stream: S, records: readonly StreamRecord[S][]) {
  const { first, merge } = STREAM_TABLES[stream] as StreamTable<StreamRecord[S]>;
  if (first) return mergeByKey(records, { key: first.key, combine: (before) => before });
  return merge ? mergeByKey(records, merge) : records;
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
