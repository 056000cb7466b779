/**
 * Markers in place of the records of a batch that cannot be opened. They go through kafkajs as records do, and are told from real
 * ones by the memory that they lie in, so that nobody can send one.
 *
 * A codec is given the compressed part only, but as a piece of the whole batch's memory: the header before it says how many records
 * kafkajs will read and which offset is the last. That it is that header is checked against the lengths it holds.
 */
import { KindredError } from '../../errors';
import type { TopicPartition } from './port';

/** Of a batch (magic 2), before its records. */
const HEADER_BYTES = 61;
const MAGIC = 2;
const AT = { length: 8, magic: 16, lastOffsetDelta: 23, records: 57 };
/** Bytes after the length field and before the records. */
const COUNTED_HEADER_BYTES = HEADER_BYTES - 12;

const reasons = new WeakMap<ArrayBufferLike, string>();

function headerBefore(compressed: Buffer): DataView | undefined {
  if (compressed.byteOffset < HEADER_BYTES) return undefined;
  const header = new DataView(compressed.buffer, compressed.byteOffset - HEADER_BYTES, HEADER_BYTES);
  const fits = header.getInt32(AT.length) === COUNTED_HEADER_BYTES + compressed.length;
  return fits && header.getInt8(AT.magic) === MAGIC ? header : undefined;
}

/** @returns undefined for a batch of a format that Kafka 4 does not write any more */
export function countRecords(compressed: Buffer): number | undefined {
  return headerBefore(compressed)?.getInt32(AT.records);
}

/** @throws KindredError KAFKA_UNREADABLE where they cannot be made: then all that was fetched fails */
export function markersFor(compressed: Buffer, reason: string, most: number): Buffer {
  const header = headerBefore(compressed);
  const records = header?.getInt32(AT.records) ?? 0;
  if (!header || records > most)
    throw new KindredError('KAFKA_UNREADABLE', `A batch of records cannot be opened (${reason}).`, {
      remedy: 'Send it in smaller batches, and go on after it: kindred streams --set-position.',
    });
  const marker = markerAt(header.getInt32(AT.lastOffsetDelta));
  // Memory of its own, not of Node's pool: it is what tells a marker from a record.
  const markers = Buffer.from(new ArrayBuffer(records * marker.length));
  for (let at = 0; at < markers.length; at += marker.length) marker.copy(markers, at);
  reasons.set(markers.buffer, reason);
  return markers;
}

/** All of a batch say its last offset, so that none is taken for one before the offset that was asked for. */
function markerAt(lastOffsetDelta: number): Buffer {
  const attributes = 0;
  const timestampDelta = 0;
  const noKey = 1;
  const oneByte = 2;
  const value = 0;
  const noHeaders = 0;
  const body = [attributes, timestampDelta, ...varint(lastOffsetDelta), noKey, oneByte, value, noHeaders];
  return Buffer.from([...varint(body.length), ...body]);
}

/** Zigzag, as records' numbers are written; for numbers that are not negative. */
function varint(number: number): number[] {
  const bytes: number[] = [];
  let left = number * 2;
  for (; left >= 128; left = Math.floor(left / 128)) bytes.push((left % 128) + 128);
  return [...bytes, left];
}

/** @returns undefined for a record */
export function reasonOf({ value }: { value: Buffer | null }): string | undefined {
  return value === null ? undefined : reasons.get(value.buffer);
}

export function unreadableError(
  { topic, partition }: TopicPartition,
  from: number,
  to: number,
  reason: string,
): KindredError {
  const place = `${topic}/${partition}`;
  return new KindredError('KAFKA_UNREADABLE', `${place} cannot be read from offset ${from} to ${to}: ${reason}.`, {
    remedy:
      'Send these records once more in smaller batches or with a codec that is known (gzip, snappy, lz4, zstd), and go on after ' +
      `them: kindred streams --set-position ${place}=${to + 1}`,
    facts: { topic, partition, from, to },
  });
}
