/**
 * Sends records to a stream's topic: in order, in pieces that a broker takes, no faster than asked, and no faster than the
 * broker acknowledges. Holds a batch of the source and the piece under way, whatever the source.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { StreamName, StreamRecord } from '../domain/events';
import { CancelledError } from '../errors';
import type { DecodedBatch, Rejection } from '../services/ingestion';
import type { KafkaProducer, OutgoingMessage } from './kafka/port';
import { rawLines } from './raw-lines';
import { keyOf, keyOfText } from './record-keys';
import type { Source } from './source';

/** What goes out next. */
export interface OutgoingBatch {
  readonly messages: OutgoingMessage[];
  readonly rejections: readonly Rejection[];
  /** Bytes of the source read so far. */
  readonly bytes: number;
}

export interface PublishCounts {
  /** Acknowledged by every in-sync replica. */
  sent: number;
  rejected: number;
}

export interface PublishOptions {
  producer: KafkaProducer;
  topic: string;
  /** Records a second. @default as fast as the broker acknowledges */
  rate?: number;
  signal?: AbortSignal;
  /** Called with each batch's rejections, before the batch goes out. */
  onRejected?: (rejections: readonly Rejection[]) => Promise<void> | void;
  /** Called after each piece that was acknowledged. */
  onProgress?: (counts: PublishCounts, bytes: number) => void;
}

/** Half of what a broker takes at once by default (message.max.bytes, 1 MB): with one busy partition all of it goes there. */
const PIECE_BYTES = 512 * 1024;
const PIECE_MESSAGES = 2_000;
/** With a rate, pieces leave about so often. */
const PIECE_SECONDS = 0.05;
const RAW_BATCH_LINES = 5_000;

/** Valid records as JSON, with the keys that keep each entity in one partition. */
export async function* recordMessages<S extends StreamName>(
  stream: S,
  batches: AsyncIterable<DecodedBatch<StreamRecord[S]>>,
): AsyncGenerator<OutgoingBatch> {
  for await (const { records, rejections, bytes } of batches) {
    const messages = records.map((record) => ({ key: keyOf(stream, record), value: JSON.stringify(record) }));
    yield { messages, rejections, bytes };
  }
}

/** Lines as they are, valid or not; keyed where a key can be read. */
export async function* rawMessages(stream: StreamName, source: Source): AsyncGenerator<OutgoingBatch> {
  let messages: OutgoingMessage[] = [];
  let size = 0;
  for await (const line of rawLines(source.chunks())) {
    messages.push({ key: keyOfText(stream, line.toString('utf8')), value: line });
    size += line.length;
    if (messages.length < RAW_BATCH_LINES && size < PIECE_BYTES) continue;
    yield { messages, rejections: [], bytes: source.bytesRead() };
    messages = [];
    size = 0;
  }
  if (messages.length > 0) yield { messages, rejections: [], bytes: source.bytesRead() };
}

/**
 * Sends everything, in order; the next batch is read while a piece is under way.
 * @throws CancelledError between two pieces; whatever the producer throws
 */
export async function publish(batches: AsyncIterable<OutgoingBatch>, options: PublishOptions): Promise<PublishCounts> {
  const counts: PublishCounts = { sent: 0, rejected: 0 };
  const pace = new Pace(options.rate);
  let sending: Promise<void> = Promise.resolve();
  const send = async ({ messages, rejections, bytes }: OutgoingBatch): Promise<void> => {
    if (rejections.length > 0) await options.onRejected?.(rejections);
    counts.rejected += rejections.length;
    for (const piece of pieces(messages, pace.pieceMessages)) {
      await pace.wait(piece.length, options.signal);
      if (options.signal?.aborted) throw new CancelledError(`Publishing to ${options.topic}`);
      await options.producer.send(options.topic, piece);
      counts.sent += piece.length;
      options.onProgress?.({ ...counts }, bytes);
    }
    options.onProgress?.({ ...counts }, bytes);
  };
  try {
    for await (const batch of batches) {
      await sending;
      if (options.signal?.aborted) throw new CancelledError(`Publishing to ${options.topic}`);
      sending = send(batch);
      // Awaited at the next turn; a failure before then must not count as unhandled.
      sending.catch(() => undefined);
    }
  } finally {
    await sending;
  }
  return counts;
}

export function* pieces(
  messages: readonly OutgoingMessage[],
  maxMessages = PIECE_MESSAGES,
): Generator<OutgoingMessage[]> {
  let piece: OutgoingMessage[] = [];
  let size = 0;
  for (const message of messages) {
    const bytes = messageBytes(message);
    if (piece.length > 0 && (piece.length >= maxMessages || size + bytes > PIECE_BYTES)) {
      yield piece;
      piece = [];
      size = 0;
    }
    piece.push(message);
    size += bytes;
  }
  if (piece.length > 0) yield piece;
}

function messageBytes({ key, value, headers = {} }: OutgoingMessage): number {
  let bytes = Buffer.byteLength(key ?? '') + Buffer.byteLength(value ?? '');
  for (const name of Object.keys(headers)) bytes += name.length + Buffer.byteLength(headers[name]);
  return bytes;
}

/** Lets messages leave no faster than so many a second, counted from the first. */
class Pace {
  readonly pieceMessages: number;
  private startedAt?: number;
  private promised = 0;

  constructor(private readonly rate?: number) {
    this.pieceMessages =
      rate === undefined ? PIECE_MESSAGES : Math.min(PIECE_MESSAGES, Math.max(1, Math.round(rate * PIECE_SECONDS)));
  }

  async wait(messages: number, signal?: AbortSignal): Promise<void> {
    if (this.rate === undefined) return;
    this.startedAt ??= Date.now();
    const due = this.startedAt + (this.promised / this.rate) * 1_000;
    this.promised += messages;
    const ahead = due - Date.now();
    if (ahead <= 0) return;
    await sleep(ahead, undefined, { signal }).catch((error: Error) => {
      // Ctrl-C ends the waiting; whoever waits looks at the signal.
      if (error.name !== 'AbortError') throw error;
    });
  }
}
