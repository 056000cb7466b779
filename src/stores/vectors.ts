/**
 * A table of vectors a model version: made, filled by COPY and indexed in the transaction that writes the version's row,
 * and never changed afterwards. `input` says what a thing is, `output` (with its bias as the last coordinate) what it
 * goes with; spaces whose trainer has no second table have no `output`.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Database, DatabaseTransaction } from './database';

export interface VectorRows {
  ids: readonly string[];
  dimension: number;
  /** (ids.length, dimension), row-major f32. */
  input: Float32Array;
  frequencies: Uint32Array;
  /** (ids.length, dimension), row-major f32, with one bias a row. */
  output?: { vectors: Float32Array; bias: Float32Array };
}

/** pgvector indexes vectors of up to 2,000 dimensions; longer ones are scanned. */
const INDEXABLE_DIMENSIONS = 2_000;

/** Numbers turned into text before the thread takes care of something else: about 5 ms. */
const NUMBERS_A_TURN = 20_000;

const EXPORT_PAGE_ROWS = 2_000;

/** Safe in SQL as it is: spaces are of [a-z0-9_]. */
export function vectorTableName(space: string, version: number): string {
  return `vectors_${space}_${version}`;
}

export async function createVectorTable(tx: DatabaseTransaction, table: string, rows: VectorRows): Promise<void> {
  const { dimension, output } = rows;
  await tx.execute(`CREATE TABLE ${table} (
    id text NOT NULL,
    frequency integer NOT NULL,
    input vector(${dimension}) NOT NULL
    ${output ? `, output vector(${dimension + 1}) NOT NULL` : ''}
  )`);
  await tx.copyIn(table, ['id', 'frequency', 'input', ...(output ? ['output'] : [])], copyLines(rows));
  await tx.execute(`ALTER TABLE ${table} ADD PRIMARY KEY (id)`);
  await tx.execute(`CREATE INDEX ${table}_frequency ON ${table} (frequency DESC, id)`);
  if (dimension < INDEXABLE_DIMENSIONS) {
    await tx.execute(`CREATE INDEX ${table}_alike ON ${table} USING hnsw (input vector_cosine_ops)`);
    if (output) await tx.execute(`CREATE INDEX ${table}_together ON ${table} USING hnsw (output vector_ip_ops)`);
  }
  await tx.execute(`ANALYZE ${table}`);
}

export async function dropVectorTable(tx: DatabaseTransaction, table: string): Promise<void> {
  await tx.execute(`DROP TABLE IF EXISTS ${table}`);
}

/** The input vectors ordered by id, a page at a time. */
export async function* exportVectors(
  database: Database,
  table: string,
): AsyncGenerator<{ id: string; vector: Float32Array }> {
  let after = '';
  for (;;) {
    const { rows } = await database.query<{ id: string; input: string }>(
      `SELECT id, input::text AS input FROM ${table} WHERE id > $1 ORDER BY id LIMIT ${EXPORT_PAGE_ROWS}`,
      [after],
    );
    for (const { id, input } of rows) yield { id, vector: Float32Array.from(JSON.parse(input)) };
    if (rows.length < EXPORT_PAGE_ROWS) return;
    after = rows[rows.length - 1].id;
  }
}

async function* copyLines(rows: VectorRows): AsyncGenerator<Buffer> {
  const { ids, dimension, input, frequencies, output } = rows;
  const rowsATurn = Math.max(1, Math.floor(NUMBERS_A_TURN / (dimension * (output ? 2 : 1))));
  for (let start = 0; start < ids.length; start += rowsATurn) {
    const lines: string[] = [];
    for (let row = start; row < Math.min(start + rowsATurn, ids.length); row++) {
      const fields = [escapeCopyText(ids[row]), String(frequencies[row]), vectorText(input, row, dimension)];
      if (output) fields.push(vectorText(output.vectors, row, dimension, output.bias[row]));
      lines.push(`${fields.join('\t')}\n`);
    }
    yield Buffer.from(lines.join(''));
    await nextTurn();
  }
}

/** Nine significant digits bring every f32 back as it was. */
function vectorText(values: Float32Array, row: number, dimension: number, last?: number): string {
  let text = '[';
  const start = row * dimension;
  for (let i = start; i < start + dimension; i++) text += `${i > start ? ',' : ''}${values[i].toPrecision(9)}`;
  return last === undefined ? `${text}]` : `${text},${last.toPrecision(9)}]`;
}

function escapeCopyText(text: string): string {
  return text.replace(/[\\\t\n\r]/g, (character) => COPY_ESCAPES[character]);
}

const COPY_ESCAPES: Record<string, string> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };
