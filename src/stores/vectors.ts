/**
 * A table of vectors a model version: made, filled by COPY and indexed in the transaction that writes the version's row,
 * and never changed afterwards. `input` says what a thing is, `output` what it goes with; spaces whose trainer has no
 * second table have no `output`.
 *
 * A row of `output` is [output, bias, rest], and [question, 1, 0] asks it by inner product. `rest` brings every row to
 * the same length, which changes no product but makes the largest product the nearest neighbour too (Bachrach et al.
 * 2014, "Speeding up the Xbox recommender system"): an HNSW graph of rows of unequal length misses more of them. On
 * HetRec Last.fm-2K, recall@10 at ef_search 64 was 0.86 without it and 0.996 with it.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Database, DatabaseTransaction, Queryable } from './database';

export interface VectorRows {
  ids: readonly string[];
  dimension: number;
  /** (ids.length, dimension), row-major f32. */
  input: Float32Array;
  frequencies: Uint32Array;
  /** (ids.length, dimension), row-major f32, with one bias a row. */
  output?: { vectors: Float32Array; bias: Float32Array };
}

/** Coordinates of `output` beyond the dimension: the bias, and the rest that makes lengths equal. */
const OUTPUT_EXTRA = 2;

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
    ${output ? `, output vector(${dimension + OUTPUT_EXTRA}) NOT NULL` : ''}
  )`);
  await tx.copyIn(table, ['id', 'frequency', 'input', ...(output ? ['output'] : [])], copyLines(rows));
  await tx.execute(`ALTER TABLE ${table} ADD PRIMARY KEY (id)`);
  await tx.execute(`CREATE INDEX ${table}_frequency ON ${table} (frequency DESC, id)`);
  if (dimension + OUTPUT_EXTRA <= INDEXABLE_DIMENSIONS) {
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

export interface VectorTable {
  readonly table: string;
  readonly dimension: number;
  /** How many there are. */
  readonly vectors: number;
}

/** All input vectors at once, ordered by id, for whoever builds on them. @param refuse throws when nobody wants them any more */
export async function readVectors(
  on: Queryable,
  { table, dimension, vectors }: VectorTable,
  refuse: () => void,
): Promise<Omit<VectorRows, 'output'>> {
  const ids: string[] = [];
  const input = new Float32Array(new SharedArrayBuffer(4 * vectors * dimension));
  const frequencies = new Uint32Array(new SharedArrayBuffer(4 * vectors));
  for (;;) {
    refuse();
    const { rows } = await on.query<{ id: string; frequency: number; input: string }>(
      `SELECT id, frequency, input::text AS input FROM ${table} WHERE id > $1 ORDER BY id LIMIT ${EXPORT_PAGE_ROWS}`,
      [ids.at(-1) ?? ''],
    );
    for (const row of rows) {
      input.set(JSON.parse(row.input), ids.length * dimension);
      frequencies[ids.length] = row.frequency;
      ids.push(row.id);
    }
    if (rows.length < EXPORT_PAGE_ROWS) return { ids, dimension, input, frequencies };
  }
}

async function* copyLines(rows: VectorRows): AsyncGenerator<Buffer> {
  const { ids, dimension, input, frequencies, output } = rows;
  const rests = output && restsOf(output, dimension);
  const rowsATurn = Math.max(1, Math.floor(NUMBERS_A_TURN / (dimension * (output ? 2 : 1))));
  for (let start = 0; start < ids.length; start += rowsATurn) {
    const lines: string[] = [];
    for (let row = start; row < Math.min(start + rowsATurn, ids.length); row++) {
      const fields = [escapeCopyText(ids[row]), String(frequencies[row]), vectorText(input, row, dimension)];
      if (output) fields.push(vectorText(output.vectors, row, dimension, [output.bias[row], rests![row]]));
      lines.push(`${fields.join('\t')}\n`);
    }
    yield Buffer.from(lines.join(''));
    await nextTurn();
  }
}

/** What each row lacks to be as long as the longest. */
function restsOf({ vectors, bias }: NonNullable<VectorRows['output']>, dimension: number): Float32Array {
  const squares = Float64Array.from(bias, (value, row) => {
    let square = value * value;
    for (let i = row * dimension; i < (row + 1) * dimension; i++) square += vectors[i] * vectors[i];
    return square;
  });
  const longest = squares.reduce((most, square) => Math.max(most, square), 0);
  return Float32Array.from(squares, (square) => Math.sqrt(longest - square));
}

/** Nine significant digits bring every f32 back as it was. */
function vectorText(values: Float32Array, row: number, dimension: number, more: readonly number[] = []): string {
  const numbers: string[] = [];
  for (let i = row * dimension; i < (row + 1) * dimension; i++) numbers.push(values[i].toPrecision(9));
  for (const value of more) numbers.push(value.toPrecision(9));
  return `[${numbers.join(',')}]`;
}

function escapeCopyText(text: string): string {
  return text.replace(/[\\\t\n\r]/g, (character) => COPY_ESCAPES[character]);
}

const COPY_ESCAPES: Record<string, string> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };
