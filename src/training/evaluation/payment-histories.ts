/**
 * Trains a sequence trainer on what accounts did before the test, and measures what its vectors add to the hand-made
 * features of payments: one job of a background thread. How much memory that takes, whatever the number of payments, is
 * said in frozen-vectors.ts; beside it a turn of pasts, and for models with layers what their weights are learned from.
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
  PAYMENTS_A_TURN,
  type PaymentVectorReader,
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
/** Of what an encoder makes of all events of the pasts that it is given at once: 128 MB. */
const MOST_NUMBERS_A_TURN = 2 ** 25;
/** Of the layers that the task's weights are learned from, which are there twice then: 256 MB each. */
const MOST_LAYER_NUMBERS = 2 ** 26;

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
    const longest = typeof options.maxLength === 'number' ? options.maxLength : LONGEST_PAST;
    const pasts = new Pasts({ sequences, table }, longest);
    const vectors = encoder.layers
      ? await layeredReader((asked) => encoder.layers!(asked), pasts, { split, seed, signal: context.signal })
      : await vectorReader(encoder, pasts);
    return await evaluatePaymentVectors(table, split, {
      vectors,
      // What is pooled was learned before, from whatever the store held then.
      ...(base !== undefined && { learnedFrom: 'what they pool from all events, how from those before the test' }),
    });
  } finally {
    await encoder.close();
  }
}

/**
 * The contextual vector [T, h_left, h_right] of each payment, and its layers as the task weighs them: the weights are learned
 * from the labels of rows before the split, as many as fit, and from no others.
 */
async function layeredReader(
  layersOf: NonNullable<Encoder['layers']>,
  pasts: Pasts,
  { split, seed, signal }: { readonly split: TimeSplit; readonly seed: number; readonly signal?: AbortSignal },
): Promise<PaymentVectorReader> {
  const { layers, width } = await layersOf(pasts.shortest());
  const numbers = layers * width;
  const readLayers = async (rows: Int32Array): Promise<Layers> => ({
    ...{ layers, width },
    vectors: await pasts.read(rows, async (asked) => lastOf(asked, numbers, (await layersOf(asked)).vectors), {
      width: numbers,
      perEvent: numbers,
    }),
  });
  const { table } = pasts.histories;
  const { training } = paymentRows(table, split, { most: Math.floor(MOST_LAYER_NUMBERS / numbers) });
  const labels = Int32Array.from(training, (row) => table.labels[row]);
  const weights = await learnTaskWeights(await readLayers(training), labels, { classes: 2, seed, signal });
  return {
    width: (3 * width) / 2,
    weighedWidth: width,
    read: async (rows) => {
      const read = await readLayers(rows);
      return sideBySide({ width, values: weights.mix(read) }, contextsOf(read));
    },
  };
}

function sideBySide(left: Columns, right: Columns): Float32Array {
  const width = left.width + right.width;
  const rows = left.values.length / left.width;
  const values = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++) {
    values.set(left.values.subarray(row * left.width, (row + 1) * left.width), row * width);
    values.set(right.values.subarray(row * right.width, (row + 1) * right.width), row * width + left.width);
  }
  return values;
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
 * For each row asked for, the vector of its account's events up to and including that payment, or where a model has vectors
 * of events only, its last event's; zeros where the account has no event until then.
 */
export async function vectorReader(
  encoder: Pick<Encoder, 'dimension' | 'sequence' | 'contexts'>,
  pasts: Pasts,
): Promise<PaymentVectorReader> {
  const { dimension: width } = encoder;
  const sequences = (asked: EventSequences) => encoder.sequence!(asked);
  if (encoder.sequence) return { width, read: (rows) => pasts.read(rows, sequences, { width, perEvent: 0 }) };
  if (!encoder.contexts)
    throw new KindredError('BAD_USER_INPUT', 'The model makes no vectors of sequences or events.', {
      remedy: 'Measure a model of pooling, doc2vec, coles or elmo.',
    });
  const contexts = (asked: EventSequences) => encoder.contexts!(asked);
  const { dimension } = await contexts(pasts.shortest());
  const read = async (asked: EventSequences) => lastOf(asked, dimension, (await contexts(asked)).vectors);
  return { width: dimension, read: (rows) => pasts.read(rows, read, { width: dimension, perEvent: dimension }) };
}

/** Of what each event has, that of each past's last event. */
function lastOf(pasts: EventSequences, width: number, vectors: Float32Array): Float32Array {
  const values = new Float32Array((pasts.offsets.length - 1) * width);
  for (let past = 0; past + 1 < pasts.offsets.length; past++) {
    const last = pasts.offsets[past + 1] - 1;
    values.set(vectors.subarray(last * width, (last + 1) * width), past * width);
  }
  return values;
}

/** What led up to payments, cut out when it is asked for: so many at once that neither they nor what is made of them is large. */
export class Pasts {
  private readonly located: ReturnType<typeof eventsOfRows>;

  /** @param longest events of a history that an encoder is given at most */
  constructor(
    readonly histories: PaymentHistories,
    private readonly longest: number,
  ) {
    this.located = eventsOfRows(histories.sequences, histories.table);
  }

  /**
   * @param make one row of `width` numbers for each of the pasts, holding `perEvent` numbers of each of their events meanwhile
   * @returns (rows, width); zeros where the account has no event until then
   */
  async read(
    rows: Int32Array,
    make: (pasts: EventSequences) => Promise<Float32Array>,
    { width, perEvent }: { readonly width: number; readonly perEvent: number },
  ): Promise<Float32Array> {
    const values = new Float32Array(rows.length * width);
    const known = Int32Array.from(rows.keys()).filter((place) => this.located.events[rows[place]] >= 0);
    const fitting = Math.floor(MOST_NUMBERS_A_TURN / Math.max(width, this.longest * perEvent));
    const perTurn = Math.max(1, Math.min(PAYMENTS_A_TURN, fitting));
    for (let start = 0; start < known.length; start += perTurn) {
      const turn = known.subarray(start, start + perTurn);
      const made = await make(
        this.of(
          turn.map((place) => rows[place]),
          this.longest,
        ),
      );
      turn.forEach((place, i) => {
        values.set(made.subarray(i * width, (i + 1) * width), place * width);
      });
    }
    return values;
  }

  /** One past of one event, or none where no payment has one. */
  shortest(): EventSequences {
    const row = this.located.events.findIndex((event) => event >= 0);
    return this.of(Int32Array.from(row < 0 ? [] : [row]), 1);
  }

  private of(rows: Int32Array, longest: number): EventSequences {
    const { events, sequenceOf } = this.located;
    return pastsOf(
      this.histories.sequences,
      rows.map((row) => events[row]),
      { sequenceOf: rows.map((row) => sequenceOf[row]), longest },
    );
  }
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
