/**
 * Postgres' COPY text format: columns between tabs, rows ended by line feeds, `\N` for null, backslash escapes
 * (https://www.postgresql.org/docs/current/sql-copy.html, "Text Format"). NUL cannot be written; decoding refuses it.
 */

/** Every character that means something to COPY; a line of `\.` cannot arise, since each backslash is doubled. */
const SPECIAL = /[\\\t\n\r]/;
const EACH_SPECIAL = /[\\\t\n\r]/g;
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

export const NULL = '\\N';

export function copyText(value: string): string {
  return SPECIAL.test(value) ? value.replace(EACH_SPECIAL, (character) => ESCAPES[character]) : value;
}

export const copyNullable = (value: string | undefined): string => (value === undefined ? NULL : copyText(value));

export const copyBoolean = (value: boolean): string => (value ? 't' : 'f');

/** Pieces of this many characters are handed on, so that sending begins before all is written. */
const PIECE_CHARACTERS = 256 * 1024;

export function* copyBytes<Rec>(records: readonly Rec[], line: (record: Rec) => string): Generator<Buffer> {
  let piece = '';
  for (const record of records) {
    piece += line(record);
    piece += '\n';
    if (piece.length >= PIECE_CHARACTERS) {
      yield Buffer.from(piece, 'utf8');
      piece = '';
    }
  }
  if (piece !== '') yield Buffer.from(piece, 'utf8');
}
