/**
 * The embedded store: PGlite in a thread of its own, behind the same driver as a real Postgres. It has one session, so
 * the pool holds one connection and transactions take turns. Its files survive a killed process (every write has reached
 * the system by the time it is acknowledged), but not a power cut: PGlite does not fsync.
 */
import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { type ClientBase, Pool, type PoolConfig } from 'pg';
import { KindredError } from '../errors';
import { EmbeddedThread } from './embedded-connection';
import { databaseFolder } from './embedded-folder';
import { lockFolder } from './lock';
import { PooledDatabase, SESSION_SETTINGS, typeParsers } from './pooled';

/** Bytes of a COPY that go to the thread at a time: large enough that starting one costs nothing beside it. */
const PART_BYTES = 16 * 2 ** 20;

/** @param dataDir absolute path; the database is in its subfolder `postgres`, beside the lock */
export async function openEmbedded(dataDir: string): Promise<PooledDatabase> {
  try {
    makeFolder(dataDir);
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
      copyIn: (_client, target, bytes) => copyInParts(thread, target, bytes),
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

/**
 * Not mkdir's own `recursive`: in a place that refuses new folders by ENOENT, as /proc does, Node 20's tries for ever.
 */
function makeFolder(folder: string): void {
  const there = statSync(folder, { throwIfNoEntry: false });
  if (there?.isDirectory()) return;
  if (there) throw new Error(`${folder} is not a folder`);
  makeFolder(dirname(folder));
  try {
    mkdirSync(folder);
  } catch (error) {
    // Another process was faster.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** Several COPYs in the transaction of the session are as good as one, and no more than a part is ever held. */
async function copyInParts(
  thread: EmbeddedThread,
  target: string,
  bytes: AsyncIterable<Buffer> | Iterable<Buffer>,
): Promise<number> {
  const sql = `COPY ${target} FROM '/dev/blob'`;
  let pieces: Buffer[] = [];
  let size = 0;
  let rows = 0;
  for await (const piece of bytes) {
    // The format escapes line feeds within values: this one ends a row.
    const end = size + piece.length < PART_BYTES ? 0 : piece.lastIndexOf('\n') + 1;
    if (end > 0) {
      rows += await thread.copy(sql, joined([...pieces, piece.subarray(0, end)]));
      pieces = [];
      size = 0;
    }
    pieces.push(piece.subarray(end));
    size += piece.length - end;
  }
  return rows + (await thread.copy(sql, joined(pieces)));
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
