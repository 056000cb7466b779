/**
 * How fast transactions that arrive are described from the tables and the cache of them (FeatureState), beside one walk over the same
 * transactions in order of time (FeatureStream): 5,000 accounts, 10,000 merchants, one of which takes a tenth of all, and times
 * that are up to a second out of order. Cold: nothing is in memory, every batch reads the past of whom it names. Memory a row is
 * what the heap grew by. On the Postgres that KINDRED_BENCH_DATABASE_URL or KINDRED_TEST_DATABASE_URL names.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import type { Transaction } from '../src/domain/events';
import { FeatureStream } from '../src/features/feature-stream';
import { parseFeatureOptions } from '../src/features/options';
import { FeatureState } from '../src/services/feature-state';
import type { Database } from '../src/stores/database';
import { insertTransactions } from '../src/stores/events';
import { openDatabase } from '../src/stores/open';
import { collectGarbage } from '../src/threads';
import type { Figure } from './figure';

const BENCH = 'feature-state';
const ROWS = 200_000;
const BATCH = 1_000;
const ACCOUNTS = 5_000;
const MERCHANTS = 10_000;
const OPTIONS = parseFeatureOptions();

export async function* figures(): AsyncIterable<Figure> {
  const server = process.env.KINDRED_BENCH_DATABASE_URL ?? process.env.KINDRED_TEST_DATABASE_URL;
  if (!server)
    throw new Error('Name a Postgres: KINDRED_BENCH_DATABASE_URL, or eval "$(node scripts/postgres.mjs start)"');
  const name = `kindred_bench_features_${process.pid}`;
  const admin = new Client({ connectionString: server });
  await admin.connect();
  await admin.query(`CREATE DATABASE ${name}`);
  const dataDir = mkdtempSync(join(tmpdir(), 'kindred-bench-'));
  try {
    const url = new URL(server);
    url.pathname = `/${name}`;
    const database = await openDatabase({ databaseUrl: url.href, dataDir });
    try {
      yield* measure(database);
    } finally {
      await database.close();
    }
  } finally {
    await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
    await admin.end();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function* measure(database: Database): AsyncIterable<Figure> {
  const all = payments();
  const walk = walkRate([...all].sort((a, b) => a.occurredAt.getTime() - b.occurredAt.getTime()));
  const warm = new FeatureState();
  const before = heap();
  const rates: { prepare: number; describe: number }[] = [];
  for (let start = 0; start < ROWS; start += BATCH)
    rates.push(await take(database, warm, all.slice(start, start + BATCH)));
  const after = heap();
  const steady = rates.slice(rates.length / 2);
  const described = (steady.length * BATCH) / sum(steady.map(({ describe }) => describe));
  yield figure('describe alone, steady', described, 'rows/s', walk);
  const whole = (steady.length * BATCH) / sum(steady.map(({ prepare, describe }) => prepare + describe));
  yield figure('prepare and describe, steady', whole, 'rows/s', walk);
  yield figure('memory', (after - before) / warm.rows, 'bytes a row of the past');
  const cold = new FeatureState();
  const times: number[] = [];
  for (let start = ROWS - 10 * BATCH; start < ROWS; start += BATCH) {
    const batch = all.slice(start, start + BATCH);
    const startedAt = performance.now();
    await database.transaction((tx) => cold.describeStored(tx, batch, OPTIONS));
    times.push((performance.now() - startedAt) / 1_000);
  }
  yield figure('first ten batches, nothing in memory', (10 * BATCH) / sum(times), 'rows/s');
}

async function take(
  database: Database,
  state: FeatureState,
  batch: readonly Transaction[],
): Promise<{ prepare: number; describe: number }> {
  const seconds = { prepare: 0, describe: 0 };
  await database.transaction(async (tx) => {
    await insertTransactions(tx, batch);
    const startedAt = performance.now();
    await state.prepare(tx, batch, OPTIONS);
    const preparedAt = performance.now();
    state.describe(batch);
    seconds.prepare = (preparedAt - startedAt) / 1_000;
    seconds.describe = (performance.now() - preparedAt) / 1_000;
  });
  state.committed();
  return seconds;
}

function walkRate(transactions: readonly Transaction[]): number {
  const stream = new FeatureStream(OPTIONS, () => undefined);
  const startedAt = performance.now();
  for (const transaction of transactions) stream.push(transaction);
  stream.flush();
  return transactions.length / ((performance.now() - startedAt) / 1_000);
}

function heap(): number {
  collectGarbage(Number.POSITIVE_INFINITY);
  return process.memoryUsage().heapUsed;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

const figure = (name: string, value: number, unit: string, peer?: number): Figure => ({
  bench: BENCH,
  figure: name,
  value,
  unit,
  ...(peer !== undefined && { peer, ratio: value / peer }),
});

/** Twenty days of traffic. */
function payments(): Transaction[] {
  let state = 1;
  const below = (limit: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
  const gap = (20 * 86_400_000) / ROWS;
  return Array.from({ length: ROWS }, (_, at) => ({
    transactionId: `payment-${at}`,
    accountId: `account-${below(ACCOUNTS)}`,
    merchantId: `merchant-${below(10) === 0 ? 0 : below(MERCHANTS)}`,
    amount: below(100_000) / 100,
    currency: 'EUR',
    occurredAt: new Date(Date.UTC(2026, 0, 1) + Math.round(at * gap) - below(1_000)),
  }));
}
