/**
 * Sends dead letters back to the topics that they came from: the bytes, key and headers of the original, and one header that
 * says which dead letter it was. What is refused again becomes a dead letter of its own, which stands for the one before it.
 */
import { KindredError } from '../errors';
import { type DeadLetterFilter, type DeadLetterTopic, withAdmin } from './dead-letter-reading';
import { type DeadLetterRecord, REPLAYED_HEADER } from './dead-letters';
import type { Kafka, KafkaProducer, KafkaRecord, OutgoingMessage } from './kafka/port';
import { pieces } from './publishing';

export interface ReplayRequest {
  kafka: Kafka;
  letters: DeadLetterTopic;
  /** Topics that dead letters may go back to. */
  inputs: readonly string[];
  /** Only these, or, without them, all that match. */
  ids?: readonly string[];
  filter: DeadLetterFilter;
  /** Sends nothing. */
  dryRun: boolean;
  signal?: AbortSignal;
  onProgress?: (sent: number) => void;
}

export interface ReplayOutcome {
  /** Sent and acknowledged or, in a dry run, what would be: a topic. */
  sent: Record<string, number>;
  /** Could not be sent, with a sentence each; at most `REFUSALS_KEPT`. */
  refusals: { id: string; reason: string }[];
  refused: number;
  /** Were sent again before and refused again: the newer dead letter stands for them. */
  superseded: number;
}

export const REFUSALS_KEPT = 100;
/** Dead letters may be half a megabyte each. */
const BATCH_LETTERS = 100;

/** @throws KindredError NOT_FOUND for an id that is not there, before anything is sent; CancelledError's kin from the reader */
export async function replayDeadLetters(request: ReplayRequest): Promise<ReplayOutcome> {
  const { letters, ids, filter, signal } = request;
  const outcome: ReplayOutcome = { sent: {}, refusals: [], refused: 0, superseded: 0 };
  // Where single ones are named, somebody chose; where all are meant, each chain of replays counts once, by its newest.
  const superseded = ids ? new Set<string>() : await supersededIds(letters, signal);
  const wanted = ids ? await present(letters, ids, signal) : undefined;
  const producer = request.kafka.producer();
  const done = new Set<string>();
  let batch: { topic: string; message: OutgoingMessage }[] = [];
  const flush = async (): Promise<void> => {
    await sendBatch(batch, producer, outcome, request.dryRun);
    batch = [];
    request.onProgress?.(Object.values(outcome.sent).reduce((sum, count) => sum + count, 0));
  };
  try {
    for await (const letter of letters.all(filter, signal)) {
      if (done.has(letter.id) || (wanted && !wanted.has(letter.id))) continue;
      done.add(letter.id);
      if (superseded.has(letter.id)) {
        outcome.superseded++;
        continue;
      }
      const prepared = await original(letter, request);
      if ('refusal' in prepared) refuse(outcome, letter.id, prepared.refusal);
      else batch.push({ topic: letter.topic, message: prepared.message });
      if (batch.length >= BATCH_LETTERS) await flush();
    }
    await flush();
  } finally {
    await producer.close();
  }
  return outcome;
}

async function sendBatch(
  batch: readonly { topic: string; message: OutgoingMessage }[],
  producer: KafkaProducer,
  outcome: ReplayOutcome,
  dryRun: boolean,
): Promise<void> {
  for (const topic of new Set(batch.map((each) => each.topic))) {
    const messages = batch.filter((each) => each.topic === topic).map((each) => each.message);
    for (const piece of pieces(messages)) {
      if (!dryRun) await producer.send(topic, piece);
      outcome.sent[topic] = (outcome.sent[topic] ?? 0) + piece.length;
    }
  }
}

function refuse(outcome: ReplayOutcome, id: string, reason: string): void {
  outcome.refused++;
  if (outcome.refusals.length < REFUSALS_KEPT) outcome.refusals.push({ id, reason });
}

async function supersededIds(letters: DeadLetterTopic, signal?: AbortSignal): Promise<Set<string>> {
  const ids = new Set<string>();
  for await (const { replayOf } of letters.all({}, signal)) if (replayOf !== undefined) ids.add(replayOf);
  return ids;
}

/** The ids asked for, once all of them are known to be there. */
async function present(letters: DeadLetterTopic, ids: readonly string[], signal?: AbortSignal): Promise<Set<string>> {
  const missing = new Set(ids);
  for await (const { id } of letters.all({}, signal)) {
    missing.delete(id);
    if (missing.size === 0) return new Set(ids);
  }
  throw new KindredError('NOT_FOUND', `There is no dead letter ${[...missing].join(', ')} in ${letters.topic}.`, {
    field: 'id',
    remedy: 'kindred dead-letters lists them with their ids; retention may have taken it. Nothing was sent.',
    facts: { missing: [...missing] },
  });
}

type Prepared = { message: OutgoingMessage } | { refusal: string };

async function original(letter: DeadLetterRecord, { kafka, inputs, signal }: ReplayRequest): Promise<Prepared> {
  if (!inputs.includes(letter.topic))
    return { refusal: `${letter.topic} is no topic that Kindred reads; it reads ${inputs.join(', ')}.` };
  const whole = letter.truncated ? await originalRecord(letter, kafka, signal) : letter;
  if (whole === undefined) {
    const reason = `it was too long to be kept whole, and ${letter.topic} no longer has the original: its retention took it.`;
    return { refusal: reason };
  }
  const headers = { ...whole.headers, [REPLAYED_HEADER]: letter.id };
  return { message: { key: whole.key, value: whole.value, headers } };
}

/** Reads the record that was refused, where it still is what it was. */
async function originalRecord(
  letter: DeadLetterRecord,
  kafka: Kafka,
  signal?: AbortSignal,
): Promise<KafkaRecord | undefined> {
  const { topic, partition, offset, bytes } = letter;
  const there = await withAdmin(kafka, async (admin) =>
    (await admin.existing([topic])).length === 0 ? [] : admin.offsets(topic),
  );
  const range = there.find((each) => each.partition === partition);
  if (!range || offset < range.start || offset >= range.end) return undefined;
  for await (const { records } of kafka.read({
    topic,
    partitions: [{ partition, from: offset, to: offset + 1 }],
    signal,
  })) {
    const found = records.find((record) => record.offset === offset);
    // A topic that was made anew has other records at the same offsets.
    const begins = letter.value ?? Buffer.alloc(0);
    const same =
      found &&
      (found.value?.length ?? 0) === bytes &&
      (found.value ?? begins).subarray(0, begins.length).equals(begins);
    if (same) return found;
  }
  return undefined;
}
