/**
 * Trains a sequence trainer on what accounts did before the test, and measures what its vectors add to the hand-made
 * features of payments: one job of a background thread.
 */
import { KindredError } from '../../errors';
import type { Layers } from '../encoder';
import { type Encoder, openEncoder } from '../encoders';
import { learnTaskWeights } from '../sequence2vec/elmo/task-weights';
import type { EventSequences } from '../sequence2vec/event-sequences';
import { eventsBefore, pastsOf } from '../sequence2vec/pasts';
import type { SequenceModel, TrainingContext } from '../trainer';
import { trainNamed } from '../trainers';
import type { Evaluation } from './evaluation';
import type { LabelledTable, TimeSplit } from './fraud';
import {
  canProbe,
  evaluatePaymentVectors,
  type PaymentRows,
  type PaymentVectorTrial,
  paymentRows,
} from './frozen-vectors';
import { trainedOnRest } from './held-out-training';
import type { Columns } from './linear-probe';

export interface PaymentHistories {
  /** The accounts' events, keyed by account. Events of one time stand in the order of the table's rows. */
  readonly sequences: EventSequences;
  /** Features of payments in order of time. */
  readonly table: LabelledTable;
}

export interface PaymentTrial extends TimeSplit {
  readonly seed: number;
  /** Until a label is known: payments less than this before the test are not learned from. @default 7 */
  readonly labelDelayDays?: number;
  /** Table of vectors that pooling stands on; other trainers need none. */
  readonly base?: unknown;
}

const DAY_MILLIS = 86_400_000;
/** Events of a history that an encoder is given at most, where the trainer has no `maxLength` of its own. */
const LONGEST_PAST = 100;
/** Histories that are encoded in one go: bounds the memory of their copies. */
const PAYMENTS_A_TURN = 4_096;

/** @returns undefined where one side of the split lacks frauds or others, or what came before is not enough to learn from */
export async function trainAndEvaluateOnPayments(
  trainer: string,
  { sequences, table }: PaymentHistories,
  options: Readonly<Record<string, unknown>>,
  { trainTo, testFrom, seed, labelDelayDays = 7, base }: PaymentTrial,
  context: TrainingContext = {},
): Promise<Evaluation | undefined> {
  const split = { trainTo: Math.min(trainTo, testFrom - labelDelayDays * DAY_MILLIS), testFrom };
  const rows = paymentRows(table, split);
  if (!canProbe(table, rows)) return undefined;
  const known = eventsBefore(sequences, testFrom);
  const data = base === undefined ? known : { sequences: known, base };
  const model = await trainedOnRest<SequenceModel>(trainNamed(trainer, data, { ...options, seed }, context));
  if (!model) return undefined;
  const encoder = await openEncoder(trainer, model.artifacts);
  try {
    const asked = Int32Array.from([...rows.training, ...rows.test]);
    const longest = typeof options.maxLength === 'number' ? options.maxLength : LONGEST_PAST;
    const histories = { sequences, table };
    const trial = encoder.layers
      ? await layeredTrial((pasts) => encoder.layers!(pasts), histories, { rows, asked, longest, seed })
      : { vectors: await vectorsAtPayments(encoder, histories, { rows: asked, longest }) };
    return evaluatePaymentVectors(table, split, {
      ...trial,
      // What is pooled was learned before, from whatever the store held then.
      ...(base !== undefined && { learnedFrom: 'what they pool from all events, how from those before the test' }),
    });
  } finally {
    await encoder.close();
  }
}

/**
 * The contextual vector [T, h_left, h_right] of each payment, and its layers as the task weighs them: the weights are learned
 * from the labels of the rows that the linear model learns from, and from no others.
 */
async function layeredTrial(
  layersOf: NonNullable<Encoder['layers']>,
  histories: PaymentHistories,
  { rows, asked, longest, seed }: { rows: PaymentRows; asked: Int32Array; longest: number; seed: number },
): Promise<Pick<PaymentVectorTrial, 'vectors' | 'weighed'>> {
  let shape = { layers: 1, width: 0 };
  const read = async (pasts: EventSequences): Promise<Columns> => {
    const { layers, width, vectors } = await layersOf(pasts);
    shape = { layers, width };
    return lastOf(pasts, { width: layers * width, values: vectors });
  };
  const { values: vectors } = await columnsAtPayments(read, histories, { rows: asked, longest });
  const labels = new Int32Array(histories.table.rows).fill(-1);
  for (const row of rows.training) labels[row] = histories.table.labels[row];
  const learned = await learnTaskWeights({ ...shape, vectors }, labels, { classes: 2, seed });
  return {
    vectors: contextsOf({ ...shape, vectors }),
    weighed: { width: shape.width, values: learned.mix({ ...shape, vectors }) },
  };
}

/** [T, h_left, h_right] of the top layer. */
function contextsOf({ layers, width, vectors }: Layers): Columns {
  const rows = vectors.length / (layers * width);
  const dimension = width / 2;
  const values = new Float32Array(rows * 3 * dimension);
  for (let row = 0; row < rows; row++) {
    const at = row * layers * width;
    values.set(vectors.subarray(at, at + dimension), row * 3 * dimension);
    values.set(vectors.subarray(at + (layers - 1) * width, at + layers * width), (3 * row + 1) * dimension);
  }
  return { width: 3 * dimension, values };
}

/**
 * For each row asked for, the vector of its account's events up to and including that payment; zeros for the others, and
 * where the account has no event until then.
 * @param asked the rows, and how many events of a history the encoder is given at most
 */
export function vectorsAtPayments(
  encoder: Pick<Encoder, 'dimension' | 'sequence' | 'contexts'>,
  histories: PaymentHistories,
  asked: AskedRows,
): Promise<Columns> {
  return columnsAtPayments((pasts) => lastVectors(encoder, pasts), histories, asked, encoder.dimension);
}

interface AskedRows {
  readonly rows: Int32Array;
  readonly longest: number;
}

/** @param read one row for each of the pasts */
async function columnsAtPayments(
  read: (pasts: EventSequences) => Promise<Columns>,
  { sequences, table }: PaymentHistories,
  { rows, longest }: AskedRows,
  usualWidth = 0,
): Promise<Columns> {
  const { events, sequenceOf } = eventsOfRows(sequences, table);
  const known = rows.filter((row) => events[row] >= 0);
  let width = usualWidth;
  let values = new Float32Array(0);
  for (let start = 0; start < known.length; start += PAYMENTS_A_TURN) {
    const turn = known.subarray(start, start + PAYMENTS_A_TURN);
    const pasts = pastsOf(
      sequences,
      turn.map((row) => events[row]),
      { sequenceOf: turn.map((row) => sequenceOf[row]), longest },
    );
    const part = await read(pasts);
    width = part.width;
    if (values.length === 0) values = new Float32Array(table.rows * width);
    turn.forEach((row, i) => {
      values.set(part.values.subarray(i * width, (i + 1) * width), row * width);
    });
  }
  return { width, values: values.length === 0 ? new Float32Array(table.rows * width) : values };
}

/** The sequence's vector, or where a model has vectors of events only, its last event's. */
async function lastVectors(
  encoder: Pick<Encoder, 'dimension' | 'sequence' | 'contexts'>,
  pasts: EventSequences,
): Promise<Columns> {
  if (encoder.sequence) return { width: encoder.dimension, values: await encoder.sequence(pasts) };
  if (!encoder.contexts)
    throw new KindredError('BAD_USER_INPUT', 'The model makes no vectors of sequences or events.', {
      remedy: 'Measure a model of pooling, doc2vec, coles or elmo.',
    });
  const { dimension: width, vectors } = await encoder.contexts(pasts);
  return lastOf(pasts, { width, values: vectors });
}

/** Of what each event has, that of each past's last event. */
function lastOf(pasts: EventSequences, { width, values: vectors }: Columns): Columns {
  const values = new Float32Array((pasts.offsets.length - 1) * width);
  for (let past = 0; past + 1 < pasts.offsets.length; past++) {
    const last = pasts.offsets[past + 1] - 1;
    values.set(vectors.subarray(last * width, (last + 1) * width), past * width);
  }
  return { width, values };
}

/**
 * The event that each row is: of its account, at its time, the k-th row of that time being the k-th event. A payment that
 * is not among the events (it lacks the field that they are about) has the account's last event before it.
 */
export function eventsOfRows(sequences: EventSequences, { accountIds, times, rows }: LabelledTable) {
  const numbers = new Map(sequences.keys.map((key, number) => [key, number]));
  const next = Int32Array.from(sequences.offsets.subarray(0, sequences.keys.length));
  const events = new Int32Array(rows).fill(-1);
  const sequenceOf = new Int32Array(rows).fill(-1);
  for (let row = 0; row < rows; row++) {
    const sequence = numbers.get(accountIds[row]);
    if (sequence === undefined) continue;
    const end = sequences.offsets[sequence + 1];
    while (next[sequence] < end && sequences.times[next[sequence]] < times[row]) next[sequence]++;
    if (next[sequence] < end && sequences.times[next[sequence]] === times[row]) next[sequence]++;
    if (next[sequence] === sequences.offsets[sequence]) continue;
    events[row] = next[sequence] - 1;
    sequenceOf[row] = sequence;
  }
  return { events, sequenceOf };
}
