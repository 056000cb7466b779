/**
 * The bag of each thing: the rows of the input table whose mean is its vector. The first rows are the things' own; after
 * them comes one row for each bucket of n-grams that any thing's text hits. Buckets that nothing hits have no row.
 */
import { type SubwordOptions, visitSubwords } from './subwords';

export interface Bags {
  /** (things + 1): the bag of thing t is rows[offsets[t]] to rows[offsets[t + 1] - 1], its own row first. On shared memory. */
  readonly offsets: Int32Array;
  readonly rows: Int32Array;
  /** Bucket of row things + i. Those hit most come first, so that hot rows lie together. */
  readonly buckets: Uint32Array;
  /** Different n-grams and tokens; those beyond the buckets in use share one with another. */
  readonly subwords: number;
}

/**
 * @param texts one a thing
 * @param frequencies one a thing: how often it was seen
 */
export function buildBags(texts: readonly string[], frequencies: Uint32Array, options: SubwordOptions): Bags {
  const things = texts.length;
  const hits = new NumberList((length) => new Uint32Array(length));
  const identities = new NumberList((length) => new Float64Array(length));
  const weights = new Float64Array(options.buckets);
  const offsets = new Int32Array(new SharedArrayBuffer(4 * (things + 1)));
  for (let thing = 0; thing < things; thing++) {
    visitSubwords(texts[thing], options, (bucket, identity) => {
      hits.add(bucket);
      identities.add(identity);
      weights[bucket] += frequencies[thing];
    });
    // Each bag has a row of its own besides.
    offsets[thing + 1] = hits.length + thing + 1;
  }
  const buckets = bucketsByWeight(hits.values, weights);
  const rowOf = new Int32Array(options.buckets);
  for (let i = 0; i < buckets.length; i++) rowOf[buckets[i]] = things + i;
  const rows = new Int32Array(new SharedArrayBuffer(4 * offsets[things]));
  for (let thing = 0, hit = 0; thing < things; thing++) {
    let at = offsets[thing];
    rows[at++] = thing;
    while (at < offsets[thing + 1]) rows[at++] = rowOf[hits.values[hit++]];
  }
  return { offsets, rows, buckets, subwords: countDifferent(identities.values) };
}

function bucketsByWeight(hits: Uint32Array, weights: Float64Array): Uint32Array {
  const used = Uint32Array.from(new Set(hits));
  return used.sort((a, b) => weights[b] - weights[a] || a - b);
}

function countDifferent(values: Float64Array): number {
  const ordered = values.slice().sort();
  let different = 0;
  for (let i = 0; i < ordered.length; i++) if (i === 0 || ordered[i] !== ordered[i - 1]) different++;
  return different;
}

/** The mean of the rows of each bag: (things, dimension) row-major f32. */
export function meanOfBags({ offsets, rows }: Bags, table: Float32Array, dimension: number): Float32Array {
  const things = offsets.length - 1;
  const means = new Float32Array(things * dimension);
  const sum = new Float64Array(dimension);
  for (let thing = 0; thing < things; thing++) {
    sum.fill(0);
    for (let at = offsets[thing]; at < offsets[thing + 1]; at++) {
      const row = rows[at] * dimension;
      for (let d = 0; d < dimension; d++) sum[d] += table[row + d];
    }
    const count = offsets[thing + 1] - offsets[thing];
    for (let d = 0; d < dimension; d++) means[thing * dimension + d] = sum[d] / count;
  }
  return means;
}

/** Numbers in one typed array that grows: a list of boxed ones would take several times as much. */
class NumberList<Numbers extends Uint32Array | Float64Array> {
  #values: Numbers;
  length = 0;

  constructor(private readonly make: (length: number) => Numbers) {
    this.#values = make(1024);
  }

  add(value: number): void {
    if (this.length === this.#values.length) {
      const larger = this.make(this.length * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.length++] = value;
  }

  get values(): Numbers {
    return this.#values.subarray(0, this.length) as Numbers;
  }
}
