/** Opens a real Postgres (15 or newer, with pgvector) behind `Database`. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Pool, type PoolClient } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { KindredError } from '../errors';
import { asDatabaseError } from './failures';
import { PooledDatabase, SESSION_SETTINGS, typeParsers } from './pooled';

const MAX_CONNECTIONS = 10;
const CONNECT_TIMEOUT_MILLIS = 10_000;
const OLDEST_POSTGRES = 15;

export async function openPostgres(url: string): Promise<PooledDatabase> {
  const pool = new Pool({
    connectionString: url,
    max: MAX_CONNECTIONS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MILLIS,
    application_name: 'kindred',
    keepAlive: true,
    // A host that is gone is noticed in minutes, where the kernel alone would take hours.
    keepAliveInitialDelayMillis: 10_000,
    types: typeParsers,
    onConnect: async (client) => {
      await client.query(SESSION_SETTINGS);
    },
  });
  // An idle connection that the server closes is replaced at the next use; without a listener it would end the process.
  pool.on('error', () => undefined);
  try {
    await refuseOldServer(pool);
  } catch (error) {
    await pool.end();
    throw asDatabaseError(error);
  }
  return new PooledDatabase({ kind: 'postgres', pool, copyIn, onClose: async () => undefined });
}

async function copyIn(client: PoolClient, target: string, bytes: AsyncIterable<Buffer> | Iterable<Buffer>) {
  const copy = client.query(copyFrom(`COPY ${target} FROM STDIN`));
  await pipeline(Readable.from(bytes, { objectMode: false }), copy);
  return copy.rowCount;
}

async function refuseOldServer(pool: Pool): Promise<void> {
  const { rows } = await pool.query('SHOW server_version_num');
  const version = Math.floor(Number(rows[0].server_version_num) / 10_000);
  if (version >= OLDEST_POSTGRES) return;
  throw new KindredError('DATABASE_UNAVAILABLE', `This is Postgres ${version}; Kindred needs ${OLDEST_POSTGRES}.`, {
    remedy: `Upgrade the server to Postgres ${OLDEST_POSTGRES} or newer, with pgvector 0.8.4 or newer.`,
    facts: { version },
  });
}
