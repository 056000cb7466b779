/** How many rows a table has, at a price that does not grow with it: exact up to a limit, the planner's estimate above. */
import type { Queryable } from './database';

/** Counting so many takes a few milliseconds. */
export const COUNTED_EXACTLY = 50_000;

export interface RowCount {
  readonly rows: number;
  readonly exact: boolean;
}

/** @param table one of Kindred's own; never a name from outside */
export async function countRows(on: Queryable, table: string): Promise<RowCount> {
  const { rows } = await on.query<{ counted: number }>(
    `SELECT count(*) AS counted FROM (SELECT FROM ${table} LIMIT ${COUNTED_EXACTLY + 1}) first_rows`,
  );
  const counted = rows[0].counted;
  if (counted <= COUNTED_EXACTLY) return { rows: counted, exact: true };
  // The planner's own estimate: rows to a page at the last ANALYZE (or by the columns' widths), times the pages there are now.
  const plan = await on.query<{ 'QUERY PLAN': [{ Plan: { 'Plan Rows': number } }] }>(
    `EXPLAIN (FORMAT JSON) SELECT FROM ${table}`,
  );
  return { rows: Math.max(plan.rows[0]['QUERY PLAN'][0].Plan['Plan Rows'], counted), exact: false };
}
