/**
 * The checked facade over the skip-gram kernel: lays out the one shared memory, fills what training starts from, chooses
 * the build that the host can run, and refuses any argument that the kernel, which checks nothing, could not bear.
 * Threads are `pool.ts`'s business; here is what each of them holds.
 */
import { z } from 'zod';
import { KindredError, OptionError } from '../../errors';
import { type AliasTable, buildAliasTable } from './alias';
import {
  allocate,
  askBuild,
  availableBuilds,
  compileBuild,
  instantiate,
  type KernelBuild,
  LINE,
  Placement,
  rowBytes,
} from './kernel-memory';
import { type ScoredTables, sampleLoss } from './loss';
import type { LossSample, PoolKernel, TrainedTokens } from './pool-kernel';
import { Random } from './random';
import { fillSigmoidTable, SIGMOID_CELLS } from './skip-gram.scalar';

/** What the shape of the tables and of the work is. Every field is a whole number. */
export interface SkipGramShape {
  /** Rows of each table: 1 to 2^31. */
  readonly nodes: number;
  /** Length of a vector: 1 to 4,096. */
  readonly dimension: number;
  /** Furthest context, in tokens to either side; for each target the reach is drawn from 1 to this. 1 to 10,000. */
  readonly window: number;
  /** Negatives drawn for each context or group of contexts: 1 to 1,000. */
  readonly negatives: number;
  /** Contexts of a window that share one draw of negatives: 1 is word2vec, 2 x window is one draw a window. */
  readonly negativeSharing: number;
  /** Threads that will train at the same time: 1 to 256. */
  readonly threads: number;
  /** Tokens, ends included, that a thread takes at most in one call. */
  readonly tokenCapacity: number;
}

/** Name of its builds. */
const KERNEL = 'skip-gram';

const wholeNumber = (most: number) => z.number().int().min(1).max(most);

const shapeSchema = z.strictObject({
  nodes: wholeNumber(2 ** 31 - 1),
  dimension: wholeNumber(4096),
  window: wholeNumber(10_000),
  negatives: wholeNumber(1000),
  negativeSharing: wholeNumber(20_000),
  threads: wholeNumber(256),
  tokenCapacity: wholeNumber(2 ** 28),
});

/** Where things are, in bytes from the start of the memory. */
interface Layout {
  /** Bytes from one row to the next: a multiple of 16, so that a row is whole vectors of four. */
  readonly stride: number;
  readonly input: number;
  readonly output: number;
  readonly noise: number;
  /** One word a node for each thread; rows of threads are `countBytes` apart. */
  readonly counts: number;
  readonly countBytes: number;
  readonly sigmoid: number;
  readonly threads: readonly { readonly random: number; readonly scratch: number; readonly tokens: number }[];
  readonly bytes: number;
}

/** Everything that a thread needs to train; it can be posted to one. */
export interface SharedSkipGram {
  readonly shape: SkipGramShape;
  readonly layout: Layout;
  readonly memory: WebAssembly.Memory;
  readonly module: WebAssembly.Module;
  readonly build: KernelBuild;
}

export interface SkipGramStart {
  /** Weight of each node among the negatives, such as its frequency to the power 0.75. At least 0, one above 0. */
  readonly noise: ArrayLike<number>;
  readonly seed: number;
  /** @default the fastest that the host can run */
  readonly build?: KernelBuild;
}

/**
 * Makes the memory: inputs uniform in ±0.5 / dimension and outputs zero (word2vec.c), the noise distribution, tables.
 * @throws OptionError for a shape out of range, KindredError TRAINING_FAILED where the memory would be too large
 */
export function createSkipGram(shape: SkipGramShape, start: SkipGramStart): SharedSkipGram {
  const parsed = shapeSchema.safeParse(shape);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new OptionError(issue.path.join('.'), `${issue.path.join('.')}: ${issue.message}.`);
  }
  if (start.noise.length !== shape.nodes) {
    throw new OptionError('noise', `There are ${start.noise.length} noise weights for ${shape.nodes} nodes.`);
  }
  const build = start.build ?? availableBuilds(KERNEL)[0];
  const module = compileBuild(KERNEL, build);
  const layout = planLayout(shape, scratchBytesOf(module, shape));
  const memory = allocate(layout.bytes, shape);
  fillSigmoidTable(new Float32Array(memory.buffer, layout.sigmoid, SIGMOID_CELLS + 1));
  const shared = { shape, layout, memory, module, build };
  buildAliasTable(start.noise, noiseOf(shared));
  const random = Random.seeded(start.seed, SEED_OF_START);
  const input = new Float32Array(memory.buffer, layout.input, (shape.nodes * layout.stride) / 4);
  for (let row = 0; row < input.length; row += layout.stride / 4) {
    for (let d = 0; d < shape.dimension; d++) input[row + d] = (random.fraction() - 0.5) / shape.dimension;
  }
  return shared;
}

/** Second step of the seed path of the tables' first values; units of work use their number. */
const SEED_OF_START = 2 ** 40;

function scratchBytesOf(module: WebAssembly.Module, { window, negatives, dimension }: SkipGramShape): number {
  return askBuild<KernelExports>(module).scratchBytes(window, negatives, rowBytes(dimension));
}

function planLayout(shape: SkipGramShape, scratchBytes: number): Layout {
  const placement = new Placement();
  const take = (size: number) => placement.take(size);
  const stride = rowBytes(shape.dimension);
  const countBytes = Math.ceil((shape.nodes * 4) / LINE) * LINE;
  const layout = {
    stride,
    input: take(shape.nodes * stride),
    output: take(shape.nodes * stride),
    noise: take(shape.nodes * 8),
    counts: take(shape.threads * countBytes),
    countBytes,
    sigmoid: take((SIGMOID_CELLS + 1) * 4),
    threads: Array.from({ length: shape.threads }, () => ({
      random: take(16),
      scratch: take(scratchBytes),
      tokens: take(shape.tokenCapacity * 4),
    })),
  };
  return { ...layout, bytes: placement.bytes };
}

interface KernelExports {
  scratchBytes(window: number, negatives: number, stride: number): number;
  train(
    tokens: number,
    count: number,
    input: number,
    output: number,
    stride: number,
    window: number,
    negatives: number,
    sharing: number,
    noise: number,
    nodes: number,
    sigmoid: number,
    rate: number,
    random: number,
    scratch: number,
  ): number;
}

/** What one thread trains with. Threads write to the same tables without locks; all else is a thread's own. */
export class SkipGramKernel implements PoolKernel {
  /** Where the tokens of the next call go: node numbers, -1 after each sequence. */
  readonly tokens: Int32Array;
  /** How often each node was given to `train` by this thread. Threads that counted in one place would wait for each other. */
  readonly #counts: Uint32Array;
  readonly #shared: SharedSkipGram;
  readonly #thread: Layout['threads'][number];
  readonly #exports: KernelExports;
  readonly #random: Random;
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
    this.#tables = { ...openTables(shared), noise: noiseOf(shared), ...shape };
    this.#random = new Random(new Uint32Array(memory.buffer, this.#thread.random, 4));
    this.tokens = new Int32Array(memory.buffer, this.#thread.tokens, shape.tokenCapacity);
    this.#counts = new Uint32Array(memory.buffer, layout.counts + thread * layout.countBytes, shape.nodes);
  }

  /** Starts this thread's random numbers; the same path and tables give the same bytes. */
  seed(...path: number[]): void {
    this.#random.seed(...path);
  }

  /**
   * Trains on the first `count` of `tokens`.
   * @param learningRate above 0, at most 1
   */
  train(count: number, learningRate: number): TrainedTokens {
    const { shape, layout } = this.#shared;
    if (!(Number.isInteger(count) && count >= 0 && count <= shape.tokenCapacity)) {
      throw new OptionError('count', `Cannot train on ${count} tokens: there is room for ${shape.tokenCapacity}.`);
    }
    if (!(learningRate > 0 && learningRate <= 1)) {
      throw new OptionError('learningRate', `The learning rate is ${learningRate}; it must be above 0, at most 1.`);
    }
    const tokens = this.#countTokens(count);
    const pairs = this.#exports.train(
      this.#thread.tokens,
      count,
      layout.input,
      layout.output,
      layout.stride,
      shape.window,
      shape.negatives,
      // A group never spans more than the window has contexts.
      Math.min(shape.negativeSharing, 2 * shape.window),
      layout.noise,
      shape.nodes,
      layout.sigmoid,
      learningRate,
      this.#thread.random,
      this.#thread.scratch,
    );
    return { tokens, pairs };
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

/** The tables as trained: (nodes, dimension) row-major f32. */
export interface SkipGramTables {
  readonly input: Float32Array;
  readonly output: Float32Array;
}

/**
 * The tables without their padding, as views of the same memory: rows move up in place, so nothing is held twice. Call
 * it once, when no thread trains any more.
 */
export function closeTables({ shape, layout, memory }: SharedSkipGram): SkipGramTables {
  const compact = (at: number) => {
    const table = new Float32Array(memory.buffer, at, (shape.nodes * layout.stride) / 4);
    const stride = layout.stride / 4;
    if (stride !== shape.dimension) {
      for (let row = 1; row < shape.nodes; row++) {
        table.copyWithin(row * shape.dimension, row * stride, row * stride + shape.dimension);
      }
    }
    return table.subarray(0, shape.nodes * shape.dimension);
  };
  return { input: compact(layout.input), output: compact(layout.output) };
}

/** The tables with their padding, for tests and for the scalar twin. Rows are `stride` floats apart. */
export function openTables({ shape, layout, memory }: SharedSkipGram): SkipGramTables & { readonly stride: number } {
  const stride = layout.stride / 4;
  return {
    input: new Float32Array(memory.buffer, layout.input, shape.nodes * stride),
    output: new Float32Array(memory.buffer, layout.output, shape.nodes * stride),
    stride,
  };
}

/** The noise distribution as the kernel draws from it. */
export function noiseOf({ shape, layout, memory }: SharedSkipGram): AliasTable {
  return new Uint32Array(memory.buffer, layout.noise, 2 * shape.nodes);
}

/** How often each node was a token, for each thread: rows of `countBytes` each. A view of the same memory. */
export function countsOf({ shape, layout, memory }: SharedSkipGram): Uint32Array {
  return new Uint32Array(memory.buffer, layout.counts, (shape.threads * layout.countBytes) / 4);
}

/** How often each node was a token, all threads together. */
export function frequenciesOf(shared: SharedSkipGram): Uint32Array {
  const { nodes, threads } = shared.shape;
  const counts = countsOf(shared);
  const perThread = counts.length / threads;
  const frequencies = new Uint32Array(nodes);
  for (let thread = 0; thread < threads; thread++) {
    for (let node = 0; node < nodes; node++) frequencies[node] += counts[thread * perThread + node];
  }
  return frequencies;
}

export function openPoolKernel(shared: unknown, thread: number): PoolKernel {
  return new SkipGramKernel(shared as SharedSkipGram, thread);
}
