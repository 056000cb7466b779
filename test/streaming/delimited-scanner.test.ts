import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { DelimitedScanner, type Dialect, MAX_RECORD_CHARACTERS } from '../../src/streaming/delimited-scanner';

const CSV: Dialect = { delimiter: ',', quote: '"' };

interface Scanned {
  rows: { line: number; fields: string[]; text: string }[];
  broken: { line: number; reason: string; text: string }[];
}

/** @param pieces whole lines each, as the scanner is fed */
function scan(pieces: readonly string[], dialect: Dialect = CSV): Scanned {
  const found: Scanned = { rows: [], broken: [] };
  const scanner: DelimitedScanner = new DelimitedScanner(dialect, {
    row: (fields, line) => found.rows.push({ line, fields: [...fields], text: scanner.recordText() }),
    broken: (line, reason, text) => found.broken.push({ line, reason, text }),
  });
  for (const text of pieces) scanner.feed({ kind: 'lines', text, damaged: new Set() });
  scanner.end();
  return found;
}

const fieldsOf = ({ rows }: Scanned): string[][] => rows.map(({ fields }) => fields);
const lines = (text: string): string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? [];

describe('Delimited text', () => {
  const field = fc.oneof(
    fc.string({ unit: fc.constantFrom('a', 'é', '"', ',', '\n', '\r', ' ', ';', '\t') }),
    fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\0', '')),
  );
  const table = fc
    .integer({ min: 1, max: 5 })
    .chain((width) =>
      fc.array(fc.array(field, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 12 }),
    );
  const quotedAsNeeded = (value: string): string =>
    /[",\n\r]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;

  it('is read as csv-parse reads it, wherever it is cut, with either line end', () => {
    fc.assert(
      fc.property(
        table,
        fc.constantFrom('\n', '\r\n'),
        fc.boolean(),
        fc.func(fc.boolean()),
        (rows, end, final, cutAt) => {
          const text = rows.map((row) => row.map(quotedAsNeeded).join(',')).join(end) + (final ? end : '');
          const reference = parse(text, { record_delimiter: ['\n', '\r\n'], skip_empty_lines: true }) as string[][];
          const pieces: string[] = [];
          for (const line of lines(text)) {
            if (pieces.length === 0 || cutAt(pieces.length, line)) pieces.push(line);
            else pieces[pieces.length - 1] += line;
          }
          const scanned = scan(pieces);
          expect(fieldsOf(scanned)).toEqual(reference);
          expect(scanned.broken).toEqual([]);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('gives the line each row begins on, past line feeds in quotes and blank lines', () => {
    const { rows } = scan(['a,b\n\n"1\n2\n3",x\n', 'y,"z\nz"\r\nlast,row']);
    expect(rows.map(({ line, fields }) => [line, ...fields])).toEqual([
      [1, 'a', 'b'],
      [3, '1\n2\n3', 'x'],
      [6, 'y', 'z\nz'],
      [8, 'last', 'row'],
    ]);
    expect(rows[1].text).toBe('"1\n2\n3",x');
  });

  it.each([
    ['with no quote after it', 'a,b\n1,"open\n2,x\n3,y\n', [['1,"open', 2]], ['a', '2', '3']],
    ['with a quoted field after it', 'a,b\n1,"open\n2,"x"\n3,y\n', [['1,"open', 2]], ['a', '2', '3']],
    [
      'that closes in a row of another width',
      'a,b\n1,"open\n2,x"\n3,y\n4,z,"\n5,w\n',
      [['4,z,"', 5]],
      ['a', '1', '3', '5'],
    ],
    ['in the last line', 'a,b\n1,x\n2,"open', [['2,"open', 3]], ['a', '1']],
    [
      'twice in a row',
      'a,b\n1,"open\n2,"open\n3,x\n',
      [
        ['1,"open', 2],
        ['2,"open', 3],
      ],
      ['a', '3'],
    ],
  ] as const)('loses only the line of an unclosed quote %s', (_, text, broken, kept) => {
    for (const pieces of [[text], lines(text)]) {
      const scanned = scan(pieces);
      expect(scanned.broken.map((each) => [each.text, each.line])).toEqual(broken);
      expect(fieldsOf(scanned).map(([first]) => first)).toEqual(kept);
      for (const each of scanned.broken) expect(each.reason).toBe('has a quote that is not closed');
    }
  });

  it('does not wait for the end of a long file to give an open quote up', () => {
    const row = 'x,y\n'.repeat(1_000);
    const scanned: Scanned = { rows: [], broken: [] };
    const scanner: DelimitedScanner = new DelimitedScanner(CSV, {
      row: (fields, line) => scanned.rows.push({ line, fields: [...fields], text: '' }),
      broken: (line, reason, text) => scanned.broken.push({ line, reason, text }),
    });
    scanner.feed({ kind: 'lines', text: 'a,b\n1,"open\n', damaged: new Set() });
    for (let fed = 0; fed < MAX_RECORD_CHARACTERS + 2 * row.length; fed += row.length)
      scanner.feed({ kind: 'lines', text: row, damaged: new Set() });
    expect(scanned.broken).toEqual([{ line: 2, reason: 'has a quote that is not closed', text: '1,"open' }]);
    expect(scanned.rows.length).toBeGreaterThan(MAX_RECORD_CHARACTERS / 4);
    expect(scanned.rows[1].line).toBe(3);
  });

  it('refuses text after a closing quote, NUL, and rows of another width, and reads on', () => {
    const { rows, broken } = scan(['a,b\n"x"y,1\n1\0,2\n"1\0",2\n1,2,3\n1\nlast,row\n']);
    expect(broken).toEqual([
      { line: 2, reason: 'has text after a closing quote', text: '"x"y,1' },
      { line: 3, reason: 'contains a NUL character', text: '1\0,2' },
      { line: 4, reason: 'contains a NUL character', text: '"1\0",2' },
      { line: 5, reason: 'has 3 columns in place of 2', text: '1,2,3' },
      { line: 6, reason: 'has 1 columns in place of 2', text: '1' },
    ]);
    expect(rows.map(({ line }) => line)).toEqual([1, 7]);
  });

  it('takes quotes inside a field, and all quotes of a dialect without them, as they are', () => {
    expect(fieldsOf(scan(['5\'9" tall,b\n']))).toEqual([['5\'9" tall', 'b']]);
    expect(fieldsOf(scan(['"Weird Al"\tx\n"open\ty\n'], { delimiter: '\t' }))).toEqual([
      ['"Weird Al"', 'x'],
      ['"open', 'y'],
    ]);
  });
});
