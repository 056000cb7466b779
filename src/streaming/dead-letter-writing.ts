/**
 * Writes dead letters: what was refused, with where it was and why, to a topic of its own. Each fits into what a broker takes by
 * default, whatever the record was; a repeat has the same id.
 */
import type { StreamName } from '../domain/events';
import { HEADER_PREFIX, REPLAYED_HEADER } from './dead-letters';
import type { KafkaProducer, OutgoingMessage } from './kafka/port';
import type { Entry } from './partition-buffer';

/** Half of a broker's default limit for a batch (message.max.bytes, 1 MB). */
const MAX_WHOLE_BYTES = 512 * 1024;
/** What is kept of a value that is longer, of a key, and of all original headers together. */
const KEPT_BYTES = 64 * 1024;
/** Our own headers, framing. */
const OVERHEAD_BYTES = 1_024;

export class DeadLetterWriter {
  constructor(
    private readonly producer: Pick<KafkaProducer, 'send'>,
    private readonly topic: string,
  ) {}

  /**
   * Resolves once every letter is acknowledged, in order; each that was is marked, so that a further try leaves it out.
   * @throws whatever the producer throws
   */
  async write<S extends StreamName>(letters: readonly Entry<S>[]): Promise<void> {
    const failedAt = Date.now();
    let piece: { entry: Entry<S>; message: OutgoingMessage }[] = [];
    let size = 0;
    const send = async (): Promise<void> => {
      await this.producer.send(
        this.topic,
        piece.map(({ message }) => message),
      );
      for (const { entry } of piece) entry.buried = true;
      piece = [];
      size = 0;
    };
    for (const entry of letters) {
      const { message, bytes } = deadLetter(entry, failedAt);
      if (piece.length > 0 && size + bytes > MAX_WHOLE_BYTES + KEPT_BYTES) await send();
      piece.push({ entry, message });
      size += bytes;
    }
    if (piece.length > 0) await send();
  }
}

/** @param failedAt epoch milliseconds */
export function deadLetter<S extends StreamName>(
  { home, source, refusal }: Entry<S>,
  failedAt: number,
): { message: OutgoingMessage; bytes: number } {
  if (!source || !refusal) throw new Error('Only a record that was refused is a dead letter.');
  const { topic, partition } = home;
  const whole = fits(source.value, source.key, source.headers);
  const value = whole ? source.value : (source.value?.subarray(0, KEPT_BYTES) ?? null);
  const key = whole ? source.key : (source.key?.subarray(0, KEPT_BYTES) ?? null);
  const told: Record<string, string | undefined> = {
    id: `${topic}/${partition}/${source.offset}`,
    topic,
    partition: String(partition),
    offset: String(source.offset),
    timestamp: String(source.timestamp),
    code: refusal.code,
    field: refusal.field,
    reason: refusal.reason,
    'failed-at': String(failedAt),
    truncated:
      source.value !== null && value !== null && value.length < source.value.length
        ? String(source.value.length)
        : undefined,
    // Cut for the sake of the whole; how long the key was tells that it is not the same.
    'key-truncated':
      source.key !== null && key !== null && key.length < source.key.length ? String(source.key.length) : undefined,
  };
  const headers: Record<string, string | Buffer> = keptHeaders(source.headers, whole ? MAX_WHOLE_BYTES : KEPT_BYTES);
  const original = Object.keys(source.headers).filter(isKept).length;
  if (Object.keys(headers).length < original) told['headers-truncated'] = String(original);
  for (const [name, text] of Object.entries(told)) if (text !== undefined) headers[`${HEADER_PREFIX}${name}`] = text;
  const bytes = (value?.length ?? 0) + (key?.length ?? 0) + sizeOf(headers) + OVERHEAD_BYTES;
  return { message: { key, value, headers }, bytes };
}

function fits(value: Buffer | null, key: Buffer | null, headers: Readonly<Record<string, Buffer>>): boolean {
  return (value?.length ?? 0) + (key?.length ?? 0) + sizeOf(headers) <= MAX_WHOLE_BYTES;
}

function sizeOf(headers: Readonly<Record<string, string | Buffer>>): number {
  let bytes = 0;
  for (const [name, value] of Object.entries(headers)) bytes += name.length * 3 + Buffer.byteLength(value);
  return bytes;
}

/** Names of ours would tell wrong things, but for the one of a record that was sent again. */
const isKept = (name: string): boolean => !name.startsWith(HEADER_PREFIX) || name === REPLAYED_HEADER;

/** As many as fit, in their order. */
function keptHeaders(headers: Readonly<Record<string, Buffer>>, maxBytes: number): Record<string, string | Buffer> {
  const kept: Record<string, Buffer> = {};
  let bytes = 0;
  for (const [name, value] of Object.entries(headers)) {
    if (!isKept(name)) continue;
    bytes += name.length * 3 + value.length;
    if (bytes <= maxBytes) kept[name] = value;
  }
  return kept;
}
