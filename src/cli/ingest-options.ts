/** What may be typed after `kindred ingest` and `kindred publish` about the files, and how it becomes a way to read them. */
import { resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { STREAM_FIELDS } from '../domain/decoding';
import { STREAMS, type StreamName } from '../domain/events';
import { parseIso, TIME_UNITS, type TimeOptions, type TimeUnit } from '../domain/times';
import { checkMapping } from '../streaming/mapping';
import { FILE_FORMATS, type FileFormat, formatOf, type RecordFileOptions } from '../streaming/record-files';
import { openSource, type Source } from '../streaming/source';

/** How files are read. */
export interface ReadingOptions {
  map?: Record<string, string>;
  constant?: Record<string, string>;
  format?: FileFormat;
  delimiter?: string;
  columns?: string[];
  timeUnit?: TimeUnit;
  timeOrigin?: number;
  rejects?: string;
}

export interface IngestOptions extends ReadingOptions {
  dataDir?: string;
  json?: boolean;
}

export function withReadingOptions(command: Command): Command {
  return command
    .option('--map <field=column,…>', 'which column is which field, where the names differ', collectAssignments)
    .option('--constant <field=value,…>', 'a value for every row, where the files have no column', collectAssignments)
    .option('--format <format>', "csv, tsv or ndjson (default: by each file's name)", parseFormat)
    .option('--delimiter <character>', 'between columns (default: comma in csv, tab in tsv)', parseDelimiter)
    .option('--columns <name,…>', 'names of the columns, for files without a header', parseColumns)
    .option('--time-unit <unit>', 'of numeric times: us, ms, s, min, h or d (default: ms)', parseTimeUnit)
    .option('--time-origin <time>', 'what numeric times count from (default: 1970-01-01T00:00:00Z)', parseTimeOrigin)
    .option(
      '--rejects <file>',
      'where rejected rows go (default: kindred-rejects-<stream>.ndjson, only if there are any)',
    );
}

/** For help texts. */
export const fieldsText = `Fields (those in parentheses may be missing):
${STREAMS.map((stream) => `  ${stream.padEnd(13)} ${fieldList(stream)}`).join('\n')}
Times are ISO 8601 (UTC unless they say otherwise) or numbers. Attributes are a JSON object, or single columns:
--map attributes.genre=GENRE. Quotes are special in csv, not in tsv. An interaction without eventId gets one from its content.`;

function fieldList(stream: StreamName): string {
  const { required, optional } = STREAM_FIELDS[stream];
  return [...required, ...optional.map((field) => `(${field})`)].join(', ');
}

/** @throws InputError for a mapping that does not fit the stream */
export function readingOf(stream: StreamName, options: ReadingOptions): RecordFileOptions {
  const mapping = { columns: options.map ?? {}, constants: options.constant ?? {} };
  checkMapping(stream, mapping);
  const { format, delimiter, columns } = options;
  return { format, delimiter, columns, mapping, times: timesOf(options) };
}

/** @throws KindredError SOURCE_UNREADABLE; InputError where neither the options nor a name tell the format */
export async function openSources(files: readonly string[], { format }: ReadingOptions): Promise<Source[]> {
  const sources = await Promise.all(files.map(openSource));
  if (!format) for (const { name } of sources) formatOf(name);
  return sources;
}

export const rejectsPath = (stream: StreamName, { rejects }: ReadingOptions): string =>
  resolve(rejects ?? `kindred-rejects-${stream}.ndjson`);

export function parseStream(text: string): StreamName {
  if ((STREAMS as readonly string[]).includes(text)) return text as StreamName;
  throw new InvalidArgumentError(`The streams are ${STREAMS.join(', ')}.`);
}

/** Collects `field=value,field=value`, given once or several times. */
export function collectAssignments(text: string, before: Record<string, string> = {}): Record<string, string> {
  const all = { ...before };
  for (const part of text.split(',')) {
    const at = part.indexOf('=');
    const field = part.slice(0, Math.max(at, 0)).trim();
    if (field === '' || at === part.length - 1)
      throw new InvalidArgumentError(`"${part}" should look like field=value, as in userId=USER,itemId=SONG.`);
    if (Object.hasOwn(all, field)) throw new InvalidArgumentError(`"${field}" is given twice.`);
    all[field] = part.slice(at + 1);
  }
  return all;
}

export function parseFormat(text: string): FileFormat {
  if ((FILE_FORMATS as readonly string[]).includes(text)) return text as FileFormat;
  throw new InvalidArgumentError(`The formats are ${FILE_FORMATS.join(', ')}.`);
}

export function parseDelimiter(text: string): string {
  const delimiter = text === '\\t' || text === 'tab' ? '\t' : text;
  if (delimiter.length === 1 && !/["\r\n\0]/.test(delimiter)) return delimiter;
  throw new InvalidArgumentError("It should be one character, such as '|', ';' or tab.");
}

export function parseColumns(text: string): string[] {
  const columns = text.split(',').map((name) => name.trim());
  if (columns.some((name) => name === '') || new Set(columns).size < columns.length)
    throw new InvalidArgumentError('It should be names with commas between, each once: user,item,rating,time.');
  return columns;
}

export function parseTimeUnit(text: string): TimeUnit {
  if (Object.hasOwn(TIME_UNITS, text)) return text as TimeUnit;
  throw new InvalidArgumentError(`The units are ${Object.keys(TIME_UNITS).join(', ')}.`);
}

export function parseTimeOrigin(text: string): number {
  const origin = parseIso(text);
  if (origin !== undefined) return origin;
  throw new InvalidArgumentError('It should be an ISO 8601 time, such as 2018-04-01T00:00:00Z.');
}

function timesOf({ timeUnit, timeOrigin }: ReadingOptions): TimeOptions {
  return { unit: timeUnit ?? 'ms', origin: timeOrigin ?? 0 };
}
