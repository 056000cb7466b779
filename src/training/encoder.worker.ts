/** The thread in which encoders run. See `encoder-thread.ts`. */
import { parentPort, workerData } from 'node:worker_threads';
import { KindredError } from '../errors';
import {
  ABILITIES,
  type Ability,
  type EncoderAnswer,
  type EncoderEvents,
  type EncoderQuestion,
  type FromEncoders,
  type ToEncoders,
  tooLarge,
} from './encoder-thread';
import { type Encoder, openEncoder } from './encoders';
import { countNativeCallsIn } from './native-calls';
import { type EventSequences, EventSequencesBuilder } from './sequence2vec/event-sequences';
import { describeError } from './thread-errors';

interface Opened {
  readonly encoder: Promise<Encoder>;
  /** Questions under way. */
  readonly asked: Set<Promise<unknown>>;
}

const opened = new Map<string, Opened>();

async function open({ id, trainer, artifacts }: ToEncoders & { kind: 'open' }): Promise<Ability[]> {
  // One that was to be closed, and is wanted again.
  await close(id);
  const encoder = openEncoder(trainer, artifacts);
  opened.set(id, { encoder, asked: new Set() });
  try {
    const ready = await encoder;
    return ABILITIES.filter((ability) => ready[ability] !== undefined);
  } catch (error) {
    opened.delete(id);
    throw isOutOfMemory(error) ? tooLarge(id, error) : error;
  }
}

async function ask({ id, question }: ToEncoders & { kind: 'ask' }): Promise<EncoderAnswer> {
  const found = opened.get(id);
  if (!found) throw new KindredError('MODEL_NOT_FOUND', `No encoder of model "${id}" is open.`);
  const answer = found.encoder.then((encoder) => answerOf(encoder, question));
  found.asked.add(answer);
  try {
    return await answer;
  } finally {
    found.asked.delete(answer);
  }
}

async function close(id: string): Promise<void> {
  const found = opened.get(id);
  opened.delete(id);
  if (!found) return;
  await Promise.allSettled(found.asked);
  await (await found.encoder).close();
}

async function stop(): Promise<void> {
  await Promise.allSettled([...opened.keys()].map(close));
  // The listener below would keep the thread alive.
  parentPort?.close();
}

/** By their words: neither V8, for the memory of a typed array, nor the runtime gives a code. */
function isOutOfMemory(error: unknown): boolean {
  return (
    error instanceof Error && /Array buffer allocation failed|bad_alloc|Failed to allocate memory/.test(error.message)
  );
}

const NOTHING = new Int32Array(0);

async function answerOf(encoder: Encoder, question: EncoderQuestion): Promise<EncoderAnswer> {
  const { dimension } = encoder;
  if (question.ability === 'text') {
    if (!encoder.text) throw cannot('text');
    return answer(dimension, await encoder.text([question.text]), NOTHING);
  }
  const { ability, sequence } = question;
  if (!encoder[ability]) throw cannot(ability);
  const known = knownEvents(encoder, sequence);
  if (known.length === 0) return answer(dimension, new Float32Array(0), NOTHING);
  const read = encoder.readsUnknown ? inOrderOfTime(sequence, sequence.events.keys()) : known;
  const sequences = sequencesOf(sequence, read);
  if (ability !== 'contexts') return answer(dimension, await encoder[ability]!(sequences), known);
  const contexts = await encoder.contexts!(sequences);
  const rows = known.map((place) => read.indexOf(place));
  return answer(contexts.dimension, rowsOf(contexts, rows), known);
}

/** A view of a longer array would take all of it along. */
function answer(dimension: number, vectors: Float32Array, known: Int32Array): EncoderAnswer {
  if (!vectors.every(Number.isFinite))
    throw new KindredError('MODEL_CORRUPT', 'The model answers with what is not a number.', {
      remedy: 'Train it again, and promote the new version.',
    });
  return { dimension, vectors: vectors.slice(), known };
}

/** Places of the events whose things the encoder knows, in the order in which it gets them: that of time. */
function knownEvents(encoder: Encoder, sequence: EncoderEvents): Int32Array {
  const places = [...sequence.events.keys()].filter((at) => encoder.knows(sequence.events[at].thing));
  return inOrderOfTime(sequence, places);
}

function inOrderOfTime({ events }: EncoderEvents, places: Iterable<number>): Int32Array {
  return Int32Array.from(places).sort((a, b) => events[a].occurredAt - events[b].occurredAt || a - b);
}

function rowsOf({ dimension, vectors }: { dimension: number; vectors: Float32Array }, rows: Int32Array): Float32Array {
  const picked = new Float32Array(rows.length * dimension);
  rows.forEach((row, i) => {
    picked.set(vectors.subarray(row * dimension, (row + 1) * dimension), i * dimension);
  });
  return picked;
}

function sequencesOf({ events, categoryNames }: EncoderEvents, places: Int32Array): EventSequences {
  const builder = new EventSequencesBuilder(categoryNames);
  for (const at of places) builder.add({ ...events[at], key: 'question' });
  return builder.build();
}

function cannot(ability: Ability): KindredError {
  return new KindredError('BAD_USER_INPUT', `This model has no answers to questions of the kind "${ability}".`);
}

function handle(message: Exclude<ToEncoders, { kind: 'stop' }>): Promise<unknown> {
  if (message.kind === 'open') return open(message);
  return message.kind === 'ask' ? ask(message) : close(message.id);
}

countNativeCallsIn(workerData as SharedArrayBuffer);

const tell = (message: FromEncoders): void => parentPort?.postMessage(message);

parentPort?.on('message', (message: ToEncoders) => {
  if (message.kind === 'stop') return void stop();
  const { call } = message;
  handle(message).then(
    (result) => tell({ kind: 'done', call, result }),
    (error) => tell({ kind: 'failed', call, error: describeError(error) }),
  );
});
