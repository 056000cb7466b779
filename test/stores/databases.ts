/**
 * Runs one suite on each kind of database: the embedded store in a new folder, and a new database on the Postgres that
 * KINDRED_TEST_DATABASE_URL names (skipped, and said so, where there is none).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import type { Database, DatabaseKind } from '../../src/stores/database';
import { type DatabaseLocation, openDatabase } from '../../src/stores/open';

export const testServer = process.env.KINDRED_TEST_DATABASE_URL;

export interface TestStore {
  readonly kind: DatabaseKind;
  readonly location: DatabaseLocation;
  /** Drops the database, removes the folder. Close what was opened on it first. */
  remove(): Promise<void>;
}

let made = 0;

export async function makeStore(kind: DatabaseKind): Promise<TestStore> {
  const dataDir = mkdtempSync(join(tmpdir(), 'kindred-test-'));
  const removeFolder = (): void => rmSync(dataDir, { recursive: true, force: true });
  if (kind === 'embedded') return { kind, location: { dataDir }, remove: async () => removeFolder() };
  const name = `kindred_test_${process.pid}_${++made}`;
  await onServer(`CREATE DATABASE ${name}`);
  const url = new URL(testServer!);
  url.pathname = `/${name}`;
  return {
    kind,
    location: { databaseUrl: url.href, dataDir },
    remove: async () => {
      removeFolder();
      await onServer(`DROP DATABASE ${name} WITH (FORCE)`);
    },
  };
}

async function onServer(sql: string): Promise<void> {
  const client = new Client({ connectionString: testServer });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/** @param body gets a function that gives the open database, one for the whole suite */
export function describeOnEachDatabase(
  title: string,
  body: (database: () => Database, store: () => TestStore) => void,
) {
  for (const kind of ['embedded', 'postgres'] as const) {
    const suite = (): void => {
      let store: TestStore;
      let database: Database;
      beforeAll(async () => {
        store = await makeStore(kind);
        database = await openDatabase(store.location);
      });
      afterAll(async () => {
        await database?.close();
        await store?.remove();
      });
      body(
        () => database,
        () => store,
      );
    };
    if (kind === 'postgres' && testServer === undefined)
      describe.skip(`${title}, on Postgres (skipped: KINDRED_TEST_DATABASE_URL is not set)`, suite);
    else describe(`${title}, on ${kind === 'embedded' ? 'the embedded store' : 'Postgres'}`, suite);
  }
}
