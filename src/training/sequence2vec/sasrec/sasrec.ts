/**
 * sasrec (Kang & McAuley 2018): learns from sequences what comes next, by a network that looks back with self-attention.
 * One table of things serves as input and as output: what is alike, and what answers. It runs on the calling thread;
 * `background.ts` keeps it off the serving one.
 */
import { CancelledError, KindredError, OptionError } from '../../../errors';
import { fingerprintOf, removeCheckpoint, resumableFrom, writeCheckpoint } from '../../checkpoint';
import { Random } from '../../kernels/random';
import { TrainingSession } from '../../onnx/training-session';
import type { SequenceModel, Trainer, TrainingContext } from '../../trainer';
import type { EventSequences } from '../event-sequences';
import { EarlyStopping, type Values } from './early-stopping';
import { artifactsOf } from './encoder';
import { BIAS, type Network, network, servedGraph, TABLE, trainingOptions } from './network';
import { checkRelations, type SasrecOptions, sasrecOptions } from './options';
import { type PackedSteps, packed } from './packing';
import { Sampler } from './sampler';
import { type LearnedSequences, learnedSequences } from './sequences';
import { contentOf, type Position, START, shapeOf, stateOf } from './state';

export const sasrec: Trainer<SasrecOptions, EventSequences, SequenceModel> = {
  name: 'sasrec',
  options: sasrecOptions,
  check: checkRelations,
  // Several threads may add the parts of a sum in another order.
  isDeterministic: ({ threads }) => threads === 1,
  train,
};

/** Training steps from one report of progress to the next; the session divides what takes it long. */
const STEPS_PER_CALL = 16;
/** A long epoch keeps its state in between, each time so much of the run is done. */
const CHECKPOINT_SHARE = 0.1;
const ORDER_STREAM = 0x5eed_0022;
/** Numbers that fit: a gigabyte of the scores of one step, two of what it keeps for going back. */
const MOST_SCORES = 2 ** 28;
const MOST_KEPT = 2 ** 29;
/** Numbers that a block keeps, about: of each glance of a head at an event, and of each coordinate of an event. */
const KEPT_A_GLANCE = 5;
const KEPT_A_COORDINATE = 30;
/** The last step has this share of the learning rate at the least. */
const LEAST_RATE = 0.01;

async function train(
  data: EventSequences,
  options: SasrecOptions,
  context: TrainingContext = {},
): Promise<SequenceModel> {
  checkRelations(options);
  const sequences = learnedSequences(data, options);
  const { ids, frequencies, slots } = sequences;
  const net = network(frequencies, slots, options);
  const fitted = await fitNetwork(net, sequences, options, context);
  const output = fitted.values.get(TABLE)!;
  return Object.freeze({
    ids,
    dimension: net.dimension,
    input: output,
    output,
    outputBias: fitted.values.get(BIAS)!,
    frequencies,
    artifacts: artifactsOf(servedGraph(net, fitted.values), { ids, dimension: net.dimension, slots, heads: net.heads }),
    facts: { things: ids.length, sequences: sequences.starts.length, events: sequences.events, slots, ...fitted.facts },
  });
}

interface Fitted {
  readonly values: Values;
  readonly facts: Readonly<Record<string, number | string | boolean>>;
}

async function fitNetwork(
  net: Network,
  sequences: LearnedSequences,
  options: SasrecOptions,
  context: TrainingContext,
): Promise<Fitted> {
  const { batchSize, threads, patience } = options;
  const rows = Math.max(1, Math.min(Math.round(batchSize / net.slots), sequences.starts.length));
  const sampler = new Sampler(sequences.frequencies, options);
  requireRoomForScores(rows * net.slots, sampler.size || net.things, options);
  requireRoomForBlocks(rows, net, options);
  const fingerprint = context.checkpoint
    ? fingerprintOf('sasrec', JSON.stringify(options), JSON.stringify(sequences.ids), sequences.tokens)
    : '';
  const session = await TrainingSession.open(
    trainingOptions(net, options, { rows, sample: sampler.size }),
    {},
    { threads, signal: context.signal },
  );
  const kept = resumableFrom(context, fingerprint, (facts) => shapeOf(facts, session));
  const { position, state, best } = kept ? stateOf(kept) : START;
  if (state) session.restore(state, position.steps);
  const stopping = await EarlyStopping.open(net, sequences, { patience, threads }, best);
  try {
    const run = new Run(session, stopping, sampler, { sequences, options, context, rows, slots: net.slots });
    const end = await run.goOn(position, fingerprint);
    if (context.checkpoint) removeCheckpoint(context.checkpoint);
    const { found } = stopping;
    return {
      values: found?.values ?? session.values(),
      facts: {
        ...end,
        steps: session.steps,
        stoppedEarly: end.epochs < options.epochs,
        sampledThings: sampler.size,
        ...(found && { bestEpoch: found.epoch, validationMrr: found.rank }),
        ...(kept && { resumedFrom: nameOf(position, options) }),
      },
    };
  } finally {
    await session.close();
    await stopping.close();
  }
}

/** @throws OptionError where the scores of one step, the largest of its tensors, would not fit */
function requireRoomForScores(events: number, things: number, { samples, batchSize }: SasrecOptions): void {
  if (events * things <= MOST_SCORES) return;
  throw new OptionError(
    samples > 0 ? 'batchSize' : 'samples',
    `A step of ${events} events (batchSize ${batchSize}) against ${things} things (samples ${samples}) takes ${events * things} scores; ${MOST_SCORES} fit.`,
    { remedy: `Set batchSize to ${Math.floor(MOST_SCORES / things)} or less, or samples to some hundreds.` },
  );
}

/** @throws OptionError where what one step keeps for going back would not fit: attention grows with the square of the slots */
function requireRoomForBlocks(
  rows: number,
  { slots, heads, blocks, dimension }: Network,
  { batchSize }: SasrecOptions,
) {
  const kept = rows * slots * blocks * (slots * heads * KEPT_A_GLANCE + dimension * KEPT_A_COORDINATE);
  if (kept <= MOST_KEPT) return;
  throw new OptionError(
    'batchSize',
    `A step of ${rows * slots} events (batchSize ${batchSize}) keeps about ${kept} numbers of ${heads} heads in ${blocks} blocks that look at up to ${slots} events; ${MOST_KEPT} fit.`,
    { remedy: 'Lower batchSize, maxLength, heads, blocks or dimension.' },
  );
}

function nameOf({ epoch }: Position, { epochs }: SasrecOptions): string {
  return `epoch ${epoch} of ${epochs}`;
}

interface Work {
  readonly sequences: LearnedSequences;
  readonly options: SasrecOptions;
  readonly context: TrainingContext;
  readonly rows: number;
  readonly slots: number;
}

class Run {
  private sinceCheckpoint = 0;

  constructor(
    private readonly session: TrainingSession,
    private readonly stopping: EarlyStopping,
    private readonly sampler: Sampler,
    private readonly work: Work,
  ) {}

  /** From where an interrupted run stopped, or from the start, to the end. */
  async goOn(from: Position, fingerprint: string): Promise<{ epochs: number; finalLoss: number }> {
    const { epochs } = this.work.options;
    const resumedFrom = from.steps > 0 ? nameOf(from, this.work.options) : undefined;
    let position = from;
    let finalLoss = from.lastLoss;
    while (position.epoch <= epochs && !this.stopping.isExhausted(position.epoch - 1)) {
      for (const call of this.callsFrom(position)) {
        position = await this.step(position, call);
        this.report(position, resumedFrom);
        if (this.sinceCheckpoint >= CHECKPOINT_SHARE * epochs * this.work.sequences.events)
          this.keep(position, fingerprint);
      }
      finalLoss = position.lossSum / position.events;
      await this.stopping.judge(this.session.values(), position.epoch);
      position = {
        epoch: position.epoch + 1,
        calls: 0,
        events: 0,
        lossSum: 0,
        steps: position.steps,
        lastLoss: finalLoss,
      };
      if (position.epoch <= epochs) this.keep(position, fingerprint);
    }
    return { epochs: position.epoch - 1, finalLoss };
  }

  /** The calls of the epoch that are not done yet: an epoch's order depends on the seed and its number alone. */
  private *callsFrom({ epoch, calls }: Position): Generator<PackedSteps> {
    const { sequences, options, rows, slots } = this.work;
    const order = Int32Array.from(sequences.starts.keys());
    Random.seeded(options.seed, ORDER_STREAM, epoch).shuffle(order);
    let number = 0;
    for (const call of packed(sequences, { rows, slots, steps: STEPS_PER_CALL }, order))
      if (number++ >= calls) yield call;
  }

  private async step(before: Position, call: PackedSteps): Promise<Position> {
    const { sequences, options, context } = this.work;
    if (context.signal?.aborted) throw new CancelledError('Training');
    const done = ((before.epoch - 1) * sequences.events + before.events) / (options.epochs * sequences.events);
    const { events, ...given } = call;
    const losses = await this.session.train(
      new Int32Array(events.length),
      options.learningRate * Math.max(LEAST_RATE, 1 - done),
      { ...given, ...this.sampler.draw(this.session.steps, events.length) },
    );
    const lossSum = events.reduce((sum, count, step) => sum + count * losses[step], 0);
    if (!Number.isFinite(lossSum))
      throw new KindredError('TRAINING_FAILED', `The loss became ${lossSum} in epoch ${before.epoch}.`, {
        remedy: `Lower learningRate (it is ${options.learningRate}).`,
        facts: { learningRate: options.learningRate, epoch: before.epoch },
      });
    const learned = events.reduce((sum, count) => sum + count, 0);
    this.sinceCheckpoint += learned;
    return {
      ...before,
      calls: before.calls + 1,
      events: before.events + learned,
      lossSum: before.lossSum + lossSum,
      lastLoss: lossSum / learned,
      steps: this.session.steps,
    };
  }

  private report(position: Position, resumedFrom: string | undefined): void {
    const { context, options, sequences } = this.work;
    context.onProgress?.({
      phase: nameOf(position, options),
      done: position.events,
      total: sequences.events,
      loss: position.lastLoss,
      ...(resumedFrom && { resumedFrom }),
    });
  }

  private keep(position: Position, fingerprint: string): void {
    const { checkpoint } = this.work.context;
    this.sinceCheckpoint = 0;
    if (checkpoint)
      writeCheckpoint(checkpoint, fingerprint, contentOf(position, this.session.state(), this.stopping.found));
  }
}
