/**
 * The tables of the kernel of bags in the one shared memory (laid out by bags-layout.ts), what training starts from, and what is
 * left when it is done. Rows of the input table are those of things (or of their parts) first, then one a sequence, then
 * the one that stands for no context. Where several threads train, rows of the output table lie in parts (see
 * row-order.ts), and each thread has copies of the rows that all want (see simd/hot-rows.assembly.ts).
 */
import { buildAliasTable } from './alias';
import type { BagModel } from './bags.scalar';
import { type HeatLayout, type Layout, planLayout } from './bags-layout';
import { type BagShape, type BagStart, checkShape, inputRows, type WholeShape } from './bags-shape';
import { allocate, askBuild, availableBuilds, compileBuild, type KernelBuild } from './kernel-memory';
import { Random } from './random';
import { hotNodes, orderRows, type RowOrder, restoreOrder } from './row-order';
import { fillSigmoidTable, SIGMOID_CELLS } from './skip-gram.scalar';

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
