/**
 * Turns a topic's record into one of a stream, by the rules that files and GraphQL go by, or says why it cannot be one. Whatever
 * the bytes are, this returns: it never throws, and its work is bounded by the size limit. Of keys that a JSON object names
 * twice the last counts, as JSON.parse has it, and `__proto__` is a name like any other.
 */
import { isUtf8 } from 'node:buffer';
import { type Decoder, decoderOf } from '../domain/decoding';
import type { StreamName, StreamRecord } from '../domain/events';
import { EPOCH_MILLIS } from '../domain/times';
import type { KafkaRecord } from './kafka/port';

export type RefusalCode = 'UNDECODABLE' | 'INVALID' | 'OVERSIZED';

/** Why a record is none of the stream. */
export interface Refusal {
  readonly code: RefusalCode;
  /** The field at fault, where one is. */
  readonly field?: string;
  readonly reason: string;
}

export type DecodedRecord<Rec> = { readonly ok: true; readonly record: Rec } | { readonly ok: false; refusal: Refusal };

const MAX_REASON_CHARACTERS = 200;

export class RecordDecoder<S extends StreamName> {
  private readonly decode: Decoder<StreamRecord[S]>;

  /** @param maxBytes what is larger, key, value and headers together, is refused unread */
  constructor(
    stream: S,
    private readonly maxBytes: number,
  ) {
    this.decode = decoderOf(stream);
  }

  decodeRecord({
    key,
    value,
    headers,
  }: Pick<KafkaRecord, 'key' | 'value'> & Partial<Pick<KafkaRecord, 'headers'>>): DecodedRecord<StreamRecord[S]> {
    const bytes = recordBytes({ key, value, headers });
    if (bytes > this.maxBytes)
      return refused('OVERSIZED', `has ${bytes} bytes, more than the ${this.maxBytes} that are taken`);
    if (value === null) return refused('UNDECODABLE', 'has no value: a tombstone deletes nothing here');
    if (!isUtf8(value)) return refused('UNDECODABLE', 'is not valid UTF-8');
    let raw: unknown;
    try {
      raw = JSON.parse(value.toString('utf8'));
    } catch (error) {
      return refused('UNDECODABLE', `is not JSON: ${(error as Error).message}`);
    }
    if (typeof raw !== 'object' || raw === null || Array.isArray(raw))
      return refused('UNDECODABLE', 'is not a JSON object');
    const decoded = this.decode(raw as Record<string, unknown>, EPOCH_MILLIS);
    if (decoded.ok) return decoded;
    return refused('INVALID', `${decoded.field} ${decoded.reason}`, decoded.field);
  }
}

/** What a record's sender made it hold: key, value, headers. */
export function recordBytes({
  key,
  value,
  headers = {},
}: Pick<KafkaRecord, 'key' | 'value'> & Partial<Pick<KafkaRecord, 'headers'>>): number {
  let bytes = (key?.length ?? 0) + (value?.length ?? 0);
  for (const name of Object.keys(headers)) bytes += name.length + headers[name].length;
  return bytes;
}

function refused(code: RefusalCode, reason: string, field?: string): { ok: false; refusal: Refusal } {
  return { ok: false, refusal: { code, field, reason: reason.slice(0, MAX_REASON_CHARACTERS) } };
}
