/**
 * The memory of skip-gram: two tables, the noise, and each thread's own space, laid out for the kernel and filled with what
 * training starts from. `skip-gram.ts` is what a thread trains on it with.
 */
import { z } from 'zod';
import { OptionError } from '../../errors';
import { type AliasTable, buildAliasTable } from './alias';
import {
  allocate,
  askBuild,
  availableBuilds,
  compileBuild,
  type KernelBuild,
  LINE,
  Placement,
  rowBytes,
} from './kernel-memory';
import { Random } from './random';
import { hotNodes, orderRows, type RowOrder, restoreOrder } from './row-order';
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
  /** Row of the output table of each node; 0 where a node's number is its row. */
  readonly rows: number;
  /** A byte a node: which of a thread's copies is its own, from 1; 0 where it has none, or all have none. */
  readonly heat: number;
  readonly hotNodes: number;
  /** One word a node for each thread; rows of threads are `countBytes` apart. */
  readonly counts: number;
  readonly countBytes: number;
  readonly sigmoid: number;
  readonly threads: readonly ThreadLayout[];
  readonly bytes: number;
}

export interface ThreadLayout {
  readonly plan: number;
  readonly random: number;
  readonly scratch: number;
  readonly pool: number;
  readonly inputCopies: number;
  readonly outputCopies: number;
  readonly uses: number;
  readonly tokens: number;
}

/** Everything that a thread needs to train; it can be posted to one. */
export interface SharedSkipGram {
  readonly shape: SkipGramShape;
  readonly layout: Layout;
  readonly order: RowOrder;
  /** Nodes of which each thread has a copy. */
  readonly hot: readonly number[];
  readonly memory: WebAssembly.Memory;
  readonly module: WebAssembly.Module;
  readonly build: KernelBuild;
}

export interface SkipGramStart {
  /** Weight of each node among the negatives, such as its frequency to the power 0.75. At least 0, one above 0. */
  readonly noise: ArrayLike<number>;
  /** How often each node will be a token, about: several threads then keep copies of the most frequent. @default unknown */
  readonly frequencies?: ArrayLike<number>;
  readonly seed: number;
  /** Inputs start uniform from -spread to spread. @default 0.5 / dimension (word2vec.c) */
  readonly spread?: number;
  /** @default the fastest that the host can run */
  readonly build?: KernelBuild;
}

/** Words of the kernel's plan and of what it points at: the plan, its pool of negatives, and two sets of hot rows. */
export const PLAN_WORDS = 11;
export const POOL_WORDS = 10;
export const HOT_WORDS = 9;

interface SizeExports {
  scratchBytes(window: number, negatives: number, stride: number): number;
  negativePoolBytes(): number;
}

/**
 * Makes the memory: inputs uniform in ±spread and outputs zero, the noise distribution, tables.
 * @throws OptionError for a shape out of range, KindredError TRAINING_FAILED where the memory would be too large
 */
export function createSkipGram(shape: SkipGramShape, start: SkipGramStart): SharedSkipGram {
  checkShape(shape, start);
  const build = start.build ?? availableBuilds(KERNEL)[0];
  const module = compileBuild(KERNEL, build);
  const order = orderRows(start.noise, shape.threads);
  const hot = hotNodes(start.frequencies, shape.threads);
  const layout = planLayout(shape, askBuild<SizeExports>(module), { order, hot });
  const memory = allocate(layout.bytes, shape);
  fillSigmoidTable(new Float32Array(memory.buffer, layout.sigmoid, SIGMOID_CELLS + 1));
  const shared = { shape, layout, order, hot, memory, module, build };
  buildNoise(start.noise, shared);
  if (order.rows) new Uint32Array(memory.buffer, layout.rows, shape.nodes).set(order.rows);
  const heat = new Uint8Array(memory.buffer, layout.heat, hot.length > 0 ? shape.nodes : 0);
  hot.forEach((node, index) => {
    heat[node] = index + 1;
  });
  new Uint32Array(memory.buffer, layout.hotNodes, hot.length).set(hot);
  const random = Random.seeded(start.seed, SEED_OF_START);
  const { spread = 0.5 / shape.dimension } = start;
  const input = new Float32Array(memory.buffer, layout.input, (shape.nodes * layout.stride) / 4);
  for (let row = 0; row < input.length; row += layout.stride / 4) {
    for (let d = 0; d < shape.dimension; d++) input[row + d] = (random.fraction() - 0.5) * 2 * spread;
  }
  return shared;
}

/** An alias table of the rows of each part. */
function buildNoise(noise: ArrayLike<number>, shared: SharedSkipGram): void {
  const { rows, bounds } = shared.order;
  const table = noiseOf(shared);
  const ofRows = Float64Array.from(noise);
  if (rows) for (let node = 0; node < rows.length; node++) ofRows[rows[node]] = noise[node];
  for (let part = 0; part + 1 < bounds.length; part++) {
    const [first, end] = bounds.slice(part);
    buildAliasTable(ofRows.subarray(first, end), table.subarray(2 * first, 2 * end));
  }
}

function checkShape(shape: SkipGramShape, { noise, frequencies }: SkipGramStart): void {
  const parsed = shapeSchema.safeParse(shape);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new OptionError(issue.path.join('.'), `${issue.path.join('.')}: ${issue.message}.`);
  }
  for (const [name, values] of Object.entries({ noise, frequencies })) {
    if (values && values.length !== shape.nodes) {
      throw new OptionError(name, `There are ${values.length} ${name} for ${shape.nodes} nodes.`);
    }
  }
}

/** Second step of the seed path of the tables' first values; units of work use their number. */
const SEED_OF_START = 2 ** 40;

function planLayout(
  shape: SkipGramShape,
  sizes: SizeExports,
  { order, hot }: { order: RowOrder; hot: readonly number[] },
): Layout {
  const placement = new Placement();
  const take = (size: number) => placement.take(size);
  const { nodes, dimension, window, negatives } = shape;
  const stride = rowBytes(dimension);
  const countBytes = Math.ceil((nodes * 4) / LINE) * LINE;
  const layout = {
    stride,
    input: take(nodes * stride),
    output: take(nodes * stride),
    noise: take(nodes * 8),
    rows: order.rows ? take(nodes * 4) : 0,
    heat: hot.length > 0 ? take(nodes) : 0,
    hotNodes: take(hot.length * 4),
    counts: take(shape.threads * countBytes),
    countBytes,
    sigmoid: take((SIGMOID_CELLS + 1) * 4),
    threads: Array.from({ length: shape.threads }, () => ({
      plan: take((PLAN_WORDS + POOL_WORDS + 2 * HOT_WORDS) * 4),
      random: take(16),
      scratch: take(sizes.scratchBytes(window, negatives, stride)),
      pool: take(sizes.negativePoolBytes()),
      // Of each hot row the copy, and the row as it was when the two were last merged.
      inputCopies: take(2 * hot.length * stride),
      outputCopies: take(2 * hot.length * stride),
      uses: take(2 * hot.length * 4),
      tokens: take(shape.tokenCapacity * 4),
    })),
  };
  return { ...layout, bytes: placement.bytes };
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
export function closeTables({ shape, layout, order, memory }: SharedSkipGram): SkipGramTables {
  if (order.rows) {
    const output = new Float32Array(memory.buffer, layout.output, (shape.nodes * layout.stride) / 4);
    restoreOrder(output, layout.stride / 4, order.rows);
  }
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

/** The noise distribution as the kernel draws from it: an alias table of the rows of each part. */
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
