/**
 * The scalar twin of `bags.assembly.ts`: the same algorithm in plain TypeScript, one number at a time, with the same random
 * numbers and the same roundings, so the plain build agrees with it bit by bit and the relaxed build, which may skip a
 * rounding, within a thousandth of the largest entry after a thousand predictions. It is what the kernel means, and what
 * the loss is sampled with; not a way to train.
 */
import { type AliasTable, drawFrom } from './alias';
import { Random } from './random';
import { NegativePool, POOL_USES, poolRows, sigmoidIndex } from './skip-gram.scalar';

const { fround } = Math;

/** Concatenation: an output that errs by less is learned on only as often as makes up for it. */
const LEAST_ERROR = fround(0.2);

/** See usesOfRow. */
const USES_OF_WIDE_ROW = 8;

/**
 * Uses of a row in the pool of negatives until another takes its place. Outputs of concatenated rows are wide: fetching one
 * costs what learning on it does, so it is used more often, though not where few fit and each would be met all the time,
 * nor where outputs are held still, as what is learned then (one sequence) is too little to even out what was drawn.
 * @param width floats of an output row
 */
export function usesOfRow({ mode, learns, width }: Pick<BagModel, 'mode' | 'learns' | 'width'>): number {
  if (mode !== 'dm-concatenation' || !learns.outputs) return POOL_USES;
  return Math.max(POOL_USES, Math.min(USES_OF_WIDE_ROW, Math.floor(poolRows(width) / 8)));
}

/**
 * What is in a bag, and what it predicts. `cbow`: a thing's contexts, and they predict it. `skip-gram`: a thing's own rows,
 * and they predict each context. `dm`: a thing's contexts and the sequence, as their mean. `dm-concatenation`: the same,
 * one after the other. `dbow`: the sequence alone, which predicts each of its things.
 */
export type BagMode = 'cbow' | 'skip-gram' | 'dm' | 'dm-concatenation' | 'dbow';

/** The rows that each thing consists of: thing t has rows[offsets[t]] to rows[offsets[t + 1] - 1]. */
export interface Parts {
  /** (things + 1) */
  readonly offsets: Int32Array;
  readonly rows: Int32Array;
}

/** What of the tables learns; the rest is held still. */
export interface Learns {
  readonly things: boolean;
  readonly outputs: boolean;
  readonly sequences: boolean;
}

export interface BagModel {
  readonly mode: BagMode;
  /** (rows, stride) row-major f32, zeros beyond the dimension. */
  readonly input: Float32Array;
  /** (things, width) */
  readonly output: Float32Array;
  /** Floats from one row of the input to the next, a multiple of 4. */
  readonly stride: number;
  /** Floats of an output row and of a bag's vector: the stride, or 1 + 2 x window times it where rows are concatenated. */
  readonly width: number;
  readonly window: number;
  readonly negatives: number;
  /** DBOW: whether things learn from each other too, as in skip-gram. */
  readonly trainsThings: boolean;
  readonly learns: Learns;
  /** undefined where a thing is its own row. */
  readonly parts?: Parts;
  /** Row of sequence 0. */
  readonly firstSequence: number;
  /** Row that stands where a window has no context. */
  readonly emptyRow: number;
  readonly noise: AliasTable;
  /** Row of each thing in the output table, for the loss; undefined where a thing's number is its row. */
  readonly outputRows?: Uint32Array;
}

export interface ScalarBags extends BagModel {
  readonly sigmoid: Float32Array;
  /** State of the random numbers, four words. */
  readonly random: Uint32Array;
}

/** A thing in the window: the sum of its rows as it was, and what each of them is to learn. */
interface HeldThing {
  readonly rows: readonly number[];
  readonly sum: Float32Array;
  readonly learned: Float32Array;
}

/** Rows of outputs, and what of each one's gradient is the same for every number. */
interface Graded {
  readonly outputs: readonly number[];
  readonly coefficients: readonly number[];
}

/** @returns predictions learned from */
export function trainBagsScalar(model: ScalarBags, tokens: Int32Array, learningRate: number): number {
  return new ScalarTraining(model, tokens, fround(learningRate)).run();
}

class ScalarTraining {
  readonly #random: Random;
  /** None where things have parts. */
  readonly #pool: NegativePool | undefined;
  #predictions = 0;
  /** Row of the sequence that is open. */
  #sequence: number | undefined;
  #sequenceVector = new Float32Array();
  /** Things with parts that the window may reach, by where they are; the next that is not among them. */
  readonly #held = new Map<number, HeldThing>();
  #newest = 0;

  constructor(
    private readonly model: ScalarBags,
    private readonly tokens: Int32Array,
    private readonly rate: number,
  ) {
    this.#random = new Random(model.random);
    const draws = tokens.length * model.negatives;
    const pool = { size: model.width, draws, usesOfRow: usesOfRow(model) };
    if (!model.parts) this.#pool = new NegativePool(model.noise, this.#random, pool);
  }

  run(): number {
    for (let at = 0; at < this.tokens.length; at++) {
      const token = this.tokens[at];
      if (token >= 0) this.#visit(at);
      else {
        this.#close();
        this.#newest = at + 1;
        this.#open(token < -1 ? this.model.firstSequence - 2 - token : undefined);
      }
    }
    this.#close();
    return this.#predictions;
  }

  #visit(at: number): void {
    const { model, tokens } = this;
    const { mode, learns } = model;
    if (mode === 'skip-gram' || (mode === 'dbow' && model.trainsThings)) this.#visitCentre(at);
    if (mode === 'dbow' && this.#sequence !== undefined) this.#predict(this.#sequenceVector, tokens[at]);
    if (mode !== 'dm-concatenation' && mode !== 'cbow' && mode !== 'dm') return;
    if (model.parts) {
      this.#visitHeld(at);
      return;
    }
    const reach = mode === 'dm-concatenation' ? model.window : this.#drawReach();
    const bag = bagOf(model, tokens, at, reach, this.#sequence);
    if (bag.length === 0) return;
    if (mode === 'dm-concatenation') {
      this.#predictFromSlots(bag, tokens[at]);
      return;
    }
    const learned = this.#predictApart(meanOf(model, bag), tokens[at]);
    bag.forEach((row, index) => {
      const isSequence = index === 0 && row === this.#sequence;
      if (isSequence ? learns.sequences : learns.things) spread(model, row, learned);
    });
  }

  /** Rows of a context give their sum when the window first reaches it, and learn when the window has passed. */
  #visitHeld(at: number): void {
    const { model, tokens } = this;
    const { input, stride, learns } = model;
    const reach = this.#drawReach();
    for (const other of this.#held.keys()) if (other < at - model.window) this.#release(other);
    for (; this.#newest < tokens.length && this.#newest - at <= reach && tokens[this.#newest] >= 0; this.#newest++) {
      const rows = rowsOf(model, tokens[this.#newest]);
      this.#held.set(this.#newest, { rows, sum: sumOf(model, rows), learned: new Float32Array(stride) });
    }
    const contexts = [...this.#held]
      .filter(([other]) => other !== at && Math.abs(other - at) <= reach)
      .map(([, thing]) => thing);
    const sequence = model.mode === 'dm' ? this.#sequence : undefined;
    const count = contexts.reduce((sum, { rows }) => sum + rows.length, sequence === undefined ? 0 : 1);
    if (count === 0) return;
    const share = fround(1 / count);
    const start =
      sequence === undefined ? new Float32Array(stride) : input.slice(sequence * stride, (sequence + 1) * stride);
    for (let d = 0; d < stride; d++) {
      for (const { rows, sum, learned } of contexts) {
        start[d] = fround(start[d] + fround(sum[d] + fround(rows.length * learned[d])));
      }
      start[d] = fround(start[d] * share);
    }
    const gradient = this.#predictApart(start, tokens[at]);
    if (sequence !== undefined && learns.sequences) spread(model, sequence, gradient);
    for (const { learned } of learns.things ? contexts : []) {
      for (let d = 0; d < stride; d++) learned[d] = fround(learned[d] + gradient[d]);
    }
  }

  #release(at: number): void {
    const { model } = this;
    const { rows, learned } = this.#held.get(at) as HeldThing;
    this.#held.delete(at);
    if (model.learns.things) for (const row of rows) spread(model, row, learned);
  }

  #visitCentre(at: number): void {
    const { model, tokens } = this;
    const contexts = contextsOf(tokens, at, this.#drawReach());
    if (contexts.length === 0) return;
    const rows = rowsOf(model, tokens[at]);
    const start = meanOf(model, rows);
    const vector = start.slice();
    for (const context of contexts) this.#predict(vector, context);
    if (model.learns.things) for (const row of rows) spread(model, row, difference(vector, start));
  }

  #drawReach(): number {
    return 1 + this.#random.below(this.model.window);
  }

  #open(row: number | undefined): void {
    const { input, stride } = this.model;
    this.#sequence = row;
    if (row !== undefined) this.#sequenceVector = input.slice(row * stride, (row + 1) * stride);
  }

  #close(): void {
    const { model } = this;
    for (const at of this.#held.keys()) this.#release(at);
    const row = this.#sequence;
    this.#sequence = undefined;
    if (model.mode !== 'dbow' || row === undefined || !model.learns.sequences) return;
    const start = model.input.slice(row * model.stride, (row + 1) * model.stride);
    spread(model, row, difference(this.#sequenceVector, start));
  }

  /** The vector against the target and its negatives, both of which see the other as it was before. The vector learns. */
  #predict(vector: Float32Array, target: number): void {
    this.#learn(vector.slice(), vector, this.#drawOutputs(target));
  }

  /** The same, but what the vector would learn is returned, and it stays as it is. */
  #predictApart(vector: Float32Array, target: number): Float32Array {
    const learned = new Float32Array(vector.length);
    this.#learn(vector, learned, this.#drawOutputs(target));
    return learned;
  }

  /** Rows one after the other: each learns where it lies, so a row that is in two slots does one after the other. */
  #predictFromSlots(bag: readonly number[], target: number): void {
    const { model } = this;
    const { input, stride, learns } = model;
    const outputs = this.#drawOutputs(target);
    const graded = { outputs, coefficients: this.#grade(vectorOf(model, bag), outputs) };
    const taught = learns.outputs ? this.#keepRows(graded) : graded;
    bag.forEach((row, slot) => {
      const isSequence = slot === 0;
      const x = input.slice(row * stride, (row + 1) * stride);
      const learned = x.slice();
      this.#update(x, learned, { ...taught, at: slot * stride });
      const learnsHere = isSequence ? learns.sequences && row === this.#sequence : learns.things;
      if (learnsHere) input.set(learned, row * stride);
    });
    this.#predictions++;
  }

  /** Coefficients below `least` are kept with probability coefficient / least, and are then `least`. */
  #keepRows({ outputs, coefficients }: Graded): Graded {
    const least = fround(LEAST_ERROR * this.rate);
    const share = fround(least * fround(1 / 65_536));
    const kept = { outputs: [] as number[], coefficients: [] as number[] };
    let bits = 0;
    coefficients.forEach((coefficient, k) => {
      bits = k % 2 === 0 ? this.#random.word() : bits >>> 16;
      if (Math.abs(coefficient) <= fround(((bits & 0xffff) + 0.5) * share)) return;
      kept.outputs.push(outputs[k]);
      kept.coefficients.push(Math.abs(coefficient) < least ? Math.sign(coefficient) * least : coefficient);
    });
    return kept;
  }

  #drawOutputs(target: number): number[] {
    const { negatives, noise } = this.model;
    if (!this.#pool) return [target, ...Array.from({ length: negatives }, () => drawFrom(noise, this.#random))];
    const outputs = [target, ...this.#pool.take(negatives)];
    this.#pool.renew(negatives);
    return outputs;
  }

  #learn(vector: Float32Array, learned: Float32Array, outputs: readonly number[]): void {
    this.#update(vector, learned, { outputs, coefficients: this.#grade(vector, outputs), at: 0 });
    this.#predictions++;
  }

  #grade(vector: Float32Array, outputs: readonly number[]): number[] {
    const { output, width, sigmoid } = this.model;
    return outputs.map((row, k) => {
      if (k > 0 && row === outputs[0]) return 0;
      const likelihood = sigmoid[sigmoidIndex(dot(vector, output.subarray(row * width, (row + 1) * width)))];
      return fround(fround((k === 0 ? 1 : 0) - likelihood) * this.rate);
    });
  }

  /** Adds to `learned` what a vector learns from the outputs' floats from `at` on, and to those what they learn from it. */
  #update(
    vector: Float32Array,
    learned: Float32Array,
    { outputs, coefficients, at }: Graded & { readonly at: number },
  ): void {
    const { output, width, learns } = this.model;
    outputs.forEach((row, k) => {
      const coefficient = coefficients[k];
      const from = row * width + at;
      for (let d = 0; d < vector.length; d++) {
        const was = output[from + d];
        learned[d] = fround(learned[d] + fround(coefficient * was));
        if (learns.outputs) output[from + d] = fround(was + fround(coefficient * vector[d]));
      }
    });
  }
}

/** Things before and after `at` that the window reaches, within the sequence. */
export function contextsOf(tokens: Int32Array, at: number, reach: number): number[] {
  let first = at;
  while (first > 0 && at - first < reach && tokens[first - 1] >= 0) first--;
  const contexts: number[] = [];
  for (let other = first; other < tokens.length && other - at <= reach; other++) {
    if (other === at) continue;
    if (tokens[other] < 0) break;
    contexts.push(tokens[other]);
  }
  return contexts;
}

/** Rows of the bag that predicts the thing at `at`: the sequence's (given as its row) first. */
export function bagOf(
  model: BagModel,
  tokens: Int32Array,
  at: number,
  reach: number,
  sequence: number | undefined,
): number[] {
  if (model.mode !== 'dm-concatenation') {
    const contexts = contextsOf(tokens, at, reach).flatMap((context) => rowsOf(model, context));
    return model.mode === 'dm' && sequence !== undefined ? [sequence, ...contexts] : contexts;
  }
  const rows = [sequence ?? model.emptyRow];
  const isInside = (other: number) => {
    const [from, to] = other < at ? [other, at] : [at, other];
    return from >= 0 && to < tokens.length && tokens.subarray(from, to + 1).every((token) => token >= 0);
  };
  for (let other = at - reach; other <= at + reach; other++) {
    if (other !== at) rows.push(isInside(other) ? tokens[other] : model.emptyRow);
  }
  return rows;
}

export function rowsOf({ parts }: BagModel, thing: number): number[] {
  return parts ? [...parts.rows.subarray(parts.offsets[thing], parts.offsets[thing + 1])] : [thing];
}

/** The vector of a bag: (width). */
export function vectorOf(model: BagModel, rows: readonly number[]): Float32Array {
  if (model.mode !== 'dm-concatenation') return meanOf(model, rows);
  const { input, stride } = model;
  const vector = new Float32Array(model.width);
  rows.forEach((row, slot) => {
    vector.set(input.subarray(row * stride, (row + 1) * stride), slot * stride);
  });
  return vector;
}

export function meanOf(model: BagModel, rows: readonly number[]): Float32Array {
  const share = fround(1 / rows.length);
  return sumOf(model, rows).map((sum) => sum * share);
}

function sumOf({ input, stride }: BagModel, rows: readonly number[]): Float32Array {
  const sum = input.slice(rows[0] * stride, (rows[0] + 1) * stride);
  for (let d = 0; d < stride; d++) {
    for (let i = 1; i < rows.length; i++) sum[d] = fround(sum[d] + input[rows[i] * stride + d]);
  }
  return sum;
}

function spread({ input, stride }: BagModel, row: number, learned: Float32Array): void {
  for (let d = 0; d < stride; d++) input[row * stride + d] = fround(input[row * stride + d] + learned[d]);
}

function difference(vector: Float32Array, start: Float32Array): Float32Array {
  return vector.map((value, d) => value - start[d]);
}

/** Added up in four lanes, and the lanes as (0 + 2) + (1 + 3), as SIMD does. */
function dot(x: Float32Array, y: Float32Array): number {
  const lanes = [0, 0, 0, 0];
  for (let d = 0; d < x.length; d++) lanes[d & 3] = fround(lanes[d & 3] + fround(x[d] * y[d]));
  return fround(fround(lanes[0] + lanes[2]) + fround(lanes[1] + lanes[3]));
}
