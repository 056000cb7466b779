/**
 * elmo (Peters et al. 2018): a forward and a backward recurrent language model over sequences of events. What a thing is
 * said to be depends on what came before and after it, so the same merchant has another vector in another context. It runs
 * on the calling thread; `background.ts` keeps it off the serving one.
 */
import { CancelledError, KindredError, OptionError } from '../../../errors';
import { fingerprintOf, float32Of, removeCheckpoint, resumableFrom, writeCheckpoint } from '../../checkpoint';
import { KEPT_A_UNIT } from '../../onnx/recurrent';
import { TrainingSession } from '../../onnx/training-session';
import type { SequenceModel, Trainer, TrainingContext } from '../../trainer';
import { eventReader, fitEventInputs } from '../event-inputs';
import { corpusOfSequences, type EventSequences } from '../event-sequences';
import { Sampler } from '../sasrec/sampler';
import { buildVocabulary } from '../vocabulary';
import { elmoArtifacts } from './encoder';
import {
  NEXT,
  NEXT_WEIGHTS,
  type Network,
  network,
  OUTPUT_BIAS,
  OUTPUT_TABLE,
  PREVIOUS,
  PREVIOUS_WEIGHTS,
  servedGraph,
  THING_TABLE,
  trainingOptions,
} from './network';
import { checkElmoOptions, type ElmoOptions, elmoOptions } from './options';
import { type FilledSteps, filledSteps, type RowShape, type Windows, windowsOf } from './windows';

export const elmo: Trainer<ElmoOptions, EventSequences, SequenceModel> = {
  name: 'elmo',
  options: elmoOptions,
  check: checkElmoOptions,
  // Several threads may add the parts of a sum in another order.
  isDeterministic: ({ threads }) => threads === 1,
  train,
};

/** Events from one report of progress to the next, about; the session divides what takes it long. */
const EVENTS_A_CALL = 32_768;
const ORDER_STREAM = 0x5eed_0030;
/** A long epoch keeps its state in between, each time so much of the run is done. */
const CHECKPOINT_SHARE = 0.1;
/** Numbers that fit: a gigabyte of the scores of one step, two of what it keeps for going back. */
const MOST_SCORES = 2 ** 28;
const MOST_KEPT = 2 ** 29;
/** The last steps have this share of the learning rate at the least. */
const LEAST_RATE = 0.02;

async function train(
  sequences: EventSequences,
  options: ElmoOptions,
  context: TrainingContext = {},
): Promise<SequenceModel> {
  checkElmoOptions(options);
  if (context.signal?.aborted) throw new CancelledError('Training');
  const { ids, frequencies } = buildVocabulary(corpusOfSequences(sequences), options.minCount);
  const inputs = fitEventInputs(sequences, ids);
  const numbers = new Map(ids.map((id, number) => [id, number]));
  const targetOf = Int32Array.from(sequences.ids, (id) => numbers.get(id) ?? -1);
  const targets = Int32Array.from(sequences.things, (thing) => targetOf[thing]);
  const windows = windowsOf(sequences, targets, options.maxLength);
  const shape = shapeOf(windows, options);
  const sampler = new Sampler(frequencies, options);
  requireRoom(shape, sampler.size || ids.length, options);
  const net = network(inputs, frequencies, options);
  const { values, facts } = await new Run(sequences, { targets, windows, shape, sampler, net }, options, context).fit();
  const { dimension } = options;
  const things = values.get(THING_TABLE)!;
  return Object.freeze({
    ids,
    dimension,
    input: things.slice(dimension),
    output: values.get(OUTPUT_TABLE)!,
    outputBias: values.get(OUTPUT_BIAS)!,
    frequencies,
    artifacts: elmoArtifacts({ ...options, inputs }, servedGraph(net, values), things),
    facts: { things: ids.length, windows: windows.starts.length, events: windows.events, ...facts },
  });
}

interface Learned {
  readonly targets: Int32Array;
  readonly windows: Windows;
  readonly shape: RowShape;
  readonly sampler: Sampler;
  readonly net: Network;
}

/** How far a run is. */
interface Position {
  readonly epoch: number;
  /** Of this epoch: calls of the runtime made, their steps, and the sum of their losses. */
  readonly calls: number;
  readonly steps: number;
  readonly lossSum: number;
}

class Run {
  private readonly fingerprint: string;
  private readonly rowsOf: ReturnType<typeof eventReader>;
  private resumedFrom: string | undefined;
  /** Share of the run that the last checkpoint holds. */
  private keptShare = 0;

  constructor(
    sequences: EventSequences,
    private readonly learned: Learned,
    private readonly options: ElmoOptions,
    private readonly context: TrainingContext,
  ) {
    this.fingerprint = fingerprint(sequences, options);
    this.rowsOf = eventReader(learned.net.inputs, sequences);
  }

  async fit() {
    const { options, context } = this;
    const { net, shape, sampler } = this.learned;
    const session = await TrainingSession.open(
      trainingOptions(net, options, { ...shape, samples: sampler.size }),
      {},
      { threads: options.threads, signal: context.signal },
    );
    try {
      let position = this.restored(session);
      let finalLoss = Number.NaN;
      while (position.epoch < options.epochs) {
        finalLoss = await this.epoch(session, position);
        position = { epoch: position.epoch + 1, calls: 0, steps: 0, lossSum: 0 };
      }
      if (context.checkpoint !== undefined) removeCheckpoint(context.checkpoint);
      const facts = { epochs: options.epochs, steps: session.steps, samples: sampler.size, finalLoss };
      return {
        values: session.values(),
        facts: { ...facts, ...(this.resumedFrom && { resumedFrom: this.resumedFrom }) },
      };
    } finally {
      await session.close();
    }
  }

  /** Where the checkpoint of an interrupted run left off, or the start. */
  private restored(session: TrainingSession): Position {
    const kept = resumableFrom(this.context, this.fingerprint, () => ({
      facts: ['epoch', 'calls', 'steps', 'lossSum', 'sessionSteps'],
      arrays: session.stateLengths(),
    }));
    if (!kept) return { epoch: 0, calls: 0, steps: 0, lossSum: 0 };
    const state = Object.entries(kept.arrays).map(([name, bytes]) => [name, float32Of(bytes)]);
    session.restore(Object.fromEntries(state), Number(kept.facts.sessionSteps));
    const number = (name: keyof Position) => Number(kept.facts[name]);
    const position = {
      epoch: number('epoch'),
      calls: number('calls'),
      steps: number('steps'),
      lossSum: number('lossSum'),
    };
    this.resumedFrom = `epoch ${position.epoch + 1} of ${this.options.epochs}`;
    return position;
  }

  private keep(session: TrainingSession, position: Position): void {
    if (this.context.checkpoint === undefined) return;
    writeCheckpoint(this.context.checkpoint, this.fingerprint, {
      facts: { ...position, sessionSteps: session.steps },
      arrays: session.state(),
    });
  }

  /** @returns the mean loss of its steps */
  private async epoch(session: TrainingSession, from: Position): Promise<number> {
    const { options, context } = this;
    const { windows, targets, shape } = this.learned;
    const { epoch } = from;
    const total = windows.starts.length;
    let { steps, lossSum } = from;
    let [calls, done] = [0, 0];
    for (const call of filledSteps(windows, targets, shape, [options.seed, ORDER_STREAM, epoch])) {
      const share = (epoch + done / total) / options.epochs;
      done += call.windows;
      // Those that an interrupted run has learned from already are only counted.
      if (calls++ < from.calls) continue;
      if (context.signal?.aborted) throw new CancelledError('Training');
      const losses = await this.take(session, call, Math.max(LEAST_RATE, 1 - share));
      const callSum = losses.reduce((all, loss) => all + loss, 0);
      requireFiniteLoss(callSum, options);
      lossSum += callSum;
      steps += call.steps;
      const reached = (epoch + done / total) / options.epochs;
      if (done < total && reached - this.keptShare >= CHECKPOINT_SHARE) {
        this.keep(session, { epoch, calls, steps, lossSum });
        this.keptShare = reached;
      }
      context.onProgress?.({
        phase: `epoch ${epoch + 1} of ${options.epochs}`,
        done,
        total,
        loss: callSum / losses.length,
        ...(this.resumedFrom && { resumedFrom: this.resumedFrom }),
      });
    }
    // After the last there is nothing to go on to, and no loss of it would be known.
    if (epoch + 1 < options.epochs) this.keep(session, { epoch: epoch + 1, calls: 0, steps: 0, lossSum: 0 });
    this.keptShare = (epoch + 1) / options.epochs;
    return lossSum / steps;
  }

  /** The steps of one learning rate. */
  private take(session: TrainingSession, call: FilledSteps, rate: number): Promise<Float32Array> {
    return session.train(new Int32Array(call.steps), this.options.learningRate * rate, {
      ...this.rowsOf(call.events),
      [NEXT]: call.next,
      [NEXT_WEIGHTS]: call.nextWeights,
      [PREVIOUS]: call.previous,
      [PREVIOUS_WEIGHTS]: call.previousWeights,
      ...this.learned.sampler.draw(session.steps, call.steps),
    });
  }
}

/** @throws OptionError where one step would not fit into memory */
function requireRoom({ rows, length }: RowShape, things: number, options: ElmoOptions): void {
  const { samples, batchSize, hidden, layers } = options;
  const events = rows * length;
  // Both directions ask.
  if (2 * events * things > MOST_SCORES)
    throw new OptionError(
      samples > 0 ? 'batchSize' : 'samples',
      `A step of ${events} events (batchSize ${batchSize}) against ${things} things (samples ${samples}) takes ${2 * events * things} scores; ${MOST_SCORES} fit.`,
      { remedy: 'Lower batchSize, or set samples to some hundreds.' },
    );
  const kept = 2 * events * layers * hidden * KEPT_A_UNIT;
  if (kept > MOST_KEPT)
    throw new OptionError(
      'batchSize',
      `A step of ${events} events (batchSize ${batchSize}) keeps about ${kept} numbers of ${hidden} hidden units in ${layers} layers; ${MOST_KEPT} fit.`,
      { remedy: 'Lower batchSize, maxLength or hidden.' },
    );
}

/** Rows no longer than what there is to put into them, and no more of them than it takes. */
function shapeOf({ starts, ends, events }: Windows, { maxLength, batchSize }: ElmoOptions): RowShape {
  const longest = starts.reduce((most, start, i) => Math.max(most, ends[i] - start), 0);
  // Several short sequences share a row, as long as the rows are not few.
  const length = Math.min(maxLength, Math.max(longest, Math.floor((events + starts.length) / batchSize)));
  const rows = Math.min(batchSize, starts.length);
  return { rows, length, steps: Math.max(1, Math.floor(EVENTS_A_CALL / (rows * length))) };
}

function fingerprint(
  { keys, ids, offsets, things, times, amounts, categories }: EventSequences,
  options: ElmoOptions,
): string {
  return fingerprintOf(
    'elmo',
    JSON.stringify(options),
    keys.join('\n'),
    ids.join('\n'),
    offsets,
    things,
    times,
    amounts ?? new Float32Array(0),
    ...categories.flatMap(({ name, values, codes }) => [name, values.join('\n'), codes]),
  );
}

function requireFiniteLoss(loss: number, { learningRate }: ElmoOptions): void {
  if (Number.isFinite(loss)) return;
  throw new KindredError('TRAINING_FAILED', `The loss became ${loss}.`, {
    remedy: `Lower learningRate (it is ${learningRate}).`,
    facts: { learningRate },
  });
}
