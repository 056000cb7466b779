/**
 * Applies prisma/migrations to a database of either kind and records them as `prisma migrate deploy` does, so that it can
 * go on from there. Prisma's own engine is a download that a fresh machine may not reach.
 */
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { KindredError } from '../errors';
import type { Database, DatabaseTransaction } from './database';

export interface Migration {
  /** Name of its folder, which begins with a time: names in order are migrations in order. */
  name: string;
  sql: string;
  /** SHA-256 of the file, in hex. */
  checksum: string;
}

interface Recorded {
  migration_name: string;
  checksum: string;
  finished: boolean;
}

/** The same path from src/stores and from dist/stores. */
export const MIGRATIONS_FOLDER = join(__dirname, '..', '..', 'prisma', 'migrations');

/** The number that Prisma's engine locks on, so that the two do not run at once. */
const PRISMA_LOCK = 72_707_369;

const RECORDS_TABLE = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id                  varchar(36) PRIMARY KEY NOT NULL,
  checksum            varchar(64) NOT NULL,
  finished_at         timestamptz,
  migration_name      varchar(255) NOT NULL,
  logs                text,
  rolled_back_at      timestamptz,
  started_at          timestamptz NOT NULL DEFAULT now(),
  applied_steps_count integer NOT NULL DEFAULT 0
)`;

export function readMigrations(folder: string = MIGRATIONS_FOLDER): Migration[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(folder, entry.name, 'migration.sql')))
    .map((entry) => {
      const content = readFileSync(join(folder, entry.name, 'migration.sql'));
      const checksum = createHash('sha256').update(content).digest('hex');
      return { name: entry.name, sql: content.toString('utf8'), checksum };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * Brings the database up to the newest migration, each in a transaction of its own.
 * @returns names of those applied now
 * @throws KindredError MIGRATION_FAILED
 */
export async function migrate(
  database: Database,
  migrations: readonly Migration[] = readMigrations(),
): Promise<string[]> {
  const applied: string[] = [];
  for (;;) {
    const name = await database.transaction((tx) => applyNext(tx, migrations));
    if (name === undefined) return applied;
    applied.push(name);
  }
}

async function applyNext(tx: DatabaseTransaction, migrations: readonly Migration[]): Promise<string | undefined> {
  await tx.query('SELECT pg_advisory_xact_lock($1)', [PRISMA_LOCK]);
  await tx.execute(RECORDS_TABLE);
  const { rows } = await tx.query<Recorded>(
    `SELECT migration_name, checksum, finished_at IS NOT NULL AS finished
     FROM _prisma_migrations WHERE rolled_back_at IS NULL ORDER BY started_at`,
  );
  const next = nextMigration(rows, migrations);
  if (!next) return undefined;
  await tx.execute(next.sql).catch((cause: Error) => {
    throw new KindredError('MIGRATION_FAILED', `Migration ${next.name} failed: ${cause.message}`, {
      remedy: /extension "vector"/.test(cause.message)
        ? 'Install pgvector 0.8.4 or newer on the server, and let a superuser run: CREATE EXTENSION vector'
        : 'Nothing of it was kept. Correct what the message names and start again.',
      facts: { migration: next.name },
      cause,
    });
  });
  await tx.query(
    `INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
     VALUES ($1, $2, $3, clock_timestamp(), clock_timestamp(), 1)`,
    [randomUUID(), next.checksum, next.name],
  );
  return next.name;
}

function nextMigration(recorded: readonly Recorded[], migrations: readonly Migration[]): Migration | undefined {
  const known = new Map(migrations.map((migration) => [migration.name, migration]));
  for (const row of recorded) {
    const migration = known.get(row.migration_name);
    if (!migration)
      throw refused(
        row.migration_name,
        'was applied by a newer Kindred',
        'Use the Kindred version that made this database, or a newer one.',
      );
    if (!row.finished)
      throw refused(
        row.migration_name,
        'was begun and not finished',
        'Resolve it with `npx prisma migrate resolve`, then start again.',
      );
    if (migration.checksum !== row.checksum)
      throw refused(
        row.migration_name,
        'was changed after it was applied',
        'Restore the file from version control; a change to the schema is a new migration.',
      );
  }
  const done = new Set(recorded.map((row) => row.migration_name));
  return migrations.find((migration) => !done.has(migration.name));
}

function refused(migration: string, what: string, remedy: string): KindredError {
  return new KindredError('MIGRATION_FAILED', `Migration ${migration} ${what}.`, { remedy, facts: { migration } });
}
