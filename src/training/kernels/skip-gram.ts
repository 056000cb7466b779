/**
 * The checked facade over the skip-gram kernel: what one thread trains with. It refuses any argument that the kernel, which
 * checks nothing, could not bear. Threads are `pool.ts`'s business, the memory is `skip-gram-tables.ts`'s.
 */
import { KindredError, OptionError } from '../../errors';
import { instantiate } from './kernel-memory';
import { type ScoredTables, sampleLoss } from './loss';
import type { LossSample, PoolKernel, TrainedTokens } from './pool-kernel';
import { Random } from './random';
import { POOL_USES } from './skip-gram.scalar';
import {
  HOT_WORDS,
  noiseOf,
  openTables,
  PLAN_WORDS,
  POOL_WORDS,
  type SharedSkipGram,
  type ThreadLayout,
} from './skip-gram-tables';

interface KernelExports {
  train(plan: number, count: number, rate: number): number;
  merge(plan: number): void;
}

/** Words of the pool that say which rows it draws from: their alias table, how many they are, the address of the first. */
const POOL_NOISE = 1;

/** Pairs that a thread's copy of a hot row learns from between merges with the table. */
const PAIRS_OF_COPY = 64;

/** What one thread trains with. Threads write to the same tables without locks; all else is a thread's own. */
export class SkipGramKernel implements PoolKernel {
  /** Where the tokens of the next call go: node numbers, -1 after each sequence. */
  readonly tokens: Int32Array;
  /** How often each node was given to `train` by this thread. Threads that counted in one place would wait for each other. */
  readonly #counts: Uint32Array;
  readonly #shared: SharedSkipGram;
  readonly #thread: ThreadLayout;
  readonly #exports: KernelExports;
  readonly #random: Random;
  readonly #pool: Uint32Array;
  readonly #tables: ScoredTables;

  /** @param thread from 0 to shape.threads - 1, each for one thread at a time */
  constructor(shared: SharedSkipGram, thread: number) {
    const { shape, layout, memory, module } = shared;
    if (!(Number.isInteger(thread) && thread >= 0 && thread < shape.threads)) {
      throw new OptionError('threads', `There is no thread ${thread} in a run of ${shape.threads}.`);
    }
    this.#shared = shared;
    this.#thread = layout.threads[thread];
    this.#exports = instantiate(module, memory);
    this.#tables = { ...openTables(shared), ...shared.order, noise: noiseOf(shared), ...shape };
    this.#random = new Random(new Uint32Array(memory.buffer, this.#thread.random, 4));
    this.tokens = new Int32Array(memory.buffer, this.#thread.tokens, shape.tokenCapacity);
    this.#counts = new Uint32Array(memory.buffer, layout.counts + thread * layout.countBytes, shape.nodes);
    this.#pool = new Uint32Array(memory.buffer, this.#thread.plan + 4 * PLAN_WORDS, POOL_WORDS);
    writePlan(shared, this.#thread);
    // Copies of hot rows start as the table is, which may come from a checkpoint.
    this.#exports.merge(this.#thread.plan);
  }

  /** Starts this thread's random numbers; the same path and tables give the same bytes. */
  seed(...path: number[]): void {
    this.#random.seed(...path);
  }

  /**
   * Trains on the first `count` of `tokens`.
   * @param learningRate above 0, at most 1
   * @param unit says which part of the nodes negatives are drawn from, where several threads train (see row-order.ts)
   */
  train(count: number, learningRate: number, unit = 0): TrainedTokens {
    const { shape, layout, order } = this.#shared;
    if (!(Number.isInteger(count) && count >= 0 && count <= shape.tokenCapacity)) {
      throw new OptionError('count', `Cannot train on ${count} tokens: there is room for ${shape.tokenCapacity}.`);
    }
    if (!(learningRate > 0 && learningRate <= 1)) {
      throw new OptionError('learningRate', `The learning rate is ${learningRate}; it must be above 0, at most 1.`);
    }
    const tokens = this.#countTokens(count);
    const { noise, output, stride } = layout;
    const part = unit % (order.bounds.length - 1);
    const [first, end] = order.bounds.slice(part);
    this.#pool.set([noise + 8 * first, end - first, output + first * stride], POOL_NOISE);
    return { tokens, pairs: this.#exports.train(this.#thread.plan, count, learningRate) };
  }

  sampleLoss(count: number, random: Random): LossSample {
    return sampleLoss(this.#tables, this.tokens.subarray(0, count), random);
  }

  #countTokens(count: number): number {
    let found = 0;
    const { tokens } = this;
    const counts = this.#counts;
    const { nodes } = this.#shared.shape;
    for (let i = 0; i < count; i++) {
      const token = tokens[i];
      if (token >= nodes || token < -1) {
        throw new KindredError(
          'TRAINING_FAILED',
          `Token ${i} is ${token}; nodes are 0 to ${nodes - 1}, -1 ends a sequence.`,
        );
      }
      if (token < 0) continue;
      counts[token]++;
      found++;
    }
    return found;
  }
}

/** What the kernel reads, word by word in the order of its classes Plan, NegativePool and HotRows. */
function writePlan({ shape, layout, hot, memory }: SharedSkipGram, thread: ThreadLayout): void {
  const { nodes, window, negatives } = shape;
  const { stride, input, output, noise, rows, heat, sigmoid } = layout;
  const pool = thread.plan + 4 * PLAN_WORDS;
  const inputs = pool + 4 * POOL_WORDS;
  const outputs = inputs + 4 * HOT_WORDS;
  // A group never spans more than the window has contexts.
  const sharing = Math.min(shape.negativeSharing, 2 * window);
  const hotRows = (table: number, rowsOf: number, copies: number, uses: number) => {
    return [heat, rowsOf, table, stride, copies, uses, layout.hotNodes, hot.length, PAIRS_OF_COPY];
  };
  new Uint32Array(memory.buffer, thread.plan, PLAN_WORDS + POOL_WORDS + 2 * HOT_WORDS).set([
    ...[thread.tokens, stride, window, negatives, sharing, sigmoid, thread.random, thread.scratch],
    ...[pool, inputs, outputs],
    ...[thread.random, noise, nodes, output, stride, thread.pool, 0, 0, 0, POOL_USES],
    ...hotRows(input, 0, thread.inputCopies, thread.uses),
    ...hotRows(output, rows, thread.outputCopies, thread.uses + 4 * hot.length),
  ]);
}

export function openPoolKernel(shared: unknown, thread: number): PoolKernel {
  return new SkipGramKernel(shared as SharedSkipGram, thread);
}
