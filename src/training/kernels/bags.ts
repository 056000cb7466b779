/**
 * The checked facade over the kernel of bags (see bags.assembly.ts): lays out the one shared memory, fills what training
 * starts from, and refuses any argument that the kernel, which checks nothing, could not bear. Rows of the input table are
 * those of things (or of their parts) first, then one a sequence, then the one that stands for no context.
 */
import { z } from 'zod';
import { KindredError, OptionError } from '../../errors';
import { buildAliasTable } from './alias';
import { type BagMode, type BagModel, type Learns, type Parts } from './bags.scalar';
import { sampleBagLoss } from './bags-loss';
import {
  allocate,
  availableBuilds,
  compileBuild,
  instantiate,
  type KernelBuild,
  Placement,
  rowBytes,
} from './kernel-memory';
import type { LossSample, PoolKernel, TrainedTokens } from './pool-kernel';
import { Random } from './random';
import { fillSigmoidTable, SIGMOID_CELLS } from './skip-gram.scalar';

export type { BagMode, Learns, Parts } from './bags.scalar';

/** In the order of the kernel's numbers. */
const MODES = ['cbow', 'skip-gram', 'dm', 'dm-concatenation', 'dbow'] as const satisfies readonly BagMode[];

/** What the shape of the tables and of the work is. Numbers are whole. */
export interface BagShape {
  readonly mode: BagMode;
  /** Tokens are 0 to things - 1; the output table has a row for each. 1 to 2^31 - 1. */
  readonly things: number;
  /** Rows of the input table that things consist of: at least `things` where they have no parts. @default things */
  readonly rows?: number;
  /** Sequences that have a row: -2 - s among the tokens opens sequence s. @default 0 */
  readonly sequences?: number;
  /** Length of a vector: 1 to 4,096. */
  readonly dimension: number;
  /** Furthest context to either side: 1 to 10,000. The reach is drawn from 1 to this, but for dm-concatenation. */
  readonly window: number;
  /** Negatives drawn for each prediction: 1 to 1,000. */
  readonly negatives: number;
  /** dbow only: whether things learn from each other too, as in skip-gram. @default false */
  readonly trainsThings?: boolean;
  /** What learns; the rest is held still. @default all */
  readonly learns?: Learns;
  /** Threads that will train at the same time: 1 to 256. */
  readonly threads: number;
  /** Tokens, ends and openings included, that a thread takes at most in one call. */
  readonly tokenCapacity: number;
}

export interface BagStart {
  /** Weight of each thing among the negatives. At least 0, one above 0. */
  readonly noise: ArrayLike<number>;
  readonly seed: number;
  /** Rows of each thing, at least one each; undefined where a thing is its own row. Not for dm-concatenation. */
  readonly parts?: Parts;
  /** @default the fastest that the host can run */
  readonly build?: KernelBuild;
}

const wholeNumber = (most: number, least = 1) => z.number().int().min(least).max(most);

const shapeSchema = z.strictObject({
  mode: z.enum(MODES),
  things: wholeNumber(2 ** 31 - 2),
  rows: wholeNumber(2 ** 31 - 2).optional(),
  sequences: wholeNumber(2 ** 31 - 3, 0).default(0),
  dimension: wholeNumber(4096),
  window: wholeNumber(10_000),
  negatives: wholeNumber(1000),
  trainsThings: z.boolean().default(false),
  learns: z
    .strictObject({ things: z.boolean(), outputs: z.boolean(), sequences: z.boolean() })
    .default({ things: true, outputs: true, sequences: true }),
  threads: wholeNumber(256),
  tokenCapacity: wholeNumber(2 ** 28),
});

/** With every default filled in. */
type WholeShape = Required<BagShape>;

/** Where things are, in bytes from the start of the memory; strides and widths in bytes. */
interface Layout {
  readonly stride: number;
  readonly width: number;
  readonly input: number;
  readonly output: number;
  readonly noise: number;
  readonly sigmoid: number;
  readonly partOffsets: number;
  readonly parts: number;
  readonly partCount: number;
  readonly threads: readonly ThreadLayout[];
  readonly bytes: number;
}

interface ThreadLayout {
  readonly plan: number;
  readonly random: number;
  readonly tokens: number;
  readonly outputs: number;
  readonly nextOutputs: number;
  readonly coefficients: number;
  readonly gradients: number;
  readonly vector: number;
  readonly start: number;
  readonly sequenceVector: number;
  readonly sequenceStart: number;
  readonly bag: number;
}

/** Everything that a thread needs to train; it can be posted to one. */
export interface SharedBags {
  readonly shape: WholeShape;
  readonly layout: Layout;
  readonly memory: WebAssembly.Memory;
  readonly module: WebAssembly.Module;
  readonly build: KernelBuild;
}

/** Second step of the seed path of the tables' first values, as in skip-gram.ts. */
const SEED_OF_START = 2 ** 40;
const PLAN_WORDS = 30;

/**
 * Makes the memory: inputs uniform in ±0.5 / dimension and outputs zero (word2vec.c), the noise distribution, the parts.
 * @throws OptionError for a shape out of range, KindredError TRAINING_FAILED where the memory would be too large
 */
export function createBags(shape: BagShape, start: BagStart): SharedBags {
  const whole = checkShape(shape, start);
  const build = start.build ?? availableBuilds('bags')[0];
  const layout = planLayout(whole, start.parts);
  const memory = allocate(layout.bytes, { nodes: inputRows(whole), dimension: whole.dimension });
  const shared = { shape: whole, layout, memory, module: compileBuild('bags', build), build };
  fillSigmoidTable(new Float32Array(memory.buffer, layout.sigmoid, SIGMOID_CELLS + 1));
  buildAliasTable(start.noise, noiseOf(shared));
  if (start.parts) {
    new Int32Array(memory.buffer, layout.partOffsets, whole.things + 1).set(start.parts.offsets);
    new Int32Array(memory.buffer, layout.parts, layout.partCount).set(start.parts.rows.subarray(0, layout.partCount));
  }
  const random = Random.seeded(start.seed, SEED_OF_START);
  const { input, stride } = openBagTables(shared);
  for (let row = 0; row < input.length; row += stride) {
    for (let d = 0; d < whole.dimension; d++) input[row + d] = (random.fraction() - 0.5) / whole.dimension;
  }
  return shared;
}

function checkShape(shape: BagShape, { noise, parts }: BagStart): WholeShape {
  const parsed = shapeSchema.safeParse(shape);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new OptionError(issue.path.join('.'), `${issue.path.join('.')}: ${issue.message}.`);
  }
  const whole: WholeShape = { ...parsed.data, rows: parsed.data.rows ?? shape.things };
  const { things, rows, mode } = whole;
  if (noise.length !== things) {
    throw new OptionError('noise', `There are ${noise.length} noise weights for ${things} things.`);
  }
  if (!parts && rows < things) throw new OptionError('rows', `${rows} rows are too few for ${things} things.`);
  if (parts && mode === 'dm-concatenation') {
    throw new OptionError('parts', 'Things that consist of parts cannot be concatenated; take their mean.');
  }
  if (parts) checkParts(parts, things, rows);
  return whole;
}

function checkParts({ offsets, rows: parts }: Parts, things: number, rows: number): void {
  if (offsets.length !== things + 1 || offsets[0] !== 0 || offsets[things] > parts.length) {
    throw new OptionError('parts', `The offsets of the parts do not fit ${things} things with ${parts.length} rows.`);
  }
  for (let thing = 0; thing < things; thing++) {
    if (offsets[thing + 1] <= offsets[thing]) throw new OptionError('parts', `Thing ${thing} has no parts.`);
  }
  for (let i = 0; i < offsets[things]; i++) {
    if (!(parts[i] >= 0 && parts[i] < rows)) {
      throw new OptionError('parts', `Part ${i} is row ${parts[i]}; there are ${rows}.`);
    }
  }
}

function inputRows({ rows, sequences }: WholeShape): number {
  return rows + sequences + 1;
}

/** Rows of a group of outputs, in whole triples as the kernel takes them. */
function groupOf(negatives: number): number {
  return Math.floor((negatives + 3) / 3) * 3;
}

function planLayout(shape: WholeShape, parts: Parts | undefined): Layout {
  const memory = new Placement();
  const { things, window, mode, tokenCapacity } = shape;
  const stride = rowBytes(shape.dimension);
  const width = mode === 'dm-concatenation' ? stride * (1 + 2 * window) : stride;
  const partCount = parts ? parts.offsets[things] : 0;
  let mostParts = 1;
  for (let thing = 0; parts && thing < things; thing++) {
    mostParts = Math.max(mostParts, parts.offsets[thing + 1] - parts.offsets[thing]);
  }
  const layout = {
    stride,
    width,
    input: memory.take(inputRows(shape) * stride),
    output: memory.take(things * width),
    noise: memory.take(things * 8),
    sigmoid: memory.take((SIGMOID_CELLS + 1) * 4),
    partOffsets: parts ? memory.take((things + 1) * 4) : 0,
    parts: parts ? memory.take(partCount * 4) : 0,
    partCount,
    threads: Array.from({ length: shape.threads }, () => ({
      plan: memory.take(PLAN_WORDS * 4),
      random: memory.take(16),
      tokens: memory.take(tokenCapacity * 4),
      outputs: memory.take(groupOf(shape.negatives) * 4),
      nextOutputs: memory.take(groupOf(shape.negatives) * 4),
      coefficients: memory.take(groupOf(shape.negatives) * 4),
      gradients: memory.take(width),
      vector: memory.take(width),
      start: memory.take(width),
      sequenceVector: memory.take(stride),
      sequenceStart: memory.take(stride),
      // Contexts are no more than the window has places, nor than a call has tokens.
      bag: memory.take(
        (1 + Math.min(2 * window, mode === 'dm-concatenation' ? 2 * window : tokenCapacity) * mostParts) * 4,
      ),
    })),
  };
  return { ...layout, bytes: memory.bytes };
}

/** The words of the kernel's `Plan`, in its order. */
function planOf({ shape, layout }: SharedBags, thread: ThreadLayout): number[] {
  const { mode, window, negatives, things, rows, sequences, learns, trainsThings } = shape;
  const { input, stride, output, width } = layout;
  return [
    ...[MODES.indexOf(mode), thread.tokens, input, stride, output, width, window, negatives, groupOf(negatives)],
    ...[layout.noise, things, layout.sigmoid, thread.random, layout.partOffsets, layout.parts],
    ...[input + rows * stride, input + (rows + sequences) * stride],
    ...[learns.things, learns.outputs, learns.sequences, trainsThings].map(Number),
    ...[thread.outputs, thread.nextOutputs, thread.coefficients, thread.gradients, thread.vector, thread.start],
    ...[thread.sequenceVector, thread.sequenceStart, thread.bag],
  ];
}

interface KernelExports {
  train(plan: number, count: number, rate: number): number;
}

/** What one thread trains with. Threads write to the same tables without locks; all else is a thread's own. */
export class BagKernel implements PoolKernel {
  /** Where the tokens of the next call go: things, -1 after each sequence, -2 - s before the things of sequence s. */
  readonly tokens: Int32Array;
  readonly #shared: SharedBags;
  readonly #thread: ThreadLayout;
  readonly #exports: KernelExports;
  readonly #random: Random;
  readonly #model: BagModel;

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
    new Uint32Array(memory.buffer, this.#thread.plan, PLAN_WORDS).set(planOf(shared, this.#thread));
    this.tokens = new Int32Array(memory.buffer, this.#thread.tokens, shape.tokenCapacity);
  }

  /** Starts this thread's random numbers; the same path, tokens and tables give the same bytes. */
  seed(...path: readonly number[]): void {
    this.#random.seed(...path);
  }

  /**
   * Trains on the first `count` of `tokens`.
   * @param learningRate above 0, at most 1
   * @returns tokens, and as `pairs` the predictions
   */
  train(count: number, learningRate: number): TrainedTokens {
    const { tokenCapacity } = this.#shared.shape;
    if (!(Number.isInteger(count) && count >= 0 && count <= tokenCapacity)) {
      throw new OptionError('count', `Cannot train on ${count} tokens: there is room for ${tokenCapacity}.`);
    }
    if (!(learningRate > 0 && learningRate <= 1)) {
      throw new OptionError('learningRate', `The learning rate is ${learningRate}; it must be above 0, at most 1.`);
    }
    const tokens = this.#checkTokens(count);
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

/** The tables with their padding, views of the memory: rows are `stride` and `width` floats apart. */
export function openBagTables({ shape, layout, memory }: SharedBags) {
  const [stride, width] = [layout.stride / 4, layout.width / 4];
  return {
    input: new Float32Array(memory.buffer, layout.input, inputRows(shape) * stride),
    output: new Float32Array(memory.buffer, layout.output, shape.things * width),
    stride,
    width,
  };
}

/** What the scalar twin and the loss work with. */
export function bagModelOf(shared: SharedBags): BagModel {
  const { shape, layout, memory } = shared;
  const { mode, window, negatives, trainsThings, learns, things, rows, sequences } = shape;
  return {
    ...{ mode, window, negatives, trainsThings, learns },
    ...openBagTables(shared),
    ...(layout.partOffsets > 0 && {
      parts: {
        offsets: new Int32Array(memory.buffer, layout.partOffsets, things + 1),
        rows: new Int32Array(memory.buffer, layout.parts, layout.partCount),
      },
    }),
    firstSequence: rows,
    emptyRow: rows + sequences,
    noise: noiseOf(shared),
  };
}

/** The tables as trained, row-major f32 without padding. */
export interface BagTables {
  /** (rows, dimension): things, or their parts. */
  readonly input: Float32Array;
  /** (sequences, dimension) */
  readonly sequences: Float32Array;
  /** (dimension): stands where a window has no context. */
  readonly empty: Float32Array;
  /** (things, dimension), or (things, (1 + 2 x window) x dimension) where rows are concatenated. */
  readonly output: Float32Array;
}

/**
 * The tables without their padding, as views of the same memory: rows move up in place, so nothing is held twice. Call it
 * once, when no thread trains any more.
 */
export function closeBagTables(shared: SharedBags): BagTables {
  const { dimension, rows, sequences } = shared.shape;
  const { input, output, stride } = openBagTables(shared);
  for (const table of stride === dimension ? [] : [input, output]) {
    for (let from = stride, to = dimension; from < table.length; from += stride, to += dimension) {
      table.copyWithin(to, from, from + dimension);
    }
  }
  const part = (row: number, count: number) => input.subarray(row * dimension, (row + count) * dimension);
  return {
    input: part(0, rows),
    sequences: part(rows, sequences),
    empty: part(rows + sequences, 1),
    output: output.subarray(0, (output.length / stride) * dimension),
  };
}

function noiseOf({ shape, layout, memory }: Pick<SharedBags, 'shape' | 'layout' | 'memory'>): Uint32Array {
  return new Uint32Array(memory.buffer, layout.noise, 2 * shape.things);
}
