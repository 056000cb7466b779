/** The one way to a ready database: opened, migrated and looked over. */
import type { Database } from './database';
import { openEmbedded } from './embedded';
import { migrate } from './migrations';
import type { PooledDatabase } from './pooled';
import { openPostgres } from './postgres';

export interface DatabaseLocation {
  /** Postgres connection string; without it the embedded store in `dataDir` opens. */
  databaseUrl?: string;
  /** Absolute path. */
  dataDir: string;
}

/** pgvector 0.8.2 to 0.8.4 repaired its HNSW index. */
const SOUND_PGVECTOR = [0, 8, 4];

/**
 * Takes the folder's lock (embedded), opens, migrates.
 * @throws KindredError DATA_DIR_LOCKED, DATABASE_UNAVAILABLE, MIGRATION_FAILED or BAD_CONFIGURATION
 */
export async function openDatabase(location: DatabaseLocation): Promise<Database> {
  const database =
    location.databaseUrl === undefined
      ? await openEmbedded(location.dataDir)
      : await openPostgres(location.databaseUrl);
  try {
    await migrate(database);
    await warnOfOldPgvector(database);
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function warnOfOldPgvector(database: PooledDatabase): Promise<void> {
  const { rows } = await database.query<{ extversion: string }>(
    "SELECT extversion FROM pg_extension WHERE extname = 'vector'",
  );
  const version = rows[0]?.extversion ?? '0';
  if (isOlder(version.split('.').map(Number), SOUND_PGVECTOR))
    database.warn(
      `pgvector ${version} has known faults in its HNSW index. Install ${SOUND_PGVECTOR.join('.')} or newer, then: ALTER EXTENSION vector UPDATE`,
    );
}

function isOlder(version: readonly number[], than: readonly number[]): boolean {
  const at = than.findIndex((part, place) => (version[place] ?? 0) !== part);
  return at >= 0 && (version[at] ?? 0) < than[at];
}
