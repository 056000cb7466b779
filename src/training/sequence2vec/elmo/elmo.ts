/**
 * elmo (Peters et al. 2018): a forward and a backward recurrent language model over sequences of events. What a thing is
 * said to be depends on what came before and after it, so the same merchant has another vector in another context. It runs
 * on the calling thread; `background.ts` keeps it off the serving one.
 */
import { CancelledError, KindredError } from '../../../errors';
import { fingerprintOf, float32Of, readCheckpoint, removeCheckpoint, writeCheckpoint } from '../../checkpoint';
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
import { filledSteps, type RowShape, type Windows, windowsOf } from './windows';

export const elmo: Trainer<ElmoOptions, EventSequences, SequenceModel> = {
  name: 'elmo',
  options: elmoOptions,
  // Several threads may add the parts of a sum in another order.
  isDeterministic: ({ threads }) => threads === 1,
  train,
};

/** Events in one call of the runtime, about: some tenths of a second, which is how soon a run can be cancelled. */
const EVENTS_A_CALL = 32_768;
const ORDER_STREAM = 0x5eed_0030;
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
  const net = network(inputs, frequencies, options);
  const { values, facts } = await new Run(sequences, { targets, windows, net, frequencies }, options, context).fit();
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
  readonly net: Network;
  readonly frequencies: Uint32Array;
}

class Run {
  private readonly shape: RowShape;
  private readonly sampler: Sampler;
  private readonly fingerprint: string;
  private readonly rowsOf: ReturnType<typeof eventReader>;

  constructor(
    sequences: EventSequences,
    private readonly learned: Learned,
    private readonly options: ElmoOptions,
    private readonly context: TrainingContext,
  ) {
    this.shape = shapeOf(learned.windows, options);
    this.sampler = new Sampler(learned.frequencies, options);
    this.fingerprint = fingerprint(sequences, options);
    this.rowsOf = eventReader(learned.net.inputs, sequences);
  }

  async fit() {
    const { options, context, shape } = this;
    const session = await TrainingSession.open(
      trainingOptions(this.learned.net, options, { ...shape, samples: this.sampler.size }),
      {},
      { threads: options.threads },
    );
    try {
      const kept = context.checkpoint === undefined ? undefined : readCheckpoint(context.checkpoint, this.fingerprint);
      if (kept) {
        const state = Object.entries(kept.arrays).map(([name, bytes]) => [name, float32Of(bytes)]);
        session.restore(Object.fromEntries(state), Number(kept.facts.steps));
      }
      let epoch = Number(kept?.facts.epoch ?? 0);
      let finalLoss = Number(kept?.facts.loss ?? Number.NaN);
      const resumedFrom = kept && `epoch ${epoch} of ${options.epochs}`;
      for (; epoch < options.epochs; epoch++) {
        finalLoss = await this.epoch(session, epoch, resumedFrom);
        if (context.checkpoint !== undefined)
          writeCheckpoint(context.checkpoint, this.fingerprint, {
            facts: { epoch: epoch + 1, steps: session.steps, loss: finalLoss },
            arrays: session.state(),
          });
      }
      if (context.checkpoint !== undefined) removeCheckpoint(context.checkpoint);
      const facts = { epochs: options.epochs, steps: session.steps, samples: this.sampler.size, finalLoss };
      return { values: session.values(), facts: { ...facts, ...(resumedFrom && { resumedFrom }) } };
    } finally {
      await session.close();
    }
  }

  /** @returns the mean loss of its steps */
  private async epoch(session: TrainingSession, epoch: number, resumedFrom: string | undefined): Promise<number> {
    const { options, context, shape, sampler } = this;
    const { windows, targets } = this.learned;
    const total = windows.starts.length;
    let [done, sum, steps] = [0, 0, 0];
    for (const call of filledSteps(windows, targets, shape, [options.seed, ORDER_STREAM, epoch])) {
      if (context.signal?.aborted) throw new CancelledError('Training');
      const progress = (epoch + done / total) / options.epochs;
      const losses = await session.train(
        new Int32Array(call.steps),
        options.learningRate * Math.max(LEAST_RATE, 1 - progress),
        {
          ...this.rowsOf(call.events),
          [NEXT]: call.next,
          [NEXT_WEIGHTS]: call.nextWeights,
          [PREVIOUS]: call.previous,
          [PREVIOUS_WEIGHTS]: call.previousWeights,
          ...sampler.draw(session.steps, call.steps),
        },
      );
      const callSum = losses.reduce((all, loss) => all + loss, 0);
      requireFiniteLoss(callSum, options);
      done += call.windows;
      sum += callSum;
      steps += call.steps;
      context.onProgress?.({
        phase: `epoch ${epoch + 1} of ${options.epochs}`,
        done,
        total,
        loss: callSum / losses.length,
        ...(resumedFrom && { resumedFrom }),
      });
    }
    return sum / steps;
  }
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
