/** Bytes of strangers as text that cannot command a terminal: JSON indented, text with escapes, anything else as a hex dump. */
import { isUtf8 } from 'node:buffer';
import { printable } from './model-text';

export interface ValueText {
  readonly kind: 'JSON' | 'text' | 'binary' | 'nothing';
  /** Lines. */
  readonly text: string;
}

const ROW_BYTES = 16;

export function valueText(value: Buffer | null): ValueText {
  if (value === null) return { kind: 'nothing', text: '' };
  if (!isUtf8(value) || value.includes(0)) return { kind: 'binary', text: hexDump(value) };
  const text = value.toString('utf8');
  const parsed = parsedJson(text);
  if (parsed !== undefined) return { kind: 'JSON', text: printableLines(JSON.stringify(parsed, null, 2)) };
  return { kind: 'text', text: printableLines(text) };
}

/** A key or a header on one line. */
export function shortText(value: Buffer | null): string {
  if (value === null) return '(none)';
  return isUtf8(value) ? printable(value.toString('utf8')) : `0x${value.toString('hex')}`;
}

const printableLines = (text: string): string => text.split('\n').map(printable).join('\n');

/** Only objects and arrays: a bare word or number reads better as it is. */
function parsedJson(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** As `hexdump -C` prints it. */
export function hexDump(bytes: Buffer): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += ROW_BYTES) {
    const row = bytes.subarray(at, at + ROW_BYTES);
    const hex = [...row].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const text = [...row].map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
    lines.push(`${at.toString(16).padStart(8, '0')}  ${hex.padEnd(ROW_BYTES * 3)} |${text}|`);
  }
  return lines.join('\n');
}
