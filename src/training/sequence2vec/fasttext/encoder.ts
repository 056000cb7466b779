/**
 * Vectors of texts and sequences that came after training, from a fastText model's artifacts alone. A text that is a
 * trained thing's has that thing's vector; any other is the mean of those of its n-grams and tokens that training saw.
 * What training never saw is left out: its row would be noise.
 */
import { KindredError } from '../../../errors';
import type { Artifacts, Encoder, Loader } from '../../encoder';
import type { EventSequences } from '../event-sequences';
import { normaliseText, type SubwordOptions, visitSubwords } from './subwords';

/** What the artifact `head.json` holds. */
interface Head extends SubwordOptions {
  readonly dimension: number;
  readonly ids: readonly string[];
  /** One a thing, normalised. */
  readonly texts: readonly string[];
}

export interface EncoderContent extends SubwordOptions {
  readonly dimension: number;
  readonly ids: readonly string[];
  /** One a thing. */
  readonly texts: readonly string[];
  /** (things, dimension) row-major: the things' finished vectors. */
  readonly vectors: Float32Array;
  /** Bucket of each row of `subwordRows`. */
  readonly usedBuckets: Uint32Array;
  /** (used buckets, dimension) row-major. */
  readonly subwordRows: Float32Array;
}

export function encoderArtifacts(content: EncoderContent): Record<string, Uint8Array> {
  const { dimension, ids, texts, minN, maxN, buckets } = content;
  const head: Head = { dimension, minN, maxN, buckets, ids, texts: texts.map(normaliseText) };
  return {
    'head.json': new TextEncoder().encode(JSON.stringify(head)),
    'vectors.f32': littleEndian(content.vectors),
    'buckets.u32': littleEndian(content.usedBuckets),
    'subwords.f32': littleEndian(content.subwordRows),
  };
}

/** A copy of the numbers, little-endian as everywhere that Node runs; on memory that is not shared. */
function littleEndian(numbers: Float32Array | Uint32Array): Uint8Array {
  return new Uint8Array(new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength));
}

export const loadEncoder: Loader = async (artifacts) => {
  const head = readHead(artifact(artifacts, 'head.json'));
  const { dimension, ids, texts } = head;
  const vectors = float32(artifacts, 'vectors.f32', ids.length * dimension);
  const used = uint32(artifacts, 'buckets.u32');
  const subwordRows = float32(artifacts, 'subwords.f32', used.length * dimension);
  const subwordRowOf = new Map(Array.from(used, (bucket, row) => [bucket, row]));
  const thingOf = new Map(ids.map((id, thing) => [id, thing]));
  const thingOfText = namesOfOneThing(texts);
  // Where things are named by their texts (merchants, words), one that came later speaks for itself in a sequence too.
  const named = ids.every((id, thing) => normaliseText(id) === texts[thing]);
  const vectorOfText = (text: string): Float32Array | undefined => {
    const thing = thingOfText.get(normaliseText(text));
    if (thing !== undefined) return vectors.subarray(thing * dimension, (thing + 1) * dimension);
    const mean = new Mean(dimension);
    visitSubwords(text, head, (bucket) => {
      const row = subwordRowOf.get(bucket);
      if (row !== undefined) mean.add(subwordRows, row * dimension);
    });
    return mean.finish();
  };
  const vectorOfThing = (id: string): Float32Array | undefined => {
    const thing = thingOf.get(id);
    if (thing !== undefined) return vectors.subarray(thing * dimension, (thing + 1) * dimension);
    return named ? vectorOfText(id) : undefined;
  };
  return {
    dimension,
    knows: (thing) => vectorOfThing(thing) !== undefined,
    text: async (asked) => stacked(asked.map(vectorOfText), dimension),
    sequence: async ({ ids: names, offsets, things }: EventSequences) => {
      const vectorOf = names.map(vectorOfThing);
      const means = Array.from({ length: offsets.length - 1 }, (_, sequence) => {
        const mean = new Mean(dimension);
        for (let at = offsets[sequence]; at < offsets[sequence + 1]; at++) {
          const vector = vectorOf[things[at]];
          if (vector) mean.add(vector, 0);
        }
        return mean.finish();
      });
      return stacked(means, dimension);
    },
    close: async () => undefined,
  } satisfies Encoder;
};

/** Texts that only one thing has: for a text that several share, which of them is meant cannot be told. */
function namesOfOneThing(texts: readonly string[]): Map<string, number> {
  const things = new Map<string, number>();
  const shared = new Set<string>();
  texts.forEach((text, thing) => {
    if (things.has(text)) shared.add(text);
    else if (text !== '') things.set(text, thing);
  });
  for (const text of shared) things.delete(text);
  return things;
}

class Mean {
  readonly #sum: Float64Array;
  #count = 0;

  constructor(private readonly dimension: number) {
    this.#sum = new Float64Array(dimension);
  }

  add(table: Float32Array, from: number): void {
    for (let d = 0; d < this.dimension; d++) this.#sum[d] += table[from + d];
    this.#count++;
  }

  /** @returns undefined where nothing was added */
  finish(): Float32Array | undefined {
    if (this.#count === 0) return undefined;
    return Float32Array.from(this.#sum, (sum) => sum / this.#count);
  }
}

/** One after the other; zeros for those that are missing. */
function stacked(vectors: readonly (Float32Array | undefined)[], dimension: number): Float32Array {
  const table = new Float32Array(vectors.length * dimension);
  vectors.forEach((vector, row) => {
    if (vector) table.set(vector, row * dimension);
  });
  return table;
}

function readHead(bytes: Uint8Array): Head {
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as Head;
  } catch (cause) {
    throw corrupt('head.json is not JSON', cause);
  }
}

function artifact(artifacts: Artifacts, name: string): Uint8Array {
  if (Object.hasOwn(artifacts, name)) return artifacts[name];
  throw corrupt(`it has no artifact ${name}`);
}

function uint32(artifacts: Artifacts, name: string): Uint32Array {
  const bytes = artifact(artifacts, name);
  if (bytes.byteLength % 4 !== 0) throw corrupt(`${name} has ${bytes.byteLength} bytes`);
  // Copied, as bytes from elsewhere need not begin where a number may.
  return new Uint32Array(new Uint8Array(bytes).buffer);
}

function float32(artifacts: Artifacts, name: string, length: number): Float32Array {
  const words = uint32(artifacts, name);
  if (words.length !== length) throw corrupt(`${name} has ${words.length} numbers instead of ${length}`);
  return new Float32Array(words.buffer);
}

function corrupt(what: string, cause?: unknown): KindredError {
  return new KindredError('MODEL_CORRUPT', `The fastText model cannot be opened: ${what}.`, {
    remedy: 'Train it again, or go back to the version before: kindred rollback <space>',
    cause,
  });
}
