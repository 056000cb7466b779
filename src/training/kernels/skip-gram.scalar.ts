/**
 * The scalar twin of `skip-gram.assembly.ts`: the same algorithm in plain TypeScript, one number at a time. It draws the
 * very same random numbers and rounds to 32 bits wherever the SIMD kernel does, lanes included, so the plain build
 * agrees with it bit by bit; the relaxed build, which may skip a rounding, agrees within a thousandth of the
 * largest entry after a thousand pairs. Tests hold both to that. It is what the kernel means, not a way to train.
 */
import { type AliasTable, drawFrom } from './alias';
import { Random } from './random';

const { fround } = Math;

export interface ScalarSkipGram {
  /** (nodes, stride) row-major f32, zeros beyond the dimension. */
  readonly input: Float32Array;
  readonly output: Float32Array;
  /** Floats from one row to the next, a multiple of 4. */
  readonly stride: number;
  readonly window: number;
  readonly negatives: number;
  readonly negativeSharing: number;
  readonly noise: AliasTable;
  readonly sigmoid: Float32Array;
  /** State of the random numbers, four words. */
  readonly random: Uint32Array;
}

/** @returns (context, target) pairs seen */
export function trainScalar(model: ScalarSkipGram, tokens: Int32Array, learningRate: number): number {
  const { stride, window, negatives, negativeSharing } = model;
  const random = new Random(model.random);
  const rate = fround(learningRate);
  const contexts: number[] = [];
  let pairs = 0;
  const pool = new NegativePool(model.noise, random, { size: stride, draws: tokens.length * negatives });
  for (let at = 0; at < tokens.length; at++) {
    const target = tokens[at];
    if (target < 0) continue;
    contextsOf(tokens, at, 1 + random.below(window), contexts);
    if (contexts.length === 0) continue;
    pairs += contexts.length;
    const groups: number[][] = [];
    for (let done = 0; done < contexts.length; done += negativeSharing) {
      const rows = [target, ...pool.take(negatives)].map((row) => row * stride);
      pool.renew(negatives);
      groups.push(rows);
    }
    for (let c = 0; c < contexts.length; ) {
      const group = Math.floor(c / negativeSharing);
      const groupEnd = Math.min((group + 1) * negativeSharing, contexts.length);
      const pair = c + 1 < groupEnd;
      const block = contexts.slice(c, pair ? c + 2 : c + 1).map((context) => context * stride);
      // The same node twice is taken one after the other, as the second update would overwrite the first.
      if (pair && block[0] === block[1]) for (const row of block) trainBlock(model, [row], groups[group], rate);
      else trainBlock(model, block, groups[group], rate);
      c += block.length;
    }
  }
  return pairs;
}

/** As in simd/negative-pool.assembly.ts. */
export class NegativePool {
  readonly #entries: Int32Array;
  readonly #usesOfRow: number;
  #oldest = 0;
  #uses = 0;

  /** @param shape `size`: floats of a row; `draws`: how many will be taken at most; `usesOfRow`: see POOL_USES */
  constructor(
    private readonly noise: AliasTable,
    private readonly random: Random,
    {
      size,
      draws,
      usesOfRow = POOL_USES,
    }: { readonly size: number; readonly draws: number; readonly usesOfRow?: number },
  ) {
    this.#usesOfRow = usesOfRow;
    const rows = poolRows(size);
    this.#entries = Int32Array.from({ length: Math.min(rows, draws) }, () => drawFrom(noise, random));
  }

  /** One draw chooses three entries: what it leaves over one chooses the next. */
  take(count: number): number[] {
    const taken: number[] = [];
    let bits = 0n;
    for (let k = 0; k < count; k++) {
      if (k % 3 === 0) bits = BigInt(this.random.word());
      const product = bits * BigInt(this.#entries.length);
      taken.push(this.#entries[Number(product >> 32n)]);
      bits = product & 0xffffffffn;
    }
    return taken;
  }

  renew(uses: number): void {
    this.#uses += uses;
    while (this.#uses >= this.#usesOfRow) {
      this.#uses -= this.#usesOfRow;
      this.#entries[this.#oldest] = drawFrom(this.noise, this.random);
      this.#oldest = (this.#oldest + 1) % this.#entries.length;
    }
  }
}

/** Rows of a pool at most, and bytes of them at most. */
const POOL_ROWS = 512;
const POOL_BYTES = 2 ** 20;

/** Uses of each row of a pool, on average, until another takes its place. */
export const POOL_USES = 2;

/** Rows of a pool, each of `size` floats, where enough are drawn. */
export function poolRows(size: number): number {
  return Math.max(1, Math.min(POOL_ROWS, Math.floor(POOL_BYTES / (4 * size))));
}

function contextsOf(tokens: Int32Array, at: number, reach: number, contexts: number[]): void {
  contexts.length = 0;
  let first = at;
  while (first > 0 && at - first < reach && tokens[first - 1] >= 0) first--;
  for (let other = first; other < tokens.length && other - at <= reach; other++) {
    if (other === at) continue;
    if (tokens[other] < 0) break;
    contexts.push(tokens[other]);
  }
}

/** One or two inputs against the target (first of `outputs`) and its negatives; all given as offsets of rows. */
function trainBlock(model: ScalarSkipGram, inputs: number[], outputs: number[], rate: number): void {
  const { input, output, stride, sigmoid } = model;
  const coefficients = outputs.map((row, k) =>
    inputs.map((context) => {
      if (k > 0 && row === outputs[0]) return 0;
      const likelihood = sigmoid[sigmoidIndex(dot(model, context, row))];
      return fround(fround((k === 0 ? 1 : 0) - likelihood) * rate);
    }),
  );
  const updated = inputs.map((context) => input.slice(context, context + stride));
  outputs.forEach((row, k) => {
    const before = output.slice(row, row + stride);
    inputs.forEach((context, c) => {
      const coefficient = coefficients[k][c];
      const gradient = updated[c];
      for (let d = 0; d < stride; d++) {
        gradient[d] = fround(gradient[d] + fround(coefficient * before[d]));
        output[row + d] = fround(output[row + d] + fround(coefficient * input[context + d]));
      }
    });
  });
  inputs.forEach((context, c) => {
    input.set(updated[c], context);
  });
}

/** Added up in four lanes, and the lanes as (0 + 2) + (1 + 3), as SIMD does. */
function dot({ input, output, stride }: ScalarSkipGram, context: number, row: number): number {
  let lane0 = 0;
  let lane1 = 0;
  let lane2 = 0;
  let lane3 = 0;
  for (let d = 0; d < stride; d += 4) {
    lane0 = fround(lane0 + fround(input[context + d] * output[row + d]));
    lane1 = fround(lane1 + fround(input[context + d + 1] * output[row + d + 1]));
    lane2 = fround(lane2 + fround(input[context + d + 2] * output[row + d + 2]));
    lane3 = fround(lane3 + fround(input[context + d + 3] * output[row + d + 3]));
  }
  return fround(fround(lane0 + lane2) + fround(lane1 + lane3));
}

/** Entries of the sigmoid table less one; it spans [-SIGMOID_RANGE, SIGMOID_RANGE]. */
export const SIGMOID_CELLS = 1024;
export const SIGMOID_RANGE = 6;

export function sigmoidIndex(x: number): number {
  const scaledUp = fround(fround(x * fround(SIGMOID_CELLS / (2 * SIGMOID_RANGE))) + SIGMOID_CELLS / 2);
  const clamped = scaledUp > 0 ? Math.min(SIGMOID_CELLS, scaledUp) : 0;
  // Nearest whole number, as adding 2^23 in 32 bits finds it.
  return fround(clamped + 2 ** 23) - 2 ** 23;
}

/** As in word2vec.c, what lies beyond the range counts as certain, so it gives no gradient. */
export function fillSigmoidTable(table: Float32Array = new Float32Array(SIGMOID_CELLS + 1)): Float32Array {
  for (let i = 0; i <= SIGMOID_CELLS; i++) {
    const x = ((2 * i) / SIGMOID_CELLS - 1) * SIGMOID_RANGE;
    table[i] = 1 / (1 + Math.exp(-x));
  }
  table[0] = 0;
  table[SIGMOID_CELLS] = 1;
  return table;
}
