/**
 * Cuts bytes into blocks of whole lines and decodes them. Holds no more than one block and one line, whatever the source:
 * a line that is too long is passed over, and a line that is not UTF-8 is marked, so that neither spoils its neighbours.
 */
import { isAscii, isUtf8 } from 'node:buffer';
import { KindredError } from '../errors';

/** No valid record is near this long. */
export const MAX_LINE_BYTES = 1024 * 1024;

export type TextBlock =
  /** Whole lines; only the last block of a source may lack the final line feed. */
  | { kind: 'lines'; text: string /** Places, from 0, of lines that are not UTF-8. */; damaged: ReadonlySet<number> }
  /** One line that was passed over, with how it begins. */
  | { kind: 'overlong'; start: string };

const LINE_FEED = 0x0a;
const START_BYTES = 512;
const NONE: ReadonlySet<number> = new Set();

export async function* textBlocks(chunks: AsyncIterable<Buffer>): AsyncGenerator<TextBlock> {
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  /** How the line that is being passed over begins. */
  let overlong: string | undefined;
  for await (const piece of withoutMark(chunks)) {
    let chunk = piece;
    if (overlong !== undefined) {
      const end = chunk.indexOf(LINE_FEED);
      if (end < 0) continue;
      yield { kind: 'overlong', start: overlong };
      overlong = undefined;
      chunk = chunk.subarray(end + 1);
    }
    const last = chunk.lastIndexOf(LINE_FEED);
    if (last >= 0) {
      pending.push(chunk.subarray(0, last + 1));
      yield decoded(pending.length === 1 ? pending[0] : Buffer.concat(pending));
      pending = [];
      pendingBytes = 0;
      chunk = chunk.subarray(last + 1);
    }
    if (chunk.length > 0) pending.push(chunk);
    pendingBytes += chunk.length;
    if (pendingBytes > MAX_LINE_BYTES) {
      overlong = Buffer.concat(pending).toString('utf8', 0, START_BYTES);
      pending = [];
      pendingBytes = 0;
    }
  }
  if (overlong !== undefined) yield { kind: 'overlong', start: overlong };
  else if (pendingBytes > 0) yield decoded(Buffer.concat(pending));
}

function decoded(bytes: Buffer): TextBlock {
  if (isAscii(bytes)) return { kind: 'lines', text: bytes.toString('latin1'), damaged: NONE };
  return { kind: 'lines', text: bytes.toString('utf8'), damaged: isUtf8(bytes) ? NONE : damagedLines(bytes) };
}

function damagedLines(bytes: Buffer): ReadonlySet<number> {
  const damaged = new Set<number>();
  for (let start = 0, line = 0; start < bytes.length; line++) {
    const end = bytes.indexOf(LINE_FEED, start);
    const stop = end < 0 ? bytes.length : end;
    if (!isUtf8(bytes.subarray(start, stop))) damaged.add(line);
    start = stop + 1;
  }
  return damaged;
}

/** Drops UTF-8's byte order mark, and refuses UTF-16, of which every line would be wrong. */
async function* withoutMark(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let start: Buffer | undefined = Buffer.alloc(0);
  for await (const chunk of chunks) {
    if (start === undefined) {
      yield chunk;
      continue;
    }
    start = Buffer.concat([start, chunk]);
    if (start.length < 3) continue;
    yield afterMark(start);
    start = undefined;
  }
  if (start !== undefined && start.length > 0) yield afterMark(start);
}

function afterMark(start: Buffer): Buffer {
  if (start[0] === 0xef && start[1] === 0xbb && start[2] === 0xbf) return start.subarray(3);
  if ((start[0] === 0xff && start[1] === 0xfe) || (start[0] === 0xfe && start[1] === 0xff))
    throw new KindredError('SOURCE_UNREADABLE', 'The text is UTF-16.', {
      remedy: 'Convert it first: iconv -f UTF-16 -t UTF-8',
    });
  return start;
}
