/**
 * Where the tables of the kernel of bags and what its threads work on lie in the one shared memory. Nothing here looks into
 * that memory: it is planned first, then made.
 */
import type { Parts } from './bags.scalar';
import { inputRows, type WholeShape } from './bags-shape';
import { Placement, rowBytes } from './kernel-memory';
import type { RowOrder } from './row-order';
import { SIGMOID_CELLS } from './skip-gram.scalar';

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

/** Words of the kernel's plan and of what it points at: the plan, its pool of negatives, and two sets of hot rows. */
export const PLAN_WORDS = 31;
export const POOL_WORDS = 10;
export const HOT_WORDS = 9;

/** Rows of a group of outputs, in whole triples as the kernel takes them. */
export function groupOf(negatives: number): number {
  return Math.floor((negatives + 3) / 3) * 3;
}

/** Things to either side of a target and itself, where each is the mean of its parts. */
function heldCountOf({ mode, window, tokenCapacity }: WholeShape, parts: Parts | undefined): number {
  return parts && (mode === 'cbow' || mode === 'dm') ? Math.min(2 * window + 1, tokenCapacity) : 0;
}

export function planLayout(
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
