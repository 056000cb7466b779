/**
 * One door to SQL for both databases: PGlite embedded in a worker thread, and Postgres. The same SQL and the same
 * migrations run on either; what differs (how bytes reach COPY, how a vector is bound) is behind these interfaces.
 */

export type DatabaseKind = 'embedded' | 'postgres';

export interface QueryResult<Row> {
  rows: Row[];
  /** Rows inserted, updated or deleted; for SELECT the rows returned. */
  rowCount: number;
}

export interface Queryable {
  /**
   * Parameters as `$1 …`; a text that is used again is prepared. Timestamps come back as Date, numeric as string, bigint as
   * number, jsonb parsed, a vector as its text `[1,2,3]`. Sessions run in UTC.
   */
  query<Row = Record<string, unknown>>(sql: string, params?: readonly unknown[]): Promise<QueryResult<Row>>;
}

export interface DatabaseTransaction extends Queryable {
  /** Several statements without parameters. */
  execute(sql: string): Promise<void>;
  /** `COPY table (columns) FROM` text-format bytes (tab-separated, `\N` for null, backslash escapes). Returns rows copied. */
  copyIn(table: string, columns: readonly string[], bytes: AsyncIterable<Buffer> | Iterable<Buffer>): Promise<number>;
}

/** Connections that a database has open. */
export interface ConnectionUse {
  readonly idle: number;
  readonly busy: number;
  /** Callers that wait for one. */
  readonly waiting: number;
}

export interface TransactionOptions {
  /**
   * Postgres ends the transaction after this long without a statement, so that a process that is frozen or cut off does not hold
   * its locks for ever; it hears of it as DATABASE_UNAVAILABLE. The embedded store has nobody else who could wait.
   * @default never
   */
  abandonedAfterMillis?: number;
}

export interface Database extends Queryable {
  readonly kind: DatabaseKind;
  /** What an operator should hear about this database, in whole sentences: a pgvector with known faults. */
  readonly warnings: readonly string[];
  /** Everything in `work` goes through `tx`: a query on the database itself inside it is refused. */
  transaction<T>(work: (tx: DatabaseTransaction) => Promise<T>, options?: TransactionOptions): Promise<T>;
  /** How its connections are used right now. */
  connections(): ConnectionUse;
  /** Twice without harm. */
  close(): Promise<void>;
}
