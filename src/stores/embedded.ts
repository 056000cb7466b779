/**
 * The embedded store: PGlite in a thread of its own, behind the same driver as a real Postgres. It has one session, so
 * the pool holds one connection and transactions take turns. Its files survive a killed process (every write has reached
 * the system by the time it is acknowledged), but not a power cut: PGlite does not fsync.
 */
import { mkdirSync } from 'node:fs';
import { type ClientBase, Pool, type PoolConfig } from 'pg';
import { KindredError } from '../errors';
import { EmbeddedThread } from './embedded-connection';
import { databaseFolder } from './embedded-folder';
import { lockFolder } from './lock';
import { PooledDatabase, SESSION_SETTINGS, typeParsers } from './pooled';

/** @param dataDir absolute path; the database is in its subfolder `postgres`, beside the lock */
export async function openEmbedded(dataDir: string): Promise<PooledDatabase> {
  try {
    mkdirSync(dataDir, { recursive: true });
  } catch (cause) {
    throw new KindredError('BAD_CONFIGURATION', `The folder ${dataDir} cannot be made: ${(cause as Error).message}`, {
      remedy: 'Choose a folder that can be written to, with --data-dir or KINDRED_DATA_DIR.',
      facts: { dataDir },
      cause,
    });
  }
  const lock = lockFolder(dataDir);
  try {
    const thread = await EmbeddedThread.start(await databaseFolder(dataDir));
    const pool = new Pool({
      // Said in full, so that PGHOST and its like in the environment do not reach the embedded store.
      host: 'embedded',
      port: 5432,
      user: 'postgres',
      database: 'postgres',
      password: '',
      ssl: false,
      application_name: 'kindred',
      stream: () => thread.connect(),
      max: 1,
      idleTimeoutMillis: 0,
      types: typeParsers,
      onConnect: async (client: ClientBase) => {
        await client.query(SESSION_SETTINGS);
      },
    } as PoolConfig);
    // The query in flight is told; without a listener the same news would end the process.
    pool.on('error', () => undefined);
    return new PooledDatabase({
      kind: 'embedded',
      pool,
      copyIn: async (_client, target, bytes) => {
        const pieces: Buffer[] = [];
        for await (const piece of bytes) pieces.push(piece);
        return thread.copy(`COPY ${target} FROM '/dev/blob'`, joined(pieces));
      },
      onClose: async () => {
        await thread.close();
        lock.release();
      },
    });
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** In memory of its own, which can be moved to the thread. */
function joined(pieces: readonly Buffer[]): ArrayBuffer {
  const whole = new Uint8Array(pieces.reduce((size, piece) => size + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole.buffer;
}
