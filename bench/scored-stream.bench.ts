/**
 * Transactions a second that the stream's writer commits with a live model, without Kafka: position, rows, features, scores, alerts and
 * the messages that will leave, one database transaction a batch. Beside it (`peer`) a bare COPY of the same rows, already in COPY's format
 * and in memory, into the same table with the same indexes, in batches of the same size. The model has the default layers. On the
 * Postgres that KINDRED_BENCH_DATABASE_URL or KINDRED_TEST_DATABASE_URL names.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import type { Transaction } from '../src/domain/events';
import { computeFeatures } from '../src/features/feature-table';
import { parseFeatureOptions } from '../src/features/options';
import { fraudArtifacts } from '../src/services/fraud-model';
import { openServices, type Services } from '../src/services/services';
import { copyBytes } from '../src/stores/copy-text';
import type { Database } from '../src/stores/database';
import { openDatabase } from '../src/stores/open';
import { STREAM_TABLES } from '../src/stores/stream-tables';
import { autoencoder } from '../src/training/autoencoder/trainer';
import { Random } from '../src/training/kernels/random';
import type { Figure } from './figure';

const BENCH = 'scored-stream';
const ROWS = 60_000;
const BATCHES = [500, 2_000];
/** Rows before the measured ones: the past that most accounts and merchants have, and code that is compiled. */
const WARM_ROWS = 20_000;
const ACCOUNTS = 5_000;
const MERCHANTS = 10_000;
const OPTIONS = parseFeatureOptions();
const TOPICS = { scores: 'bench.fraud-scores', alerts: 'bench.alerts', models: 'bench.models' };

export async function* figures(): AsyncIterable<Figure> {
  const server = process.env.KINDRED_BENCH_DATABASE_URL ?? process.env.KINDRED_TEST_DATABASE_URL;
  if (!server)
    throw new Error('Name a Postgres: KINDRED_BENCH_DATABASE_URL, or eval "$(node scripts/postgres.mjs start)"');
  const name = `kindred_bench_scored_${process.pid}`;
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
  const rows = payments();
  await promoteModel(database, rows.slice(0, 5_000));
  for (const size of BATCHES) {
    await empty(database);
    const peer = await bareCopy(database, rows, size);
    await empty(database);
    // Services anew: nothing is in memory.
    const { services, close } = openServices(database, {
      trainingThreads: 1,
      onTrainingFailure: () => undefined,
      outboxTopics: TOPICS,
    });
    const value = await scored(services, rows, size);
    await close();
    const { rows: counted } = await database.query<{ n: number }>('SELECT count(*) AS n FROM fraud_scores');
    if (counted[0].n !== rows.length) throw new Error(`${counted[0].n} scores in place of ${rows.length}`);
    const figure = `stored and scored, ${size} a batch (beside: bare COPY)`;
    yield { bench: BENCH, figure, value, unit: 'transactions/s', peer, ratio: value / peer };
  }
}

/** A generator of our own, the same rows at every run: 100 a second. */
function payments(): Transaction[] {
  const random = Random.seeded(7);
  const start = Date.UTC(2026, 0, 1);
  return Array.from({ length: WARM_ROWS + ROWS }, (_, n) => ({
    transactionId: `payment-${n}`,
    accountId: `account-${random.below(ACCOUNTS)}`,
    merchantId: `merchant-${random.below(MERCHANTS)}`,
    amount: (100 + random.below(20_000)) / 100,
    currency: 'EUR',
    occurredAt: new Date(start + n * 10),
    category: 'grocery',
    channel: 'pos',
    country: 'DE',
  }));
}

async function promoteModel(database: Database, sample: readonly Transaction[]): Promise<void> {
  const { columns, rows, values } = computeFeatures(sample, OPTIONS);
  const model = await autoencoder.train({ columns, rows, values }, autoencoder.options.parse({ epochs: 3 }));
  const { services, close } = openServices(database, { trainingThreads: 1, onTrainingFailure: () => undefined });
  const { id } = await services.registry.add({
    space: 'accounts',
    trainer: 'autoencoder',
    options: {},
    data: { stream: 'transactions', rows },
    facts: {},
    seconds: 0,
    createdAt: new Date(),
    artifacts: fraudArtifacts(model, OPTIONS),
    rows: {
      ids: ['account-0'],
      dimension: model.codeDimension,
      input: new Float32Array(model.codeDimension).fill(1),
      frequencies: Uint32Array.of(1),
    },
  });
  await services.registry.promote(id, { force: true });
  await close();
}

async function empty(database: Database): Promise<void> {
  await database.query('TRUNCATE transactions, fraud_scores, alerts, outbox, stream_positions');
}

async function bareCopy(database: Database, rows: readonly Transaction[], size: number): Promise<number> {
  const columns = STREAM_TABLES.transactions.columns.map(([name]) => name);
  const at = columns.indexOf('occurred_at');
  const line = (row: Transaction): string => {
    const cells = STREAM_TABLES.transactions.line(row).split('\t');
    cells[at] = row.occurredAt.toISOString();
    return cells.join('\t');
  };
  const batches = parts(rows, size).map((batch) => [...copyBytes(batch, line)]);
  return rate(size, batches, (bytes) =>
    database.transaction(async (tx) => void (await tx.copyIn('transactions', columns, bytes))),
  );
}

function scored(services: Services, rows: readonly Transaction[], size: number): Promise<number> {
  let offset = 0;
  return rate(size, parts(rows, size), async (batch) => {
    const next = offset + batch.length;
    const advance = { topic: 'bench', partition: 0, expected: offset, next, records: batch.length };
    await services.streamWriter.commit('transactions', batch, [{ ...advance, deadLetters: 0, rate: 0 }]);
    offset = next;
  });
}

/** Rows a second over the batches after the warm ones. */
async function rate<Batch>(size: number, batches: readonly Batch[], work: (batch: Batch) => Promise<void>) {
  const warm = WARM_ROWS / size;
  for (const batch of batches.slice(0, warm)) await work(batch);
  const startedAt = performance.now();
  for (const batch of batches.slice(warm)) await work(batch);
  return ((batches.length - warm) * size) / ((performance.now() - startedAt) / 1_000);
}

function parts<Row>(rows: readonly Row[], size: number): Row[][] {
  return Array.from({ length: rows.length / size }, (_, n) => rows.slice(n * size, (n + 1) * size));
}
