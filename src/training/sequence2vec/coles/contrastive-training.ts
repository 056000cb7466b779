/**
 * Learns a network that turns slices of a sequence into one vector each, so that slices of one sequence come near each other
 * and those of others apart. What an event looks like to the network, and the network, are the caller's: CoLES has its own
 * event inputs, pooling the vectors of things. A batch's events are looked up as it is fed, so memory does not grow with the
 * data; the state is kept at the end of each epoch.
 */
import { CancelledError, KindredError, OptionError } from '../../../errors';
import { type Checkpoint, float32Of, removeCheckpoint, resumableFrom, writeCheckpoint } from '../../checkpoint';
import type { Graph, Tensor } from '../../onnx/graph';
import type { Parameter } from '../../onnx/layers';
import type { RowShape } from '../../onnx/training-graph';
import { type Tables, TrainingSession, type TrainingState } from '../../onnx/training-session';
import { unitLength } from '../../onnx/unit-length';
import type { TrainingContext } from '../../trainer';
import { NO_EVENT } from '../event-inputs';
import { contrastiveLoss } from './contrastive-loss';
import type { ContrastiveOptions } from './contrastive-options';
import { SliceSource } from './slices';

export interface SliceNetwork {
  readonly parameters: readonly Parameter[];
  /** Name of each thing that is known of an event -> shape of its row. */
  readonly tables: Readonly<Record<string, RowShape>>;
  /** Numbers that a training step keeps of each event for going back, about. */
  readonly keptAnEvent: number;
  /**
   * @param step each table (rows x length, …), the events of a slice one after the other, none before them
   * @returns (rows, dimension), of any length
   */
  encode(step: EncodeStep, size: SliceSize): Tensor;
}

export interface EncodeStep {
  readonly graph: Graph;
  readonly events: Readonly<Record<string, Tensor>>;
  readonly parameters: Readonly<Record<string, Tensor>>;
}

export interface SliceSize {
  readonly rows: number;
  /** Events of a row, with those that are not there. */
  readonly length: number;
}

export interface ContrastiveData {
  readonly offsets: Int32Array;
  /** The rows of `events`, numbers of events; of NO_EVENT zeros. */
  readonly rowsOf: (events: Int32Array) => Tables;
  /** Of the trainer, its options and its data. */
  readonly fingerprint: string;
}

export interface ContrastiveResult {
  readonly values: ReadonlyMap<string, Float32Array>;
  readonly facts: Readonly<Record<string, number | string>>;
}

/** Events from one report of progress to the next, about; the session divides what takes it long. */
const EVENTS_A_CALL = 60_000;
/** Gradients of recurrent networks burst now and then (Pascanu et al. 2013). */
const CLIP_NORM = 1;
/** Numbers of one step that fit: two gigabytes. */
const MOST_KEPT = 2 ** 29;
/** Numbers that the loss keeps of each pair of slices, about: cosines, distances, masks and their slopes. */
const KEPT_A_PAIR = 24;

export async function trainContrastive(
  network: SliceNetwork,
  data: ContrastiveData,
  options: ContrastiveOptions,
  context: TrainingContext = {},
): Promise<ContrastiveResult> {
  if (context.signal?.aborted) throw new CancelledError('Training');
  const source = new SliceSource(data, options);
  const { rows } = source;
  requireRoom(rows, network, options);
  const loss = {
    ...options,
    // A batch of fewer sequences than asked for has fewer others to be pushed from.
    hardNegatives: Math.min(options.hardNegatives, rows - options.slices),
  };
  const session = await TrainingSession.open(
    {
      parameters: network.parameters,
      tables: network.tables,
      batchSize: rows * options.sliceLengthMax,
      clipNorm: CLIP_NORM,
      loss: ({ graph, batch, parameters }) =>
        contrastiveLoss(
          unitLength(network.encode({ graph, events: batch, parameters }, { rows, length: options.sliceLengthMax })),
          loss,
        ),
    },
    data.rowsOf(new Int32Array(rows * options.sliceLengthMax).fill(NO_EVENT)),
    { threads: options.threads, signal: context.signal },
  );
  try {
    return await runEpochs({ session, source, data, options, context });
  } finally {
    await session.close();
  }
}

/** @throws OptionError where one step would not fit into memory */
function requireRoom(rows: number, { keptAnEvent }: SliceNetwork, options: ContrastiveOptions): void {
  const { batchSize, slices, sliceLengthMax } = options;
  const ofPairs = rows * rows * KEPT_A_PAIR;
  const ofEvents = rows * sliceLengthMax * keptAnEvent;
  if (ofPairs + ofEvents <= MOST_KEPT) return;
  throw new OptionError(
    'batchSize',
    `A step of ${rows} slices (batchSize ${batchSize}, slices ${slices}) of up to ${sliceLengthMax} events keeps about ${ofPairs + ofEvents} numbers; ${MOST_KEPT} fit.`,
    { remedy: ofPairs > ofEvents ? 'Lower batchSize or slices.' : 'Lower batchSize, sliceLengthMax or dimension.' },
  );
}

interface Run {
  readonly session: TrainingSession;
  readonly source: SliceSource;
  readonly data: ContrastiveData;
  readonly options: ContrastiveOptions;
  readonly context: TrainingContext;
}

async function runEpochs(run: Run): Promise<ContrastiveResult> {
  const { session, source, data, options, context } = run;
  const { epochs } = options;
  const kept = resumableFrom(context, data.fingerprint, () => ({
    facts: ['epoch', 'steps', 'loss'],
    arrays: session.stateLengths(),
  }));
  let epoch = kept ? resume(session, kept) : 0;
  const resumedFrom = kept && `epoch ${epoch} of ${epochs}`;
  let finalLoss = Number(kept?.facts.loss ?? Number.NaN);
  while (epoch < epochs) {
    finalLoss = await runEpoch(run, epoch, resumedFrom);
    epoch++;
    if (context.checkpoint !== undefined)
      writeCheckpoint(context.checkpoint, data.fingerprint, {
        facts: { epoch, steps: session.steps, loss: finalLoss },
        arrays: session.state(),
      });
  }
  if (context.checkpoint !== undefined) removeCheckpoint(context.checkpoint);
  return {
    values: session.values(),
    facts: {
      epochs,
      steps: session.steps,
      slicesSeen: session.steps * source.rows,
      sequencesLearnedFrom: source.usableSequences,
      finalLoss,
      ...(resumedFrom && { resumedFrom }),
    },
  };
}

/** @returns the mean loss of its steps */
async function runEpoch(run: Run, epoch: number, resumedFrom: string | undefined): Promise<number> {
  const { session, source, data, options, context } = run;
  const perStep = source.rows * options.sliceLengthMax;
  const total = source.batchesPerEpoch;
  let done = 0;
  let sum = 0;
  for (const events of source.epoch(epoch, Math.max(1, Math.floor(EVENTS_A_CALL / perStep)))) {
    if (context.signal?.aborted) throw new CancelledError('Training');
    session.setTables(data.rowsOf(events));
    const losses = await session.train(
      Int32Array.from({ length: events.length }, (_, row) => row),
      options.learningRate,
    );
    const callSum = losses.reduce((all, loss) => all + loss, 0);
    requireFiniteLoss(callSum, options);
    sum += callSum;
    done += losses.length;
    context.onProgress?.({
      phase: `epoch ${epoch + 1} of ${options.epochs}`,
      done,
      total,
      loss: callSum / losses.length,
      ...(resumedFrom && { resumedFrom }),
    });
  }
  return sum / total;
}

/** @returns the epochs that were done */
function resume(session: TrainingSession, { facts, arrays }: Checkpoint): number {
  const state: TrainingState = Object.fromEntries(
    Object.entries(arrays).map(([name, bytes]) => [name, float32Of(bytes)]),
  );
  session.restore(state, Number(facts.steps));
  return Number(facts.epoch);
}

function requireFiniteLoss(loss: number, { learningRate }: ContrastiveOptions): void {
  if (Number.isFinite(loss)) return;
  throw new KindredError('TRAINING_FAILED', `The loss became ${loss}.`, {
    remedy: `Lower learningRate (it is ${learningRate}).`,
    facts: { learningRate },
  });
}
