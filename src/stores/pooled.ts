/**
 * The `Database` over a `pg` pool. Both kinds run this code: a real Postgres through TCP, PGlite through its thread; they
 * differ in how a connection is made and how COPY gets its bytes.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { createHash } from 'node:crypto';
import { type CustomTypesConfig, type Pool, type PoolClient, types } from 'pg';
import type {
  ConnectionUse,
  Database,
  DatabaseKind,
  DatabaseTransaction,
  QueryResult,
  TransactionOptions,
} from './database';
import { asDatabaseError } from './failures';

/** Runs one COPY on a checked-out connection and says how many rows it loaded. */
export type CopyIn = (
  client: PoolClient,
  target: string,
  bytes: AsyncIterable<Buffer> | Iterable<Buffer>,
) => Promise<number>;

export interface PooledDatabaseParts {
  kind: DatabaseKind;
  pool: Pool;
  copyIn: CopyIn;
  /** Runs once, after the pool has ended. */
  onClose: () => Promise<void>;
}

/** Each connection keeps its statements; a text is prepared the second time it is seen, up to this many texts. */
const MAX_PREPARED = 500;
/** Texts remembered as seen once, so that SQL composed for one use does not pile up. */
const MAX_SEEN = 2_000;

/**
 * What every session runs with. Days begin at midnight UTC wherever the server is. A walk over an HNSW index goes on, in
 * order of distance, until its LIMIT is met: without that, a filter leaves pages half full.
 */
export const SESSION_SETTINGS = `SET TIME ZONE 'UTC'; SET hnsw.iterative_scan = 'strict_order'; SET hnsw.ef_search = 64`;

/** Counts and ids of ours stay far below 2^53: bigint comes back as a number, on both databases. */
export const typeParsers: CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === types.builtins.INT8 && format !== 'binary'
      ? Number
      : types.getTypeParser(oid, format as 'text')) as CustomTypesConfig['getTypeParser'],
};

export class PooledDatabase implements Database {
  readonly kind: DatabaseKind;
  readonly warnings: string[] = [];
  /** For Prisma, which keeps transactions of its own on the same pool. */
  readonly pool: Pool;
  private readonly names = new Map<string, string>();
  private readonly seenOnce = new Set<string>();
  private readonly running = new AsyncLocalStorage<{ open: boolean }>();
  private closing?: Promise<void>;

  constructor(private readonly parts: PooledDatabaseParts) {
    this.kind = parts.kind;
    this.pool = parts.pool;
  }

  async query<Row = Record<string, unknown>>(sql: string, params?: readonly unknown[]): Promise<QueryResult<Row>> {
    this.refuseInsideTransaction();
    // Not pool.query: it closes the connection of a query that failed, and with it all that was prepared there.
    return this.withClient((client) => this.run(client, sql, params));
  }

  async transaction<T>(
    work: (tx: DatabaseTransaction) => Promise<T>,
    { abandonedAfterMillis }: TransactionOptions = {},
  ): Promise<T> {
    this.refuseInsideTransaction();
    return this.withClient(async (client) => {
      const state = { open: true };
      try {
        await client.query(
          abandonedAfterMillis === undefined || this.kind === 'embedded'
            ? 'BEGIN'
            : `BEGIN; SET LOCAL idle_in_transaction_session_timeout = ${Math.ceil(abandonedAfterMillis)}; SET LOCAL lock_timeout = ${Math.ceil(abandonedAfterMillis)}`,
        );
        const result = await this.running.run(state, () => work(this.transactionOn(client)));
        await client.query('COMMIT');
        return result;
      } catch (error) {
        await rollBack(client);
        throw error;
      } finally {
        state.open = false;
      }
    });
  }

  warn(warning: string): void {
    this.warnings.push(warning);
  }

  connections(): ConnectionUse {
    const { idleCount, totalCount, waitingCount } = this.pool;
    return { idle: idleCount, busy: totalCount - idleCount, waiting: waitingCount };
  }

  close(): Promise<void> {
    this.closing ??= this.pool.end().then(() => this.parts.onClose());
    return this.closing;
  }

  private async withClient<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    let client: PoolClient;
    try {
      client = await this.pool.connect();
    } catch (error) {
      throw asDatabaseError(error);
    }
    // A connection that breaks tells the query in flight, and this event too; unheard, it would end the process.
    let broken: Error | undefined;
    const onError = (error: Error): void => {
      broken = error;
    };
    client.on('error', onError);
    try {
      return await work(client);
    } catch (error) {
      throw asDatabaseError(error);
    } finally {
      client.removeListener('error', onError);
      client.release(broken);
    }
  }

  private transactionOn(client: PoolClient): DatabaseTransaction {
    return {
      query: (sql, params) => this.run(client, sql, params),
      execute: async (sql) => {
        await client.query(sql);
      },
      copyIn: (table, columns, bytes) => this.parts.copyIn(client, `${table} (${columns.join(', ')})`, bytes),
    };
  }

  private async run<Row>(client: PoolClient, sql: string, params?: readonly unknown[]): Promise<QueryResult<Row>> {
    const result = await client.query({ name: this.statementName(sql), text: sql, values: params as unknown[] });
    return { rows: result.rows as Row[], rowCount: result.rowCount ?? 0 };
  }

  private statementName(sql: string): string | undefined {
    const known = this.names.get(sql);
    if (known || this.names.size >= MAX_PREPARED) return known;
    if (!this.seenOnce.has(sql)) {
      if (this.seenOnce.size >= MAX_SEEN) this.seenOnce.clear();
      this.seenOnce.add(sql);
      return undefined;
    }
    this.seenOnce.delete(sql);
    const name = `kindred_${createHash('sha256').update(sql).digest('hex').slice(0, 24)}`;
    this.names.set(sql, name);
    return name;
  }

  /** The embedded store has one session: waiting for a second one inside a transaction would never end. */
  private refuseInsideTransaction(): void {
    if (this.running.getStore()?.open)
      throw new Error('This runs inside a transaction: use the transaction it was given, not the database.');
  }
}

/** What failed is what the caller hears; a connection that cannot roll back is broken, and its error event says so. */
async function rollBack(client: PoolClient): Promise<void> {
  await client.query('ROLLBACK').catch(() => undefined);
}
