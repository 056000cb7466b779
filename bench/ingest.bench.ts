/**
 * Rows a second from a file to the table (read, check, stage, merge), beside a bare COPY of the same rows, already in COPY's
 * format and in memory, into the same table with the same indexes. The two take turns; the figure is the median of the
 * rounds. Postgres is measured where KINDRED_BENCH_DATABASE_URL or KINDRED_TEST_DATABASE_URL names a server that lets a
 * database be made.
 */
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { Client } from 'pg';
import { decodeRecord, type Raw } from '../src/domain/decoding';
import type { StreamName, StreamRecord } from '../src/domain/events';
import { EPOCH_MILLIS } from '../src/domain/times';
import { IngestionService } from '../src/services/ingestion';
import { copyBytes } from '../src/stores/copy-text';
import type { Database } from '../src/stores/database';
import { openDatabase } from '../src/stores/open';
import { STREAM_TABLES, type StreamTable } from '../src/stores/stream-tables';
import { readRecords } from '../src/streaming/record-files';
import { openSource } from '../src/streaming/source';
import type { Figure } from './figure';

const ROUNDS = 3;
const ROWS = { embedded: 100_000, postgres: 300_000 };

interface Case {
  name: string;
  stream: 'interactions' | 'transactions';
  header: string;
  row: (place: number) => string;
}

/** A generator of our own (mulberry32, public domain): the same rows at every run. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const draw = random(1);
const upTo = (limit: number): number => Math.floor(draw() * limit);
const time = (place: number): string => new Date(Date.UTC(2026, 0, 1) + place * 900).toISOString();

const cases: Case[] = [
  {
    name: 'interactions',
    stream: 'interactions',
    header: 'eventId,userId,itemId,action,occurredAt,sessionId,value',
    row: (place) =>
      `e${place},user-${upTo(20_000)},item-${upTo(50_000)},play,${time(place)},s${upTo(60_000)},${upTo(100) / 10}`,
  },
  {
    name: 'interactions without event ids',
    stream: 'interactions',
    header: 'userId,itemId,action,occurredAt',
    row: (place) => `user-${upTo(20_000)},item-${upTo(50_000)},play,${time(place)}`,
  },
  {
    name: 'transactions',
    stream: 'transactions',
    header: 'transactionId,accountId,merchantId,amount,currency,occurredAt,category,channel,country',
    row: (place) =>
      `t${place},account-${upTo(5_000)},merchant-${upTo(10_000)},${(draw() * 200).toFixed(2)},EUR,${time(place)},grocery,pos,DE`,
  },
];

interface Prepared {
  file: string;
  /** The rows as COPY wants them for the table itself. */
  copy: Buffer[];
}

async function prepare(folder: string, { name, stream, header, row }: Case, rows: number): Promise<Prepared> {
  const file = join(folder, `${name.replaceAll(' ', '-')}-${rows}.csv`);
  const out = createWriteStream(file);
  out.write(`${header}\n`);
  const columns = header.split(',');
  const records: StreamRecord[typeof stream][] = [];
  for (let place = 0; place < rows; place++) {
    const line = row(place);
    out.write(`${line}\n`);
    const values = line.split(',');
    const raw: Raw = Object.fromEntries(columns.map((column, at) => [column, values[at]]));
    const decoded = decodeRecord(stream, raw, EPOCH_MILLIS);
    if (!decoded.ok) throw new Error(`${decoded.field} ${decoded.reason}`);
    records.push(decoded.record);
  }
  out.end();
  await finished(out);
  const table = STREAM_TABLES[stream] as StreamTable<StreamRecord[typeof stream]>;
  const at = table.columns.findIndex(([, type]) => type === 'millis');
  const line = (record: StreamRecord[typeof stream]): string => {
    const cells = table.line(record).split('\t');
    cells[at] = record.occurredAt.toISOString();
    return cells.join('\t');
  };
  return { file, copy: [...copyBytes(records, line)] };
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const startedAt = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - startedAt) / 1e9;
}

const median = (values: number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

async function* measure(database: Database, folder: string): AsyncGenerator<Figure> {
  const rows = ROWS[database.kind];
  const ingestion = new IngestionService(database);
  for (const each of cases) {
    const { file, copy } = await prepare(folder, each, rows);
    const columns = STREAM_TABLES[each.stream].columns.map(([name]) => name);
    const bare: number[] = [];
    const whole: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      bare.push(
        await emptied(database, each.stream, rows, () =>
          database.transaction((tx) => tx.copyIn(each.stream, columns, copy)),
        ),
      );
      whole.push(
        await emptied(database, each.stream, rows, async () => {
          const options = { mapping: { columns: {}, constants: {} }, times: EPOCH_MILLIS };
          await ingestion.ingest(each.stream, readRecords(each.stream, await openSource(file), options));
        }),
      );
    }
    const value = rows / median(whole);
    const peer = rows / median(bare);
    const figure = `${each.name}, ${database.kind}, ${rows} rows (beside: bare COPY)`;
    yield { bench: 'ingest', figure, value, unit: 'rows/s', peer, ratio: value / peer };
  }
}

/** Times work on an empty table, and checks that it filled it. */
async function emptied(database: Database, stream: StreamName, rows: number, work: () => Promise<unknown>) {
  await database.query(`TRUNCATE ${stream}`);
  const taken = await seconds(work);
  const counted = await database.query<{ rows: number }>(`SELECT count(*) AS rows FROM ${stream}`);
  if (counted.rows[0].rows !== rows) throw new Error(`${counted.rows[0].rows} rows arrived in place of ${rows}`);
  return taken;
}

export async function* figures(): AsyncGenerator<Figure> {
  const folder = mkdtempSync(join(tmpdir(), 'kindred-ingest-'));
  try {
    yield* withDatabase({ dataDir: join(folder, 'store') }, folder);
    const server = process.env.KINDRED_BENCH_DATABASE_URL ?? process.env.KINDRED_TEST_DATABASE_URL;
    if (server === undefined) {
      console.error('ingest: Postgres is not measured, as KINDRED_BENCH_DATABASE_URL is not set');
      return;
    }
    const name = `kindred_bench_${process.pid}`;
    const admin = new Client({ connectionString: server });
    await admin.connect();
    await admin.query(`CREATE DATABASE ${name}`);
    try {
      const url = new URL(server);
      url.pathname = `/${name}`;
      yield* withDatabase({ databaseUrl: url.href, dataDir: folder }, folder);
    } finally {
      await admin.query(`DROP DATABASE ${name}`);
      await admin.end();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function* withDatabase(location: { databaseUrl?: string; dataDir: string }, folder: string) {
  const database = await openDatabase(location);
  try {
    yield* measure(database, folder);
  } finally {
    await database.close();
  }
}
