/**
 * Reads a file of records (CSV, TSV, NDJSON, plain or gzip) as batches of decoded ones. Memory is bounded by a batch, whatever
 * the file; a row that is no record becomes a rejection with its line and a reason.
 */
import { decoderOf, type Raw } from '../domain/decoding';
import type { StreamName, StreamRecord } from '../domain/events';
import type { TimeOptions } from '../domain/times';
import { InputError, KindredError } from '../errors';
import type { DecodedBatch, Rejection } from '../services/ingestion';
import { DelimitedScanner, type Dialect } from './delimited-scanner';
import { checkMapping, type Mapping, objectReader, rowReader } from './mapping';
import type { Source } from './source';
import { MAX_LINE_BYTES, type TextBlock, textBlocks } from './text-blocks';

export const FILE_FORMATS = ['csv', 'tsv', 'ndjson'] as const;
export type FileFormat = (typeof FILE_FORMATS)[number];

export interface RecordFileOptions {
  /** By the file's name unless given. */
  format?: FileFormat;
  /** One character between columns. @default a comma in CSV, a tab in TSV */
  delimiter?: string;
  /** Names of the columns of a file that has no header. */
  columns?: readonly string[];
  mapping: Mapping;
  /** How numeric times are meant. */
  times: TimeOptions;
}

/** Enough to make a merge worth its round trips; small enough to hold several in memory. */
const BATCH_ROWS = 10_000;
const BATCH_CHARACTERS = 4 * 1024 * 1024;
/** How much of a rejected row is kept. */
export const REJECTED_CHARACTERS = 1_000;

/** @throws InputError when the name does not tell */
export function formatOf(name: string): FileFormat {
  const extension = /\.([a-z]+)(?:\.gz)?$/i.exec(name)?.[1].toLowerCase();
  if (extension === 'csv') return 'csv';
  if (extension === 'tsv' || extension === 'tab') return 'tsv';
  if (extension === 'ndjson' || extension === 'jsonl') return 'ndjson';
  throw new InputError('format', `The name of ${name} does not tell its format.`, {
    remedy: `Say it: --format ${FILE_FORMATS.join('|')}`,
  });
}

/** @throws InputError for a mapping that does not fit, KindredError SOURCE_UNREADABLE */
export async function* readRecords<S extends StreamName>(
  stream: S,
  source: Source,
  options: RecordFileOptions,
): AsyncGenerator<DecodedBatch<StreamRecord[S]>> {
  checkMapping(stream, options.mapping);
  const format = options.format ?? formatOf(source.name);
  const batch = new Batch(stream, options.times);
  const reader =
    format === 'ndjson'
      ? new ObjectLines(batch, options.mapping)
      : new DelimitedLines(stream, batch, dialectOf(format, options.delimiter), options);
  for await (const block of textBlocks(source.chunks())) {
    reader.feed(block);
    if (batch.isFull()) yield batch.take(source.bytesRead());
  }
  reader.end();
  if (!batch.isEmpty()) yield batch.take(source.bytesRead());
}

function dialectOf(format: 'csv' | 'tsv', delimiter?: string): Dialect {
  // TSV has no quotes (https://www.iana.org/assignments/media-types/text/tab-separated-values): "Weird Al" is a name.
  if (format === 'tsv') return { delimiter: delimiter ?? '\t' };
  return { delimiter: delimiter ?? ',', quote: '"' };
}

/** What has been decoded since the last batch was taken. */
class Batch<S extends StreamName> {
  private records: StreamRecord[S][] = [];
  private rejections: Rejection[] = [];
  private characters = 0;
  private readonly decode;

  constructor(
    stream: S,
    private readonly times: TimeOptions,
  ) {
    this.decode = decoderOf(stream);
  }

  /** @param text how the row was written, should it be refused */
  add(raw: Raw, line: number, text: () => string): void {
    const decoded = this.decode(raw, this.times);
    if (decoded.ok) this.records.push(decoded.record);
    else this.reject({ line, field: decoded.field, reason: `${decoded.field} ${decoded.reason}`, text: text() });
  }

  reject(rejection: Rejection): void {
    const text = rejection.text.slice(0, REJECTED_CHARACTERS);
    this.rejections.push({ ...rejection, text: text.replace(/\r?\n$/, '') });
  }

  count(characters: number): void {
    this.characters += characters;
  }

  isFull(): boolean {
    return this.records.length + this.rejections.length >= BATCH_ROWS || this.characters >= BATCH_CHARACTERS;
  }

  isEmpty(): boolean {
    return this.records.length === 0 && this.rejections.length === 0;
  }

  take(bytes: number): DecodedBatch<StreamRecord[S]> {
    const { records, rejections } = this;
    this.records = [];
    this.rejections = [];
    this.characters = 0;
    return { records, rejections, bytes };
  }
}

class DelimitedLines<S extends StreamName> {
  private readonly scanner: DelimitedScanner;
  private toRaw?: (row: readonly string[]) => Raw;

  constructor(
    private readonly stream: S,
    private readonly batch: Batch<S>,
    dialect: Dialect,
    private readonly options: RecordFileOptions,
  ) {
    this.scanner = new DelimitedScanner(dialect, this, options.columns?.length);
    if (options.columns) this.toRaw = rowReader(stream, options.mapping, options.columns);
  }

  feed(block: TextBlock): void {
    if (block.kind === 'lines') this.batch.count(block.text.length);
    this.scanner.feed(block);
  }

  end(): void {
    this.scanner.end();
  }

  private readonly recordText = (): string => this.scanner.recordText();

  row(fields: readonly string[], line: number): void {
    if (this.toRaw) this.batch.add(this.toRaw(fields), line, this.recordText);
    else
      this.toRaw = rowReader(
        this.stream,
        this.options.mapping,
        fields.map((name) => name.trim()),
      );
  }

  broken(line: number, reason: string, text: string): void {
    if (this.toRaw) this.batch.reject({ line, reason: `the line ${reason}`, text });
    else
      throw new KindredError('SOURCE_UNREADABLE', `The header, line ${line}, ${reason}.`, {
        remedy: 'Correct it, or name the columns with --columns.',
        facts: { line },
      });
  }
}

class ObjectLines<S extends StreamName> {
  private line = 0;
  private readonly toRaw;

  constructor(
    private readonly batch: Batch<S>,
    mapping: Mapping,
  ) {
    this.toRaw = objectReader(mapping);
  }

  feed(block: TextBlock): void {
    if (block.kind === 'overlong') {
      this.batch.reject({ line: ++this.line, reason: 'the line is too long', text: block.start });
      return;
    }
    const { text, damaged } = block;
    this.batch.count(text.length);
    for (let at = 0, place = 0; at < text.length; place++) {
      const found = text.indexOf('\n', at);
      const end = found < 0 ? text.length : found;
      this.line++;
      const written = text.slice(at, end);
      if (damaged.has(place))
        this.batch.reject({ line: this.line, reason: 'the line is not valid UTF-8', text: written });
      else if (written.length > MAX_LINE_BYTES)
        this.batch.reject({ line: this.line, reason: 'the line is too long', text: written });
      else if (written.trim() !== '') this.object(written);
      at = end + 1;
    }
  }

  end(): void {}

  private object(text: string): void {
    const { line } = this;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      this.batch.reject({ line, reason: `the line is not JSON: ${(error as Error).message.slice(0, 100)}`, text });
      return;
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      this.batch.reject({ line, reason: 'the line is not a JSON object', text });
    else this.batch.add(this.toRaw(value as Record<string, unknown>), line, () => text);
  }
}
