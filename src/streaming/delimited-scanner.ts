/**
 * Takes delimited text (CSV of RFC 4180 and its relatives) apart. Written for speed on rows without quotes, and for files
 * that are damaged: a quote that is never closed costs its own line, not the rest of the file. csv-parse, which serves as
 * the reference in the tests, reads about a third as fast and gives up or swallows the rest at such a quote.
 */
import type { TextBlock } from './text-blocks';

export interface Dialect {
  /** One character. */
  delimiter: string;
  /** One character, doubled inside a quoted field; it counts at the beginning of a field only. Absent: none. */
  quote?: string;
}

export interface RowSink {
  /** The array is used again for the next row. `scanner.recordText()` is how the row was written. */
  row(fields: readonly string[], line: number): void;
  /** A line that cannot be taken apart. */
  broken(line: number, reason: string, text: string): void;
}

/** A quoted field may span lines, but no record may be longer. */
export const MAX_RECORD_CHARACTERS = 1024 * 1024;

const CARRIAGE_RETURN = 13;
const LINE_FEED = 10;

/** What reading a quoted record came to: where it ended, or what is wrong, or that more text is needed to tell. */
type QuotedOutcome =
  | { state: 'whole'; next: number; lines: number }
  | { state: 'wrong'; reason: string }
  | { state: 'open' };

const TOO_LONG = 'is too long';
/** How much of a line that is too long is told. */
const TOLD_CHARACTERS = 512;
const NUL = 'contains a NUL character';
const UNCLOSED = 'has a quote that is not closed';

export class DelimitedScanner {
  /** The line that the next record begins on. */
  private line = 1;
  private rest = '';
  private damaged = new Set<number>();
  private fields: string[] = [];
  private text = '';
  private from = 0;
  private to = 0;
  /** Number of fields a row must have, once the first row (the header) or the caller has said so. */
  private width?: number;
  /** Codes of the dialect's characters; -1 for no quote. */
  private readonly delimiter: number;
  private readonly quote: number;

  constructor(
    private readonly dialect: Dialect,
    private readonly sink: RowSink,
    width?: number,
  ) {
    this.width = width;
    this.delimiter = dialect.delimiter.charCodeAt(0);
    this.quote = dialect.quote?.charCodeAt(0) ?? -1;
  }

  feed(block: TextBlock): void {
    if (block.kind === 'overlong') {
      this.scan('', true);
      this.sink.broken(this.line++, TOO_LONG, block.start);
      return;
    }
    if (block.damaged.size > 0) {
      const before = countLineFeeds(this.rest, 0, this.rest.length);
      for (const place of block.damaged) this.damaged.add(this.line + before + place);
    }
    this.scan(block.text, false);
  }

  end(): void {
    this.scan('', true);
  }

  /** The record that the sink is being told of, as it was written. */
  recordText(): string {
    return this.text.slice(this.from, this.to);
  }

  /** @param last whether a quote that is open at the end of the text stays open */
  private scan(added: string, last: boolean): void {
    const text = this.rest === '' ? added : this.rest + added;
    this.rest = '';
    this.text = text;
    for (let at = 0; at < text.length; ) {
      const stop = this.split(text, at);
      if (stop >= 0) {
        at = stop + 1;
        continue;
      }
      const outcome = this.readQuoted(text, at);
      if (outcome.state === 'open' && !last && text.length - at <= MAX_RECORD_CHARACTERS) {
        this.rest = text.slice(at);
        return;
      }
      if (outcome.state === 'whole') {
        this.emit(outcome.lines, at, outcome.next - 1);
        at = outcome.next;
      } else {
        const end = lineEnd(text, at);
        this.sink.broken(this.line++, outcome.state === 'wrong' ? outcome.reason : UNCLOSED, text.slice(at, end));
        at = end + 1;
      }
    }
  }

  /**
   * Takes one line apart in one pass. Searching the text with indexOf is slower: the optimiser runs a search whether or not
   * its branch is taken, to the end of the block.
   * @returns where the line ends, or -1 (and nothing done) when one of its fields is quoted
   */
  private split(text: string, at: number): number {
    const { fields, delimiter, quote } = this;
    let count = 0;
    let from = at;
    let stop = at;
    let hasNul = false;
    for (; stop < text.length; stop++) {
      const code = text.charCodeAt(stop);
      if (code === delimiter) {
        fields[count++] = text.substring(from, stop);
        from = stop + 1;
      } else if (code === LINE_FEED) break;
      else if (code === quote && stop === from) return -1;
      else if (code === 0) hasNul = true;
    }
    const end = stop > at && text.charCodeAt(stop - 1) === CARRIAGE_RETURN ? stop - 1 : stop;
    if (end === at) {
      this.line++;
      return stop;
    }
    fields[count++] = text.substring(from, end);
    if (fields.length !== count) fields.length = count;
    if (end - at > MAX_RECORD_CHARACTERS) this.sink.broken(this.line++, TOO_LONG, text.slice(at, at + TOLD_CHARACTERS));
    else if (hasNul) this.sink.broken(this.line++, NUL, text.slice(at, end));
    else this.emit(1, at, end);
    return stop;
  }

  /** Reads a record that has a quote in its first line, into `fields`. */
  private readQuoted(text: string, at: number): QuotedOutcome {
    const { delimiter, quote } = this.dialect;
    const fields: string[] = [];
    const limit = at + MAX_RECORD_CHARACTERS;
    for (let from = at; ; ) {
      if (text[from] !== quote) {
        const end = endOfField(text, from, delimiter);
        const isLast = text[end] !== delimiter;
        fields.push(
          text.substring(from, isLast && text.charCodeAt(end - 1) === CARRIAGE_RETURN && end > from ? end - 1 : end),
        );
        if (isLast) return this.wholeRecord(fields, text, at, end);
        from = end + 1;
        continue;
      }
      let value = '';
      let start = from + 1;
      let close = text.indexOf(quote!, start);
      while (close >= 0 && text[close + 1] === quote) {
        value += text.substring(start, close + 1);
        start = close + 2;
        close = text.indexOf(quote!, start);
      }
      if (close > limit) return { state: 'wrong', reason: UNCLOSED };
      if (close < 0) return { state: 'open' };
      fields.push(value + text.substring(start, close));
      let after = close + 1;
      if (text[after] === '\r' && (text[after + 1] === '\n' || after + 1 === text.length)) after++;
      if (after >= text.length || text[after] === '\n') return this.wholeRecord(fields, text, at, after);
      if (text[after] !== delimiter) return afterClosingQuote(text, at, close);
      from = after + 1;
    }
  }

  /** A record over several lines that has too many or too few fields began with a quote that was not meant to be open. */
  private wholeRecord(fields: string[], text: string, at: number, end: number): QuotedOutcome {
    const lines = 1 + countLineFeeds(text, at, end);
    if (fields.some((field) => field.includes('\0'))) return { state: 'wrong', reason: NUL };
    if (lines > 1 && this.width !== undefined && fields.length !== this.width)
      return { state: 'wrong', reason: UNCLOSED };
    this.fields = fields;
    return { state: 'whole', next: end + 1, lines };
  }

  private emit(lines: number, from: number, to: number): void {
    const { line, fields } = this;
    this.line += lines;
    this.from = from;
    this.to = to;
    if (this.damaged.size > 0 && this.isDamaged(line, lines)) {
      this.sink.broken(line, 'is not valid UTF-8', this.recordText());
      return;
    }
    this.width ??= fields.length;
    if (fields.length !== this.width)
      this.sink.broken(line, `has ${fields.length} columns in place of ${this.width}`, this.recordText());
    else this.sink.row(fields, line);
  }

  private isDamaged(line: number, lines: number): boolean {
    let found = false;
    for (let at = line; at < line + lines; at++) found = this.damaged.delete(at) || found;
    return found;
  }
}

function endOfField(text: string, from: number, delimiter: string): number {
  for (let at = from; at < text.length; at++) if (text[at] === delimiter || text[at] === '\n') return at;
  return text.length;
}

function afterClosingQuote(text: string, at: number, close: number): QuotedOutcome {
  return { state: 'wrong', reason: countLineFeeds(text, at, close) > 0 ? UNCLOSED : 'has text after a closing quote' };
}

function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end < 0 ? text.length : end;
}

function countLineFeeds(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = text.indexOf('\n', from); at >= 0 && at < to; at = text.indexOf('\n', at + 1)) count++;
  return count;
}
