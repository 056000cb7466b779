/**
 * Reads times: ISO 8601 text, or a number since an origin (epoch milliseconds unless said otherwise). Text without a zone is
 * UTC. `Date.parse` is not used: it takes 30 February for 2 March, and accepts forms that differ from engine to engine.
 */
import { EARLIEST, Fault, isMissing, LATEST, quoted } from './fields';

export const TIME_UNITS = { us: 0.001, ms: 1, s: 1_000, min: 60_000, h: 3_600_000, d: 86_400_000 } as const;
export type TimeUnit = keyof typeof TIME_UNITS;

/** How numeric times are meant. */
export interface TimeOptions {
  /** @default 'ms' */
  unit: TimeUnit;
  /** Epoch milliseconds that a numeric time counts from. @default 0 */
  origin: number;
}

export const EPOCH_MILLIS: TimeOptions = { unit: 'ms', origin: 0 };

const UNPARSABLE = 'should be an ISO 8601 time or a number';
const IMPLAUSIBLE = new Fault('is outside the years 1900 to 2199');
const NUMERIC = /^[+-]?\d+(?:\.\d+)?$/;

export function time(raw: unknown, options: TimeOptions): Date | Fault {
  if (raw instanceof Date) return plausible(raw.getTime());
  if (isMissing(raw)) return new Fault('is missing');
  if (typeof raw === 'number') return plausible(options.origin + raw * TIME_UNITS[options.unit]);
  if (typeof raw !== 'string') return new Fault(UNPARSABLE);
  const text = raw.trim();
  // Only a number has neither a dash after its year nor a colon; four digits alone are a number too.
  if (text[4] !== '-' && NUMERIC.test(text)) return plausible(options.origin + Number(text) * TIME_UNITS[options.unit]);
  const millis = parseIso(text);
  return millis === undefined ? new Fault(`${UNPARSABLE}, not ${quoted(raw)}`) : plausible(millis);
}

function plausible(millis: number): Date | Fault {
  return millis >= EARLIEST && millis < LATEST ? new Date(Math.round(millis)) : IMPLAUSIBLE;
}

// YYYY-MM-DD, then T or a space and hh:mm, :ss, a fraction, and a zone: Z, +hh, +hhmm or +hh:mm.
const ISO =
  /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(?: ?(Z|z|[+-]\d\d(?::?\d\d)?))?)?$/;

/** @returns epoch milliseconds */
export function parseIso(text: string): number | undefined {
  return parseUsual(text) ?? parseAny(text);
}

/** The day that was read last: most rows of a file are of the same day as the row before. */
let lastDay = '';
let lastDayStart = 0;

/** The form that most files have, YYYY-MM-DDThh:mm:ss with or without .mmm and Z, ten times as fast as by pattern. */
function parseUsual(text: string): number | undefined {
  const { length } = text;
  const zoned = text.charCodeAt(length - 1) === 90;
  const end = zoned ? length - 1 : length;
  if ((end !== 19 && end !== 23) || text[13] !== ':' || text[16] !== ':') return undefined;
  if (text[10] !== 'T' && text[10] !== ' ') return undefined;
  const hour = twoDigits(text, 11);
  const minute = twoDigits(text, 14);
  const second = twoDigits(text, 17);
  const millis = end === 19 ? 0 : text[19] === '.' ? twoDigits(text, 20) * 10 + (twoDigits(text, 21) % 10) : Number.NaN;
  if (!(hour < 24 && minute < 60 && second < 60 && millis < 1_000)) return undefined;
  const day = text.slice(0, 10);
  if (day !== lastDay) {
    const start = parseAny(day);
    if (start === undefined) return undefined;
    lastDay = day;
    lastDayStart = start;
  }
  return lastDayStart + hour * 3_600_000 + minute * 60_000 + second * 1_000 + millis;
}

/** NaN for what is not two digits. */
function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 48;
  const ones = text.charCodeAt(at + 1) - 48;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

function parseAny(text: string): number | undefined {
  const parts = ISO.exec(text);
  if (!parts) return undefined;
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', zone = 'Z'] = parts;
  const millis = Math.floor(Number(`0.${fraction || '0'}`) * 1_000 + 1e-6);
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  const at = Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
    millis,
  );
  // Date.UTC rolls 30 February over: a real day comes back as it went in. Years below 100 mean 19xx to it.
  const date = new Date(at);
  if (date.getUTCDate() !== Number(day) || date.getUTCMonth() !== Number(month) - 1 || Number(year) < 100)
    return undefined;
  const offset = zoneMinutes(zone);
  return offset === undefined ? undefined : at - offset * 60_000;
}

function zoneMinutes(zone: string): number | undefined {
  if (zone === 'Z' || zone === 'z') return 0;
  const digits = zone.slice(1).replace(':', '');
  const hours = Number(digits.slice(0, 2));
  const minutes = Number(digits.slice(2) || '0');
  if (hours > 23 || minutes > 59) return undefined;
  return (zone[0] === '-' ? -1 : 1) * (hours * 60 + minutes);
}

/** ISO 8601 text or epoch milliseconds as a time, for arguments that are not part of a record. */
export function timeOf(raw: unknown): Date | undefined {
  const at = time(raw, EPOCH_MILLIS);
  return at instanceof Fault ? undefined : at;
}
