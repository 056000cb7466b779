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
  /** Parameters as `$1 …`. Same text, same plan: statements are prepared. Timestamps come back as Date, numeric as string. */
  query<Row = Record<string, unknown>>(sql: string, params?: readonly unknown[]): Promise<QueryResult<Row>>;
}

export interface DatabaseTransaction extends Queryable {
  /** Several statements without parameters. */
  execute(sql: string): Promise<void>;
  /** `COPY table (columns) FROM` text-format bytes (tab-separated, `\N` for null, backslash escapes). Returns rows copied. */
  copyIn(table: string, columns: readonly string[], bytes: AsyncIterable<Buffer> | Iterable<Buffer>): Promise<number>;
}

export interface Database extends Queryable {
  readonly kind: DatabaseKind;
  transaction<T>(work: (tx: DatabaseTransaction) => Promise<T>): Promise<T>;
  /** Twice without harm. */
  close(): Promise<void>;
}
