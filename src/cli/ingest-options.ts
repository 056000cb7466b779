/** What may be typed after `kindred ingest`, and how it becomes a mapping and a way to read times. */
import { InvalidArgumentError } from 'commander';
import { STREAMS, type StreamName } from '../domain/events';
import { parseIso, TIME_UNITS, type TimeOptions, type TimeUnit } from '../domain/times';
import { FILE_FORMATS, type FileFormat } from '../streaming/record-files';

export interface IngestOptions {
  dataDir?: string;
  map?: Record<string, string>;
  constant?: Record<string, string>;
  format?: FileFormat;
  delimiter?: string;
  columns?: string[];
  timeUnit?: TimeUnit;
  timeOrigin?: number;
  rejects?: string;
  json?: boolean;
}

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

export function timesOf({ timeUnit, timeOrigin }: IngestOptions): TimeOptions {
  return { unit: timeUnit ?? 'ms', origin: timeOrigin ?? 0 };
}
