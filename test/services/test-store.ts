/** Real stores for tests: the embedded one in a folder of its own, and a database of its own on a real Postgres. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import type { Database, DatabaseKind } from '../../src/stores/database';
import type { NewModel } from '../../src/stores/models';
import { openDatabase } from '../../src/stores/open';

export interface TestStore {
  database: Database;
  location: { databaseUrl?: string; dataDir: string };
  close(): Promise<void>;
}

const postgresUrl = process.env.KINDRED_TEST_DATABASE_URL;

/** Runs the suite on the embedded store and on Postgres; without a Postgres the second is skipped, and its name says why. */
export function onBothDatabases(suite: (kind: DatabaseKind) => void): void {
  describe('on the embedded store', () => suite('embedded'));
  if (postgresUrl) describe('on Postgres', () => suite('postgres'));
  else describe.skip('on Postgres (skipped: KINDRED_TEST_DATABASE_URL is not set)', () => suite('postgres'));
}

export async function openTestStore(kind: DatabaseKind): Promise<TestStore> {
  const place = await makePlace(kind);
  const database = await openDatabase(place.location);
  return {
    database,
    location: place.location,
    close: async () => {
      await database.close();
      await place.remove();
    },
  };
}

/** Where a store can be opened. */
export async function makePlace(
  kind: DatabaseKind,
): Promise<{ location: TestStore['location']; remove(): Promise<void> }> {
  const dataDir = mkdtempSync(join(tmpdir(), 'kindred-test-'));
  const removeFolder = () => rmSync(dataDir, { recursive: true, force: true });
  if (kind === 'embedded') return { location: { dataDir }, remove: async () => removeFolder() };
  const name = `kindred_test_${randomUUID().replaceAll('-', '')}`;
  await administer(`CREATE DATABASE ${name}`);
  const url = new URL(postgresUrl!);
  url.pathname = `/${name}`;
  return {
    location: { databaseUrl: url.href, dataDir },
    remove: async () => {
      await administer(`DROP DATABASE ${name} WITH (FORCE)`);
      removeFolder();
    },
  };
}

async function administer(sql: string): Promise<void> {
  const client = new Client(postgresUrl);
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

export interface EmbeddingSpec {
  space?: string;
  ids: readonly string[];
  dimension?: number;
  seed?: number;
  /** Metric of the model, 0.5 beside a plain baseline of 0.3 and a strong one of 0.4 unless given. */
  metric?: number;
}

/** A model to be stored, with vectors that a small generator draws, the same for the same seed. */
export function embedding({ space = 'items', ids, dimension = 8, seed = 1, metric = 0.5 }: EmbeddingSpec): NewModel {
  const next = generator(seed);
  const draw = (length: number) => Float32Array.from({ length }, () => next() - 0.5);
  return {
    space,
    trainer: space === 'users' ? 'node2vec' : 'word2vec',
    options: { dimension, seed },
    data: { stream: 'interactions', rows: ids.length, from: new Date('2026-01-01'), to: new Date('2026-02-01') },
    evaluation: {
      protocol: 'drawn for a test',
      sampled: false,
      primary: 'hr@10',
      metrics: { 'hr@10': metric },
      baselines: [
        { name: 'popularity', plain: true, metrics: { 'hr@10': 0.3 } },
        { name: 'item kNN', plain: false, metrics: { 'hr@10': 0.4 } },
      ],
    },
    facts: { tokens: ids.length },
    seconds: 1.5,
    createdAt: new Date('2026-02-02T00:00:00Z'),
    artifacts: {},
    rows: {
      ids,
      dimension,
      input: draw(ids.length * dimension),
      frequencies: Uint32Array.from(ids, (_, row) => ids.length - row),
      output: { vectors: draw(ids.length * dimension), bias: draw(ids.length) },
    },
  };
}

/** mulberry32 */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
