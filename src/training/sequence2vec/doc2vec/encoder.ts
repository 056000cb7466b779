/**
 * Vectors of sequences that came after training (Le & Mikolov 2014, "inference"): the tables that training left are held
 * still, and a fresh row for the sequence learns to predict its things. Each sequence is learned alone and from the same
 * start, so its vector depends on the model, its seed and its own things, on nothing else.
 */
import { setImmediate } from 'node:timers/promises';
import { KindredError } from '../../../errors';
import { float32Of } from '../../checkpoint';
import type { Artifacts, Encoder, Loader } from '../../encoder';
import { BagKernel } from '../../kernels/bags';
import { type BagTables, createBags, openBagTables, type SharedBags } from '../../kernels/bags-tables';
import { Random } from '../../kernels/random';
import { keepChances } from '../corpus-source';
import type { EventSequences } from '../event-sequences';
import type { Documents } from './documents';
import { type Doc2VecOptions, modeOf } from './options';

/** model.json: how vectors are inferred, and the names of the rows of the tables. */
interface Description
  extends Pick<
    Doc2VecOptions,
    | 'architecture'
    | 'combine'
    | 'dimension'
    | 'window'
    | 'negatives'
    | 'negativeExponent'
    | 'subsample'
    | 'learningRate'
    | 'inferenceEpochs'
    | 'seed'
  > {
  readonly ids: readonly string[];
  readonly frequencies: readonly number[];
  readonly tokenCount: number;
}

/** Things that are taken at once; the window does not look from one such piece into the next. */
const PIECE = 10_000;
/** The learning rate never falls below this share of what it was at the start, as in training. */
const LEAST_RATE = 1e-4;
/** Other work gets its turn after this many things were looked at: some tens of milliseconds. */
const THINGS_IN_A_ROW = 50_000;
/** Second steps of seed paths: where a row starts, what is kept, what the kernel draws. */
const SEED_OF_START = 0;
const SEED_OF_SAMPLE = 1;
const SEED_OF_KERNEL = 2;

export function doc2vecArtifacts(
  documents: Documents,
  tables: BagTables,
  options: Doc2VecOptions,
): Record<string, Uint8Array> {
  const { architecture, combine, dimension, window, negatives, negativeExponent } = options;
  const { subsample, learningRate, inferenceEpochs, seed } = options;
  const description: Description = {
    ...{ architecture, combine, dimension, window, negatives, negativeExponent },
    ...{ subsample, learningRate, inferenceEpochs, seed },
    ids: documents.ids,
    frequencies: [...documents.frequencies],
    tokenCount: documents.tokenCount,
  };
  return {
    'model.json': Buffer.from(JSON.stringify(description)),
    'output.f32': copyOf(tables.output),
    // The vector of a sequence alone predicts its things where there are no contexts.
    ...(architecture === 'dm' && { 'things.f32': copyOf(tables.input), 'empty.f32': copyOf(tables.empty) }),
  };
}

export const loadEncoder: Loader = async (artifacts): Promise<Encoder> => {
  const description = JSON.parse(Buffer.from(part(artifacts, 'model.json')).toString()) as Description;
  const inference = new Inference(description, artifacts);
  const numbers = new Map(description.ids.map((id, thing) => [id, thing]));
  return {
    dimension: description.dimension,
    knows: (thing) => numbers.has(thing),
    sequence: (sequences) => inferAll(inference, sequences, numbers, description.dimension),
    close: async () => {},
  };
};

async function inferAll(
  inference: Inference,
  { ids, offsets, things }: EventSequences,
  numbers: ReadonlyMap<string, number>,
  dimension: number,
): Promise<Float32Array> {
  const numberOf = Int32Array.from(ids, (id) => numbers.get(id) ?? -1);
  const vectors = new Float32Array((offsets.length - 1) * dimension);
  let inARow = 0;
  for (let sequence = 0; sequence + 1 < offsets.length; sequence++) {
    const known = things
      .subarray(offsets[sequence], offsets[sequence + 1])
      .map((thing) => numberOf[thing])
      .filter((number) => number >= 0);
    if (known.length === 0) continue;
    vectors.set(inference.infer(known), sequence * dimension);
    inARow += known.length * inference.epochs;
    if (inARow < THINGS_IN_A_ROW) continue;
    inARow = 0;
    await setImmediate();
  }
  return vectors;
}

class Inference {
  readonly #description: Description;
  readonly #kernel: BagKernel;
  /** The one row that learns. */
  readonly #row: Float32Array;
  readonly #keep: Float32Array | undefined;
  readonly #random = new Random();

  constructor(description: Description, artifacts: Artifacts) {
    const { ids, frequencies, dimension, window, negatives, negativeExponent, seed, subsample } = description;
    this.#description = description;
    const shared = createBags(
      {
        mode: modeOf(description),
        things: ids.length,
        sequences: 1,
        ...{ dimension, window, negatives },
        learns: { things: false, outputs: false, sequences: true },
        threads: 1,
        tokenCapacity: PIECE + 2,
      },
      { noise: Float64Array.from(frequencies, (frequency) => frequency ** negativeExponent), seed },
    );
    const { input, stride } = fillTables(shared, artifacts);
    this.#row = input.subarray(ids.length * stride, ids.length * stride + dimension);
    this.#kernel = new BagKernel(shared, 0);
    if (subsample > 0) {
      this.#keep = keepChances(Uint32Array.from(frequencies), description.tokenCount, subsample);
    }
  }

  get epochs(): number {
    return this.#description.inferenceEpochs;
  }

  /** @param things numbers of what the sequence has, at least one */
  infer(things: Int32Array): Float32Array {
    const { seed, learningRate, dimension } = this.#description;
    this.#random.seed(seed, SEED_OF_START);
    for (let d = 0; d < dimension; d++) this.#row[d] = (this.#random.fraction() - 0.5) / dimension;
    this.#random.seed(seed, SEED_OF_SAMPLE);
    this.#kernel.seed(seed, SEED_OF_KERNEL);
    for (let epoch = 0; epoch < this.epochs; epoch++) {
      const rate = learningRate * Math.max(LEAST_RATE, 1 - epoch / this.epochs);
      for (let from = 0; from < things.length; from += PIECE) this.#learn(things.subarray(from, from + PIECE), rate);
    }
    return this.#row;
  }

  #learn(things: Int32Array, rate: number): void {
    const { tokens } = this.#kernel;
    let written = 0;
    tokens[written++] = -2;
    for (const thing of things) {
      if (!this.#keep || this.#random.fraction() < this.#keep[thing]) tokens[written++] = thing;
    }
    tokens[written++] = -1;
    this.#kernel.train(written, rate);
  }
}

function fillTables(shared: SharedBags, artifacts: Artifacts) {
  const tables = openBagTables(shared);
  const { things, dimension, mode } = shared.shape;
  const { stride, input, output } = tables;
  copyRows(output, stride, part(artifacts, 'output.f32'), dimension);
  if (mode !== 'dbow') {
    copyRows(input.subarray(0, things * stride), stride, part(artifacts, 'things.f32'), dimension);
    copyRows(input.subarray((things + 1) * stride), stride, part(artifacts, 'empty.f32'), dimension);
  }
  return tables;
}

/** @throws KindredError MODEL_CORRUPT where the bytes do not fill the table */
function copyRows(table: Float32Array, stride: number, bytes: Uint8Array, dimension: number): void {
  const rows = table.length / stride;
  if (bytes.byteLength !== rows * dimension * 4) throw corrupt('tables');
  // A typed array can lie over bytes only where they start at a multiple of its element.
  const values = float32Of(bytes.byteOffset % 4 === 0 ? bytes : bytes.slice());
  for (let row = 0; row < rows; row++) {
    table.set(values.subarray(row * dimension, (row + 1) * dimension), row * stride);
  }
}

/** Bytes on memory that is not shared. */
function copyOf(table: Float32Array): Uint8Array {
  return new Uint8Array(table.slice().buffer);
}

function part(artifacts: Artifacts, name: string): Uint8Array {
  const bytes = artifacts[name];
  if (bytes === undefined) throw corrupt(name);
  return bytes;
}

function corrupt(name: string): KindredError {
  return new KindredError('MODEL_CORRUPT', `The model's ${name} is missing or of the wrong size.`, {
    remedy: 'Roll back to an earlier version, or train anew.',
  });
}
