/**
 * Reads single fields of raw records (text from a file, values from JSON or GraphQL) and says in a few words what is wrong
 * with one. Runs for every field of every row, hence plain functions, a `Fault` in place of an exception, and few objects.
 */

/** What is wrong with a value, as the end of a sentence that begins with the field's name. */
export class Fault {
  constructor(readonly reason: string) {}
}

/** Ids share B-tree entries of at most 2,704 bytes, two and a kind in one entry at worst. */
export const MAX_ID_BYTES = 512;
/** An amount is numeric(20, 4): sixteen digits before the point. */
export const AMOUNT_LIMIT = 1e16;
export const MAX_ATTRIBUTES = 200;
export const MAX_ATTRIBUTES_BYTES = 16 * 1024;
const MAX_ATTRIBUTE_NAME_CHARACTERS = 128;

/** Records from outside these years are mistakes: seconds read as milliseconds, a default date. */
export const EARLIEST = Date.UTC(1900, 0, 1);
export const LATEST = Date.UTC(2200, 0, 1);

const MISSING = new Fault('is missing');
const NUL = new Fault('contains a NUL character');
const HALF_CHARACTER = new Fault('contains half of a surrogate pair, which is not a character');
const NOT_TEXT = new Fault('should be text');

/** Files have no null: an empty column is a missing value. */
export const isMissing = (raw: unknown): raw is undefined | null | '' =>
  raw === undefined || raw === null || raw === '';

export function id(raw: unknown): string | Fault {
  if (isMissing(raw)) return MISSING;
  // JSON sources often have numeric ids; beyond 2^53 a number no longer says which id was meant.
  const value = typeof raw === 'number' && Number.isSafeInteger(raw) ? String(raw) : raw;
  if (typeof value !== 'string') return NOT_TEXT;
  if (value.trim() === '') return new Fault('is blank');
  return text(value, MAX_ID_BYTES);
}

/** @param maxBytes length limit in UTF-8 */
export function text(raw: unknown, maxBytes: number): string | Fault {
  if (typeof raw !== 'string') return typeof raw === 'number' && Number.isFinite(raw) ? String(raw) : NOT_TEXT;
  // One UTF-16 unit is at most three bytes, so most values need no measuring.
  if (raw.length * 3 > maxBytes && Buffer.byteLength(raw) > maxBytes)
    return new Fault(`is longer than ${maxBytes} bytes`);
  return unfitCharacter(raw) ?? raw;
}

const UNUSUAL = /[\0\ud800-\udfff]/;
const LONE_SURROGATE = /\p{Surrogate}/u;

/** What Postgres text cannot hold. */
function unfitCharacter(value: string): Fault | undefined {
  // One pass for the common case; the exact patterns are slower.
  if (!UNUSUAL.test(value)) return undefined;
  if (value.includes('\0')) return NUL;
  return LONE_SURROGATE.test(value) ? HALF_CHARACTER : undefined;
}

export function optional<T>(raw: unknown, decode: (raw: unknown) => T | Fault): T | Fault | undefined {
  return isMissing(raw) ? undefined : decode(raw);
}

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

export function finiteNumber(raw: unknown): number | Fault {
  if (isMissing(raw)) return MISSING;
  let value: number;
  if (typeof raw === 'number') value = raw;
  else if (typeof raw === 'string') {
    const trimmed = raw.trim();
    if (!DECIMAL.test(trimmed)) return new Fault(`should be a number, not ${quoted(raw)}`);
    value = Number(trimmed);
  } else return new Fault('should be a number');
  return Number.isFinite(value) ? value : new Fault('should be a finite number');
}

export function amount(raw: unknown): number | Fault {
  const value = finiteNumber(raw);
  if (value instanceof Fault) return value;
  // Rounding to four decimals must not reach the limit either.
  return Math.abs(value) < AMOUNT_LIMIT - 1 ? fourDecimals(value) : new Fault('should be below 10^16');
}

const MORE_THAN_FOUR = /^(-?)(\d+)\.(\d{4})(\d)/;

/**
 * What the store will keep of an amount, so that one scored on its way in is scored as the one that is read back, to the bit:
 * numeric(20, 4) rounds the shortest text of a number half away from zero.
 */
export function fourDecimals(value: number): number {
  // The decimal k / 10^4 that rounds to this number: its shortest text has no more decimals. Adding 0 takes the sign off -0.
  if (Math.round(value * 10_000) / 10_000 === value) return value + 0;
  if (Math.abs(value) < 0.000_05) return 0;
  const parts = MORE_THAN_FOUR.exec(String(value));
  if (!parts) return value;
  const [, sign, whole, decimals, next] = parts;
  const units = String(BigInt(whole + decimals) + (next >= '5' ? 1n : 0n)).padStart(5, '0');
  return Number(`${sign}${units.slice(0, -4)}.${units.slice(-4)}`) + 0;
}

export function positiveNumber(raw: unknown): number | Fault {
  const value = finiteNumber(raw);
  if (value instanceof Fault) return value;
  return value > 0 ? value : new Fault('should be greater than 0');
}

export function boolean(raw: unknown): boolean | Fault {
  if (typeof raw === 'boolean') return raw;
  if (isMissing(raw)) return MISSING;
  if (raw === 1 || raw === '1') return true;
  if (raw === 0 || raw === '0') return false;
  const word = typeof raw === 'string' ? raw.trim().toLowerCase() : undefined;
  if (word === 'true' || word === '1') return true;
  if (word === 'false' || word === '0') return false;
  return new Fault('should be true, false, 1 or 0');
}

export function currency(raw: unknown): string | Fault {
  if (isMissing(raw)) return MISSING;
  return letterCode(raw, /^[A-Z]{3}$/, 'should be an ISO 4217 code of three letters, such as EUR');
}

export function country(raw: unknown): string | Fault {
  return letterCode(raw, /^[A-Z]{2}$/, 'should be an ISO 3166-1 code of two letters, such as DE');
}

function letterCode(raw: unknown, pattern: RegExp, reason: string): string | Fault {
  const code = typeof raw === 'string' ? raw.trim().toUpperCase() : '';
  return pattern.test(code) ? code : new Fault(reason);
}

export type AttributeValue = string | number | boolean | null;

/** A JSON object of plain values, or its text. */
export function attributes(raw: unknown): Record<string, AttributeValue> | Fault {
  let value = raw;
  if (typeof raw === 'string') {
    try {
      value = JSON.parse(raw);
    } catch {
      return new Fault('should be a JSON object');
    }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return new Fault('should be a JSON object');
  const names = Object.keys(value);
  if (names.length > MAX_ATTRIBUTES) return new Fault(`has more than ${MAX_ATTRIBUTES} entries`);
  for (const name of names) {
    const fault = attributeFault(name, (value as Record<string, unknown>)[name]);
    if (fault) return fault;
  }
  if (Buffer.byteLength(JSON.stringify(value)) > MAX_ATTRIBUTES_BYTES)
    return new Fault(`is longer than ${MAX_ATTRIBUTES_BYTES} bytes`);
  return value as Record<string, AttributeValue>;
}

function attributeFault(name: string, value: unknown): Fault | undefined {
  if (name === '' || name.length > MAX_ATTRIBUTE_NAME_CHARACTERS)
    return new Fault(`has a name that is not of 1 to ${MAX_ATTRIBUTE_NAME_CHARACTERS} characters`);
  const inName = unfitCharacter(name);
  if (inName) return inName;
  if (typeof value === 'string') return unfitCharacter(value);
  if (value === null || typeof value === 'boolean' || Number.isFinite(value)) return undefined;
  return new Fault(`should hold text, finite numbers, true, false or null, but ${quoted(name)} does not`);
}

/** Bounded, so that a reason stays a short line whatever the value. */
export function quoted(value: string): string {
  return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
}
