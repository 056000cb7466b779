/**
 * Sends dead letters back to the topics that they came from: the bytes, key and headers of the original, and one header that
 * says which dead letter it was. What is refused again becomes a dead letter of its own, which stands for the one before it.
 */
import { createHash } from 'node:crypto';
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
  /** Sends nothing, but looks for everything. */
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
  const successors = ids ? new Map<string, Successor[]>() : await successorsOf(letters, signal);
  const wanted = ids ? await present(letters, ids, signal) : undefined;
  const producer = request.kafka.producer();
  const done = new Set<string>();
  let batch: DeadLetterRecord[] = [];
  const flush = async (): Promise<void> => {
    await sendBatch(batch, producer, { request, outcome });
    batch = [];
    request.onProgress?.(Object.values(outcome.sent).reduce((sum, count) => sum + count, 0));
  };
  try {
    for await (const letter of letters.all(filter, signal)) {
      if (done.has(letter.id) || (wanted && !wanted.has(letter.id))) continue;
      done.add(letter.id);
      if (isSuperseded(letter, successors)) {
        outcome.superseded++;
        continue;
      }
      if (request.inputs.includes(letter.topic)) batch.push(letter);
      else refuse(outcome, letter.id, `${letter.topic} is no topic that Kindred reads.`);
      if (batch.length >= BATCH_LETTERS) await flush();
    }
    await flush();
  } finally {
    await producer.close();
  }
  return outcome;
}

async function sendBatch(
  batch: readonly DeadLetterRecord[],
  producer: KafkaProducer,
  { request, outcome }: { request: ReplayRequest; outcome: ReplayOutcome },
): Promise<void> {
  for (const topic of new Set(batch.map((letter) => letter.topic))) {
    const letters = batch.filter((letter) => letter.topic === topic);
    const originals = await readOriginals(topic, letters, request);
    const messages: OutgoingMessage[] = [];
    for (const letter of letters) {
      const whole = letter.truncated ? originals.get(letter.id) : letter;
      if (whole) messages.push(messageOf(letter, whole));
      else
        refuse(
          outcome,
          letter.id,
          `it was too long to be kept whole, and ${topic} no longer has it: retention took it.`,
        );
    }
    for (const piece of pieces(messages)) {
      const refused = request.dryRun ? [] : await sendPiece(producer, topic, piece);
      for (const { id, reason } of refused) refuse(outcome, id, reason);
      outcome.sent[topic] = (outcome.sent[topic] ?? 0) + piece.length - refused.length;
    }
  }
}

/** What the broker refuses of a piece is found by sending its messages one by one. @returns those it refuses even so */
async function sendPiece(
  producer: KafkaProducer,
  topic: string,
  piece: readonly OutgoingMessage[],
): Promise<{ id: string; reason: string }[]> {
  const refused: { id: string; reason: string }[] = [];
  try {
    await producer.send(topic, piece);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    if (piece.length === 1) return [{ id: String(piece[0].headers?.[REPLAYED_HEADER]), reason: error.message }];
    for (const message of piece) refused.push(...(await sendPiece(producer, topic, [message])));
  }
  return refused;
}

function isRefusal(error: unknown): error is KindredError {
  return error instanceof KindredError && error.code === 'KAFKA_REFUSED';
}

function messageOf(
  { id }: DeadLetterRecord,
  { key, value, headers }: Pick<KafkaRecord, 'key' | 'value' | 'headers'>,
): OutgoingMessage {
  return { key, value, headers: { ...headers, [REPLAYED_HEADER]: id } };
}

function refuse(outcome: ReplayOutcome, id: string, reason: string): void {
  outcome.refused++;
  if (outcome.refusals.length < REFUSALS_KEPT) outcome.refusals.push({ id, reason });
}

/** A letter that says which one it was before. */
interface Successor {
  readonly content: string;
  readonly failedAt: number;
}

async function successorsOf(letters: DeadLetterTopic, signal?: AbortSignal): Promise<Map<string, Successor[]>> {
  const successors = new Map<string, Successor[]>();
  for await (const letter of letters.all({}, signal)) {
    if (letter.replayOf === undefined) continue;
    const known = successors.get(letter.replayOf) ?? [];
    known.push({ content: contentOf(letter), failedAt: letter.failedAt.getTime() });
    successors.set(letter.replayOf, known);
  }
  return successors;
}

/** Anybody may send a record that says it was a letter: it stands for one only with the same content, refused later. */
function isSuperseded(letter: DeadLetterRecord, successors: ReadonlyMap<string, readonly Successor[]>): boolean {
  const claims = successors.get(letter.id);
  if (!claims) return false;
  const content = contentOf(letter);
  return claims.some((claim) => claim.content === content && claim.failedAt > letter.failedAt.getTime());
}

function contentOf({ topic, key, value }: DeadLetterRecord): string {
  const sum = createHash('sha256').update(topic);
  for (const bytes of [key, value]) sum.update(bytes === null ? 'null' : String(bytes.length)).update(bytes ?? '');
  return sum.digest('base64');
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

/**
 * Reads the records that were refused and not kept whole, by the dead letter's id, where they still are what they were. One of each
 * partition at a time: reading begins with joining a group, which takes a moment.
 */
async function readOriginals(
  topic: string,
  letters: readonly DeadLetterRecord[],
  { kafka, signal }: ReplayRequest,
): Promise<Map<string, KafkaRecord>> {
  const found = new Map<string, KafkaRecord>();
  let left = letters.filter(({ truncated }) => truncated);
  if (left.length === 0) return found;
  const ranges = await withAdmin(kafka, async (admin) =>
    (await admin.existing([topic])).length === 0 ? [] : admin.offsets(topic),
  );
  left = left.filter(({ partition, offset }) =>
    ranges.some((range) => range.partition === partition && range.start <= offset && offset < range.end),
  );
  while (left.length > 0) {
    const round = new Map(left.map((letter) => [letter.partition, letter]));
    left = left.filter((letter) => round.get(letter.partition) !== letter);
    const partitions = [...round].map(([partition, { offset }]) => ({ partition, from: offset, to: offset + 1 }));
    for await (const { partition, records } of kafka.read({ topic, partitions, signal }))
      for (const record of records) {
        const letter = round.get(partition);
        if (letter && record.offset === letter.offset && isSame(letter, record)) found.set(letter.id, record);
      }
  }
  return found;
}

/** A topic that was made anew has other records at the same offsets. */
function isSame({ value: beginning, bytes }: DeadLetterRecord, { value }: KafkaRecord): boolean {
  if (beginning === null || value === null) return beginning === value;
  return value.length === bytes && value.subarray(0, beginning.length).equals(beginning);
}
