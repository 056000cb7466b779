import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { csv, ndjson, npyHeader, npyRow, shortest, type VectorRow } from '../../src/cli/vector-formats';

async function* rowsOf(rows: readonly VectorRow[]): AsyncGenerator<VectorRow> {
  yield* rows;
}

async function join(pieces: AsyncIterable<string>): Promise<string> {
  let text = '';
  for await (const piece of pieces) text += piece;
  return text;
}

const float32 = fc.float({ noNaN: true, noDefaultInfinity: true });
const rows = fc.array(
  fc.record({ id: fc.string({ minLength: 1, unit: 'grapheme' }), vector: fc.tuple(float32, float32, float32) }),
  { maxLength: 20 },
);

describe('exported vectors', () => {
  it('are written in the fewest digits that read back as the same float', () => {
    expect(shortest(Math.fround(0.1))).toBe('0.1');
    expect(shortest(Math.fround(1 / 3))).toBe('0.33333334');
    fc.assert(
      fc.property(float32, (value) => {
        expect(Math.fround(Number(shortest(value)))).toBe(value === 0 ? 0 : value);
      }),
    );
  });

  it('survive CSV, whatever the ids contain', async () => {
    await fc.assert(
      fc.asyncProperty(rows, async (given) => {
        const text = await join(
          csv(rowsOf(given.map(({ id, vector }) => ({ id, vector: new Float32Array(vector) }))), 3),
        );
        const [head, ...body] = parse(text, { record_delimiter: '\n' }) as string[][];
        expect(head).toEqual(['id', '0', '1', '2']);
        expect(body.map((cells) => cells[0])).toEqual(given.map(({ id }) => id));
        body.forEach((cells, row) => {
          expect(cells.slice(1).map((cell) => Math.fround(Number(cell)) + 0)).toEqual(
            given[row].vector.map((x) => x + 0),
          );
        });
      }),
    );
  });

  it('survive NDJSON', async () => {
    const given = [{ id: 'a "quoted"\nid', vector: new Float32Array([0.5, -1.25e-7, 3]) }];
    const [line, rest] = (await join(ndjson(rowsOf(given)))).split('\n');
    expect(JSON.parse(line)).toEqual({ id: 'a "quoted"\nid', vector: [0.5, -1.25e-7, 3] });
    expect(rest).toBe('');
  });

  it('follow the layout of the npy format', () => {
    const header = npyHeader(1_892, 128);
    expect(header.subarray(0, 8)).toEqual(Buffer.from('\x93NUMPY\x01\x00', 'latin1'));
    expect(header.readUInt16LE(8)).toBe(header.length - 10);
    expect(header.length % 64).toBe(0);
    expect(header.toString('latin1', 10)).toMatch(
      /^\{'descr': '<f4', 'fortran_order': False, 'shape': \(1892, 128\), \} *\n$/,
    );
    expect(npyRow(new Float32Array([1, -2])).toString('hex')).toBe('0000803f000000c0');
  });
});
