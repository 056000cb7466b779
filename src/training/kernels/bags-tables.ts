/**
 * The tables of the kernel of bags and where they lie in the one shared memory, what training starts from, and what is
 * left when it is done. Rows of the input table are those of things (or of their parts) first, then one a sequence, then
 * the one that stands for no context. Where several threads train, rows of the output table lie in parts (see
 * row-order.ts), and each thread has copies of the rows that all want (see simd/hot-rows.assembly.ts).
 */
import { z } from 'zod';
import { OptionError } from '../../errors';
import { buildAliasTable } from './alias';
import type { BagMode, BagModel, Learns, Parts } from './bags.scalar';
import {
  allocate,
  askBuild,
  availableBuilds,
  compileBuild,
  type KernelBuild,
  Placement,
  rowBytes,
} from './kernel-memory';
import { Random } from './random';
import { hotNodes, orderRows, type RowOrder, restoreOrder } from './row-order';
import { fillSigmoidTable, SIGMOID_CELLS } from './skip-gram.scalar';

export type { BagMode, Learns, Parts } from './bags.scalar';

/** In the order of the kernel's numbers. */
export const MODES = ['cbow', 'skip-gram', 'dm', 'dm-concatenation', 'dbow'] as const satisfies readonly BagMode[];

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
  /** How often each thing is seen: where several threads train, which rows each has copies of. Without them, none. */
  readonly frequencies?: ArrayLike<number>;
  /** Inputs start uniform in ± this / dimension: word2vec.c has 0.5, gensim 1. @default 0.5 */
  readonly reach?: number;
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
export type WholeShape = Required<BagShape>;

/** Where things are, in bytes from the start of the memory; strides and widths in bytes. */
export interface Layout {
  readonly stride: number;
  readonly width: number;
  readonly input: number;
  readonly output: number;
  readonly noise: number;
  /** Row of each thing in the output table; 0 where a thing's number is its row. */
  readonly outputRows: number;
  readonly sigmoid: number;
  readonly partOffsets: number;
  readonly parts: number;
  readonly partCount: number;
  /** How many things each thread holds (see bags.assembly.ts). */
  readonly heldCount: number;
  readonly inputHeat: HeatLayout;
  readonly outputHeat: HeatLayout;
  readonly threads: readonly ThreadLayout[];
  readonly bytes: number;
}

/** Which rows of a table each thread has a copy of: a byte a row, and the rows in order. */
export interface HeatLayout {
  /** 0 where there are none. */
  readonly heat: number;
  readonly rows: number;
  readonly count: number;
}

export interface ThreadLayout {
  readonly plan: number;
  readonly random: number;
  readonly tokens: number;
  readonly outputs: number;
  readonly nextOutputs: number;
  readonly coefficients: number;
  readonly gradients: number;
  readonly vector: number;
  readonly learned: number;
  readonly sequenceVector: number;
  readonly sequenceStart: number;
  readonly bag: number;
  /** Things that a window may reach, held with the sum of their rows and what those learn; 0 where things are rows. */
  readonly held: number;
  readonly pool: number;
  readonly inputCopies: CopiesLayout;
  readonly outputCopies: CopiesLayout;
}

export interface CopiesLayout {
  /** Of each hot row the copy, and the row as it was when the two were last merged. */
  readonly copies: number;
  readonly uses: number;
}

/** Everything that a thread needs to train; it can be posted to one. */
export interface SharedBags {
  readonly shape: WholeShape;
  readonly layout: Layout;
  readonly order: RowOrder;
  readonly memory: WebAssembly.Memory;
  readonly module: WebAssembly.Module;
  readonly build: KernelBuild;
}

/** Second step of the seed path of the tables' first values, as in skip-gram.ts. */
const SEED_OF_START = 2 ** 40;

/** Words of the kernel's plan and of what it points at: the plan, its pool of negatives, and two sets of hot rows. */
export const PLAN_WORDS = 31;
export const POOL_WORDS = 9;
export const HOT_WORDS = 9;

/**
 * Makes the memory: inputs uniform in ±0.5 / dimension and outputs zero (word2vec.c), the noise distribution, the parts.
 * @throws OptionError for a shape out of range, KindredError TRAINING_FAILED where the memory would be too large
 */
export function createBags(shape: BagShape, start: BagStart): SharedBags {
  const whole = checkShape(shape, start);
  const build = start.build ?? availableBuilds('bags')[0];
  const module = compileBuild('bags', build);
  const { negativePoolBytes } = askBuild<{ negativePoolBytes(): number }>(module);
  const order = orderRows(start.noise, whole.threads);
  const hot = { inputs: hotInputs(whole, start), outputs: hotOutputs(whole, start) };
  const layout = planLayout(whole, start.parts, { order, hot, poolBytes: negativePoolBytes() });
  const memory = allocate(layout.bytes, { nodes: inputRows(whole), dimension: whole.dimension });
  const shared = { shape: whole, layout, order, memory, module, build };
  fillSigmoidTable(new Float32Array(memory.buffer, layout.sigmoid, SIGMOID_CELLS + 1));
  fillNoise(shared, start.noise);
  if (order.rows) new Uint32Array(memory.buffer, layout.outputRows, whole.things).set(order.rows);
  fillHeat(memory, layout.inputHeat, hot.inputs);
  fillHeat(memory, layout.outputHeat, hot.outputs);
  if (start.parts) {
    new Int32Array(memory.buffer, layout.partOffsets, whole.things + 1).set(start.parts.offsets);
    new Int32Array(memory.buffer, layout.parts, layout.partCount).set(start.parts.rows.subarray(0, layout.partCount));
  }
  const random = Random.seeded(start.seed, SEED_OF_START);
  const { input, stride } = openBagTables(shared);
  const scale = (2 * (start.reach ?? 0.5)) / whole.dimension;
  for (let row = 0; row < input.length; row += stride) {
    for (let d = 0; d < whole.dimension; d++) input[row + d] = (random.fraction() - 0.5) * scale;
  }
  return shared;
}

/** An alias table for each part of the output rows, one after the other. */
function fillNoise({ layout, order, memory }: SharedBags, noise: ArrayLike<number>): void {
  const weights = new Float64Array(noise.length);
  for (let thing = 0; thing < noise.length; thing++) weights[order.rows ? order.rows[thing] : thing] = noise[thing];
  for (let part = 0; part + 1 < order.bounds.length; part++) {
    const [from, to] = [order.bounds[part], order.bounds[part + 1]];
    buildAliasTable(
      weights.subarray(from, to),
      new Uint32Array(memory.buffer, layout.noise + 8 * from, 2 * (to - from)),
    );
  }
}

function fillHeat(memory: WebAssembly.Memory, layout: HeatLayout, hot: readonly number[]): void {
  if (hot.length === 0) return;
  const heat = new Uint8Array(memory.buffer, layout.heat);
  hot.forEach((row, index) => {
    heat[row] = index + 1;
  });
  new Uint32Array(memory.buffer, layout.rows, hot.length).set(hot);
}

/** Input rows of which each thread has a copy. A row that parts share is wanted whenever one of its things is. */
function hotInputs({ mode, rows, threads, learns, trainsThings }: WholeShape, { frequencies, parts }: BagStart) {
  const wanted = mode === 'dbow' ? trainsThings : mode !== 'dm-concatenation';
  if (!frequencies || !wanted || !learns.things) return [];
  if (!parts) return hotNodes(frequencies, threads);
  const uses = new Float64Array(rows);
  for (let thing = 0; thing < frequencies.length; thing++) {
    for (let at = parts.offsets[thing]; at < parts.offsets[thing + 1]; at++) uses[parts.rows[at]] += frequencies[thing];
  }
  return hotNodes(uses, threads);
}

function hotOutputs({ mode, threads, learns }: WholeShape, { frequencies }: BagStart) {
  return mode !== 'dm-concatenation' && learns.outputs ? hotNodes(frequencies, threads) : [];
}

function checkShape(shape: BagShape, { noise, parts, frequencies }: BagStart): WholeShape {
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
  if (frequencies && frequencies.length !== things) {
    throw new OptionError('frequencies', `There are ${frequencies.length} frequencies for ${things} things.`);
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
export function groupOf(negatives: number): number {
  return Math.floor((negatives + 3) / 3) * 3;
}

/** Things to either side of a target and itself, where each is the mean of its parts. */
function heldCountOf({ mode, window, tokenCapacity }: WholeShape, parts: Parts | undefined): number {
  return parts && (mode === 'cbow' || mode === 'dm') ? Math.min(2 * window + 1, tokenCapacity) : 0;
}

function planLayout(
  shape: WholeShape,
  parts: Parts | undefined,
  {
    order,
    hot,
    poolBytes,
  }: { order: RowOrder; hot: { inputs: readonly number[]; outputs: readonly number[] }; poolBytes: number },
): Layout {
  const memory = new Placement();
  const { things, window, mode, tokenCapacity } = shape;
  const stride = rowBytes(shape.dimension);
  const width = mode === 'dm-concatenation' ? stride * (1 + 2 * window) : stride;
  const partCount = parts ? parts.offsets[things] : 0;
  let mostParts = 1;
  for (let thing = 0; parts && thing < things; thing++) {
    mostParts = Math.max(mostParts, parts.offsets[thing + 1] - parts.offsets[thing]);
  }
  const heldCount = heldCountOf(shape, parts);
  const heatOf = (rows: number, of: readonly number[]): HeatLayout => ({
    heat: of.length > 0 ? memory.take(rows) : 0,
    rows: memory.take(of.length * 4),
    count: of.length,
  });
  const copiesOf = (of: readonly number[]): CopiesLayout => ({
    copies: memory.take(2 * of.length * stride),
    uses: memory.take(of.length * 4),
  });
  const layout = {
    stride,
    width,
    input: memory.take(inputRows(shape) * stride),
    output: memory.take(things * width),
    noise: memory.take(things * 8),
    outputRows: order.rows ? memory.take(things * 4) : 0,
    sigmoid: memory.take((SIGMOID_CELLS + 1) * 4),
    partOffsets: parts ? memory.take((things + 1) * 4) : 0,
    parts: parts ? memory.take(partCount * 4) : 0,
    partCount,
    heldCount,
    inputHeat: heatOf(shape.rows, hot.inputs),
    outputHeat: heatOf(things, hot.outputs),
    threads: Array.from({ length: shape.threads }, () => ({
      plan: memory.take((PLAN_WORDS + POOL_WORDS + 2 * HOT_WORDS) * 4),
      random: memory.take(16),
      tokens: memory.take(tokenCapacity * 4),
      outputs: memory.take(groupOf(shape.negatives) * 4),
      nextOutputs: memory.take(groupOf(shape.negatives) * 4),
      coefficients: memory.take(groupOf(shape.negatives) * 4),
      gradients: memory.take(stride),
      vector: memory.take(stride),
      learned: memory.take(stride),
      sequenceVector: memory.take(stride),
      sequenceStart: memory.take(stride),
      // Contexts are no more than the window has places, nor than a call has tokens.
      bag: memory.take(
        (1 + Math.min(2 * window, mode === 'dm-concatenation' ? 2 * window : tokenCapacity) * mostParts) * 4,
      ),
      held: heldCount > 0 ? memory.take(heldCount * (16 + 2 * stride)) : 0,
      pool: memory.take(poolBytes),
      inputCopies: copiesOf(hot.inputs),
      outputCopies: copiesOf(hot.outputs),
    })),
  };
  return { ...layout, bytes: memory.bytes };
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
    outputRows: shared.order.rows,
    // For the loss any part of the noise does; one thread has the whole of it.
    noise: new Uint32Array(memory.buffer, layout.noise, 2 * shared.order.bounds[1]),
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
  const { input, output, stride, width } = openBagTables(shared);
  if (shared.order.rows) restoreOrder(output, width, shared.order.rows);
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
