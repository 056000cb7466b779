/**
 * The checked facade over the kernel of bags (see bags.assembly.ts): what one thread trains with. It refuses any argument
 * that the kernel, which checks nothing, could not bear. What it takes is said in bags-shape.ts, where it lies in bags-layout.ts.
 */
import { KindredError, OptionError } from '../../errors';
import { type BagModel, usesOfRow } from './bags.scalar';
import {
  type CopiesLayout,
  groupOf,
  type HeatLayout,
  HOT_WORDS,
  PLAN_WORDS,
  POOL_WORDS,
  type ThreadLayout,
} from './bags-layout';
import { sampleBagLoss } from './bags-loss';
import { MODES } from './bags-shape';
import { bagModelOf, type SharedBags } from './bags-tables';
import { instantiate } from './kernel-memory';
import type { LossSample, PoolKernel, TrainedTokens } from './pool-kernel';
import { Random } from './random';

interface KernelExports {
  train(plan: number, count: number, rate: number): number;
  merge(plan: number): void;
}

/** Words of the pool that say which rows it draws from: their alias table, how many they are, the address of the first. */
const POOL_NOISE = 1;

/** Uses that a thread's copy of a hot row learns from between merges with the table. */
const USES_OF_COPY = 256;

/** What one thread trains with. Threads write to the same tables without locks; all else is a thread's own. */
export class BagKernel implements PoolKernel {
  /** Where the tokens of the next call go: things, -1 after each sequence, -2 - s before the things of sequence s. */
  readonly tokens: Int32Array;
  readonly #shared: SharedBags;
  readonly #thread: ThreadLayout;
  readonly #exports: KernelExports;
  readonly #random: Random;
  readonly #model: BagModel;
  readonly #pool: Uint32Array;

  /** @param thread from 0 to shape.threads - 1, each for one thread at a time */
  constructor(shared: SharedBags, thread: number) {
    const { shape, layout, memory, module } = shared;
    if (!(Number.isInteger(thread) && thread >= 0 && thread < shape.threads)) {
      throw new OptionError('threads', `There is no thread ${thread} in a run of ${shape.threads}.`);
    }
    this.#shared = shared;
    this.#thread = layout.threads[thread];
    this.#exports = instantiate<KernelExports>(module, memory);
    this.#random = new Random(new Uint32Array(memory.buffer, this.#thread.random, 4));
    this.#model = bagModelOf(shared);
    const words = PLAN_WORDS + POOL_WORDS + 2 * HOT_WORDS;
    new Uint32Array(memory.buffer, this.#thread.plan, words).set(planOf(shared, this.#thread));
    this.#pool = new Uint32Array(memory.buffer, this.#thread.plan + 4 * PLAN_WORDS, POOL_WORDS);
    // Copies of hot rows start as the table is, which may come from a checkpoint.
    this.#exports.merge(this.#thread.plan);
    this.tokens = new Int32Array(memory.buffer, this.#thread.tokens, shape.tokenCapacity);
  }

  /** Starts this thread's random numbers; the same path, tokens and tables give the same bytes. */
  seed(...path: readonly number[]): void {
    this.#random.seed(...path);
  }

  /**
   * Trains on the first `count` of `tokens`.
   * @param learningRate above 0, at most 1
   * @param unit says which part of the things negatives are drawn from, where several threads train (see row-order.ts)
   * @returns tokens, and as `pairs` the predictions
   */
  train(count: number, learningRate: number, unit = 0): TrainedTokens {
    const { tokenCapacity } = this.#shared.shape;
    if (!(Number.isInteger(count) && count >= 0 && count <= tokenCapacity)) {
      throw new OptionError('count', `Cannot train on ${count} tokens: there is room for ${tokenCapacity}.`);
    }
    if (!(learningRate > 0 && learningRate <= 1)) {
      throw new OptionError('learningRate', `The learning rate is ${learningRate}; it must be above 0, at most 1.`);
    }
    const tokens = this.#checkTokens(count);
    this.#pool.set(noiseWords(this.#shared, unit), POOL_NOISE);
    return { tokens, pairs: this.#exports.train(this.#thread.plan, count, learningRate) };
  }

  sampleLoss(count: number, random: Random): LossSample {
    return sampleBagLoss(this.#model, this.tokens.subarray(0, count), random);
  }

  #checkTokens(count: number): number {
    const { tokens } = this;
    const { things, sequences } = this.#shared.shape;
    let found = 0;
    for (let i = 0; i < count; i++) {
      const token = tokens[i];
      if (token >= things || token < -1 - sequences) {
        throw new KindredError(
          'TRAINING_FAILED',
          `Token ${i} is ${token}; things are 0 to ${things - 1}, -1 ends a sequence, and -2 to ${-1 - sequences} open one of ${sequences}.`,
        );
      }
      if (token >= 0) found++;
    }
    return found;
  }
}

/** What a thread of the pool opens (see pool-kernel.ts). */
export function openPoolKernel(shared: unknown, thread: number): PoolKernel {
  return new BagKernel(shared as SharedBags, thread);
}

/** Where negatives of a unit come from: the part of the things whose turn it is. */
function noiseWords({ layout, order: { bounds } }: SharedBags, unit: number): number[] {
  const part = unit % (bounds.length - 1);
  const [first, end] = [bounds[part], bounds[part + 1]];
  return [layout.noise + 8 * first, end - first, layout.output + first * layout.width];
}

/** The words of the kernel's `Plan` in its order, and of the pool and the two sets of hot rows that it points at. */
function planOf(shared: SharedBags, thread: ThreadLayout): number[] {
  const { shape, layout } = shared;
  const { mode, window, negatives, rows, sequences, learns, trainsThings } = shape;
  const { input, stride, output, width, outputRows, inputHeat, outputHeat } = layout;
  const pool = thread.plan + 4 * PLAN_WORDS;
  const inputs = pool + 4 * POOL_WORDS;
  return [
    ...[MODES.indexOf(mode), thread.tokens, stride, width, window, negatives, groupOf(negatives)],
    ...[layout.sigmoid, thread.random, layout.partOffsets, layout.parts],
    ...[input + rows * stride, input + (rows + sequences) * stride],
    ...[learns.things, learns.outputs, learns.sequences, trainsThings].map(Number),
    ...[thread.outputs, thread.nextOutputs, thread.coefficients, thread.gradients, thread.vector, thread.learned],
    ...[
      thread.sequenceVector,
      thread.sequenceStart,
      thread.bag,
      thread.held,
      layout.heldCount,
      pool,
      inputs,
      inputs + 4 * HOT_WORDS,
    ],
    ...[
      thread.random,
      ...noiseWords(shared, 0),
      width,
      thread.pool,
      0,
      0,
      0,
      usesOfRow({ mode, learns, width: width / 4 }),
    ],
    ...hotWords({ table: input, width: stride, rows: 0 }, inputHeat, thread.inputCopies),
    ...hotWords({ table: output, width, rows: outputRows }, outputHeat, thread.outputCopies),
  ];
}

/** The words of the kernel's `HotRows`. */
function hotWords(
  { table, width, rows }: { table: number; width: number; rows: number },
  heat: HeatLayout,
  { copies, uses }: CopiesLayout,
): number[] {
  return [heat.heat, rows, table, width, copies, uses, heat.rows, heat.count, USES_OF_COPY];
}
