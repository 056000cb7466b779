/**
 * How exported vectors look: CSV (header `id,0,1,…`), NDJSON (`{"id": …, "vector": […]}`) and NumPy's .npy version 1.0
 * (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html). Everything streams; numbers are the shortest
 * decimals that read back as the same 32-bit floats.
 */

export interface VectorRow {
  readonly id: string;
  readonly vector: Float32Array;
}

/** Rows are joined into pieces of about this many characters, so that writing is not a call a row. */
const PIECE_CHARACTERS = 1 << 16;

/** Nine significant digits always suffice for a 32-bit float, seven mostly do. */
export function shortest(value: number): string {
  for (let digits = 7; digits < 9; digits += 1) {
    const rounded = Number(value.toPrecision(digits));
    if (Math.fround(rounded) === value) return String(rounded);
  }
  return String(Number(value.toPrecision(9)));
}

/** RFC 4180: quoted where it must be. */
export const csvField = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text);

async function* inPieces(lines: AsyncIterable<string>): AsyncGenerator<string> {
  let piece = '';
  for await (const line of lines) {
    piece += line;
    if (piece.length < PIECE_CHARACTERS) continue;
    yield piece;
    piece = '';
  }
  if (piece.length > 0) yield piece;
}

export function csv(rows: AsyncIterable<VectorRow>, dimension: number): AsyncGenerator<string> {
  async function* lines(): AsyncGenerator<string> {
    yield `id,${Array.from({ length: dimension }, (_, i) => i).join(',')}\n`;
    for await (const { id, vector } of rows) yield `${csvField(id)},${Array.from(vector, shortest).join(',')}\n`;
  }
  return inPieces(lines());
}

export function ndjson(rows: AsyncIterable<VectorRow>): AsyncGenerator<string> {
  async function* lines(): AsyncGenerator<string> {
    for await (const { id, vector } of rows)
      yield `{"id":${JSON.stringify(id)},"vector":[${Array.from(vector, shortest).join(',')}]}\n`;
  }
  return inPieces(lines());
}

/** The head of a C-ordered little-endian float32 matrix, padded so that the numbers start at a multiple of 64 bytes. */
export function npyHeader(rows: number, dimension: number): Buffer {
  const fixed = 10;
  const dictionary = `{'descr': '<f4', 'fortran_order': False, 'shape': (${rows}, ${dimension}), }`;
  const length = Math.ceil((fixed + dictionary.length + 1) / 64) * 64 - fixed;
  const head = Buffer.alloc(fixed + length, ' ');
  head.write('\x93NUMPY\x01\x00', 0, 'latin1');
  head.writeUInt16LE(length, 8);
  head.write(dictionary, fixed, 'latin1');
  head.write('\n', fixed + length - 1, 'latin1');
  return head;
}

/** A row's numbers, little-endian whatever the machine. */
export function npyRow(vector: Float32Array): Buffer {
  const bytes = Buffer.alloc(vector.length * 4);
  vector.forEach((value, i) => {
    bytes.writeFloatLE(value, i * 4);
  });
  return bytes;
}
