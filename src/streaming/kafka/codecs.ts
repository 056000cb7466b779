/**
 * What producers compress their batches with, opened within bounds: a batch that would become larger than `MAX_BYTES` is refused
 * before it takes the memory. kafkajs opens batches while it reads a response that holds many partitions, and knows no way to fail
 * for one of them: a batch that cannot be opened is replaced by markers (unreadable.ts), which the consumer finds where they are.
 */
import { gunzipSync, gzipSync } from 'node:zlib';
import { decompress as unzstd } from 'fzstd';
import { CompressionCodecs, CompressionTypes } from 'kafkajs';
import { decompressFrame } from 'lz4js';
import { uncompress as unsnappy } from 'snappyjs';
import { countRecords, markersFor } from './unreadable';

/** Of one batch. Producers bound a batch before they compress it, at 1 MB or less as a rule. */
export const MAX_BYTES = 32 * 2 ** 20;
/** Each becomes objects that take far more than its bytes. */
const MAX_RECORDS = 500_000;

type Open = (compressed: Buffer) => Uint8Array;

type Compression = Exclude<CompressionTypes, CompressionTypes.None>;

const CODECS: readonly { type: Compression; name: string; open: Open }[] = [
  { type: CompressionTypes.GZIP, name: 'gzip', open: ungzip },
  { type: CompressionTypes.Snappy, name: 'snappy', open: openSnappy },
  { type: CompressionTypes.LZ4, name: 'lz4', open: openLz4 },
  { type: CompressionTypes.ZSTD, name: 'zstd', open: openZstd },
];

/** Twice without harm. */
export function registerCodecs(): void {
  for (const { type, name, open } of CODECS)
    CompressionCodecs[type] = () => ({
      compress: async ({ buffer }: { buffer: Buffer }) => {
        if (type !== CompressionTypes.GZIP) throw new Error(`Kindred reads ${name} and does not write it`);
        return gzipSync(buffer);
      },
      decompress: async (compressed: Buffer) => decompressed(compressed, name, open),
    });
}

export function decompressed(compressed: Buffer, name: string, open: Open): Buffer {
  try {
    const records = countRecords(compressed);
    if (records !== undefined && records > MAX_RECORDS) throw new Error(`it holds ${records} records`);
    const opened = open(compressed);
    return Buffer.from(opened.buffer, opened.byteOffset, opened.byteLength);
  } catch (error) {
    return markersFor(compressed, `${name}: ${(error as Error).message}`, MAX_RECORDS);
  }
}

function refuseAbove(bytes: number): void {
  if (bytes > MAX_BYTES) throw new Error(`it would take more than ${MAX_BYTES / 2 ** 20} MB of memory`);
}

export function ungzip(compressed: Buffer): Uint8Array {
  try {
    return gunzipSync(compressed, { maxOutputLength: MAX_BYTES });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') refuseAbove(Number.POSITIVE_INFINITY);
    throw error;
  }
}

/** Java's clients write snappy in a frame of their own (magic, two versions, chunks each after its length); others write it bare. */
const FRAME_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const FRAME_HEADER_BYTES = FRAME_MAGIC.length + 8;

export function openSnappy(compressed: Buffer): Uint8Array {
  if (!compressed.subarray(0, FRAME_MAGIC.length).equals(FRAME_MAGIC)) return unsnappy(compressed, MAX_BYTES);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for (let at = FRAME_HEADER_BYTES; at < compressed.length; ) {
    const length = compressed.readUInt32BE(at);
    const chunk = compressed.subarray(at + 4, at + 4 + length);
    if (chunk.length !== length) throw new Error('a chunk is cut short');
    chunks.push(unsnappy(chunk, MAX_BYTES - bytes));
    bytes += chunks[chunks.length - 1].length;
    at += 4 + length;
  }
  return chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, bytes);
}

const LZ4_MAGIC = 0x184d2204;
const LZ4_BLOCK_BYTES: Readonly<Record<number, number>> = { 4: 2 ** 16, 5: 2 ** 18, 6: 2 ** 20, 7: 2 ** 22 };
/** A sequence of n bytes stands for fewer than 255 n. */
const LZ4_MOST = 255;

export function openLz4(compressed: Buffer): Uint8Array {
  const room = Math.min(lz4Bound(compressed), MAX_BYTES);
  // One byte more, so that a frame that goes beyond is seen.
  const into = new Uint8Array(room + 1);
  const bytes = decompressFrame(compressed, into);
  refuseAbove(bytes);
  if (bytes > room) throw new Error('it does not hold what its header says');
  return into.subarray(0, bytes);
}

/** From the blocks' headers: a size that the frame states may be a lie. */
function lz4Bound(frame: Buffer): number {
  if (frame.readUInt32LE(0) !== LZ4_MAGIC) throw new Error('it is not an LZ4 frame');
  const flags = frame[4];
  const most = LZ4_BLOCK_BYTES[(frame[5] >> 4) & 7];
  if (most === undefined) throw new Error('it has blocks of an unknown size');
  const hasDictionary = (flags & 1) !== 0;
  if (hasDictionary) throw new Error('it needs a dictionary');
  let at = 6 + ((flags & 8) !== 0 ? 8 : 0) + 1;
  for (let bytes = 0; ; ) {
    const header = frame.readUInt32LE(at);
    if (header === 0) return bytes;
    const length = header & 0x7fffffff;
    bytes += header === length ? Math.min(most, length * LZ4_MOST) : length;
    at += 4 + length + ((flags & 16) !== 0 ? 4 : 0);
    if (at > frame.length) throw new Error('a block is cut short');
  }
}

const ZSTD_MAGIC = 0xfd2fb528;
const ZSTD_BLOCK_BYTES = 2 ** 17;
/** Of a block's three bits: one byte over and over; the bytes as they are are 0, compressed 2. */
const ZSTD_REPEATED = 1;
const ZSTD_COMPRESSED = 2;

export function openZstd(compressed: Buffer): Uint8Array {
  let bytes = 0;
  for (let at = 0; at < compressed.length; ) {
    const frame = zstdFrame(compressed, at);
    bytes += frame.bytes;
    refuseAbove(bytes);
    at = frame.end;
  }
  return unzstd(compressed);
}

/** What a frame becomes at most, from its header and those of its blocks; the package takes a window's memory unasked. */
function zstdFrame(compressed: Buffer, start: number): { bytes: number; end: number } {
  if (compressed.readUInt32LE(start) !== ZSTD_MAGIC) throw new Error('it is not a Zstandard frame');
  const flags = compressed[start + 4];
  const single = ((flags >> 5) & 1) === 1;
  const dictionaryBytes = [0, 1, 2, 4][flags & 3];
  const sizeBytes = flags >> 6 === 0 ? Number(single) : 2 ** (flags >> 6);
  let at = start + 5 + (single ? 0 : 1) + dictionaryBytes;
  if (!single) refuseAbove(zstdWindow(compressed[start + 5]));
  if (sizeBytes > 0) refuseAbove(statedSize(compressed, at, sizeBytes));
  at += sizeBytes;
  for (let bytes = 0; ; ) {
    const header = compressed.readUIntLE(at, 3);
    const kind = (header >> 1) & 3;
    const length = header >> 3;
    bytes += kind === ZSTD_COMPRESSED ? ZSTD_BLOCK_BYTES : length;
    at += 3 + (kind === ZSTD_REPEATED ? 1 : length);
    if (at > compressed.length) throw new Error('a block is cut short');
    if ((header & 1) === 1) return { bytes, end: at + (((flags >> 2) & 1) === 1 ? 4 : 0) };
  }
}

function zstdWindow(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

function statedSize(compressed: Buffer, at: number, bytes: number): number {
  if (bytes === 8) return Number(compressed.readBigUInt64LE(at));
  return compressed.readUIntLE(at, bytes) + (bytes === 2 ? 256 : 0);
}
