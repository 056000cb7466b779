/**
 * The random numbers of the sequence trainers: sfc32 (Chris Doty-Humphrey's small fast counter, 2^32 long at the least),
 * which passes PractRand and is the same few 32-bit steps in TypeScript and in WASM. Its state is four words that may
 * live in shared memory, so that a kernel and its scalar twin draw the very same numbers. Not for secrets.
 */

/** Whole numbers that choose a stream: the run's seed, then what within the run draws (a unit of work, a purpose). */
export type SeedPath = readonly number[];

export class Random {
  /** @param state four words: a, b, c, counter */
  constructor(readonly state: Uint32Array = new Uint32Array(4)) {}

  static seeded(...path: SeedPath): Random {
    const random = new Random();
    random.seed(...path);
    return random;
  }

  /** Starts the stream that belongs to this path. Different paths give streams that have nothing to do with each other. */
  seed(...path: SeedPath): void {
    let hash = 0x9e3779b9;
    const { state } = this;
    for (const part of path) {
      // Both halves of a whole number up to 2^53 count.
      hash = mix(hash ^ (part >>> 0));
      hash = mix(hash ^ (Math.floor(part / 2 ** 32) >>> 0));
    }
    for (let i = 0; i < 3; i++) {
      hash = mix((hash + 0x9e3779b9) | 0);
      state[i] = hash;
    }
    state[3] = 1;
    for (let i = 0; i < 12; i++) this.word();
  }

  /** The next 32 bits. */
  word(): number {
    const { state } = this;
    const b = state[1];
    const c = state[2];
    const counter = state[3];
    const result = (state[0] + b + counter) >>> 0;
    state[0] = b ^ (b >>> 9);
    state[1] = c + (c << 3);
    state[2] = ((c << 21) | (c >>> 11)) + result;
    state[3] = counter + 1;
    return result;
  }

  /** A whole number from 0 to `limit` - 1; `limit` up to 2^32. Its bias is below limit / 2^32. */
  below(limit: number): number {
    return scaled(this.word(), limit);
  }

  /** A number in [0, 1) with 32 random bits. */
  fraction(): number {
    return this.word() / 2 ** 32;
  }

  /** Shuffles in place (Fisher and Yates). */
  shuffle<T extends { [index: number]: unknown; length: number }>(things: T): T {
    for (let i = things.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      const kept = things[i];
      things[i] = things[j];
      things[j] = kept;
    }
    return things;
  }
}

/** floor(word * limit / 2^32), exact although the product may pass 2^53. */
export function scaled(word: number, limit: number): number {
  return Math.floor(((word >>> 16) * limit + Math.floor(((word & 0xffff) * limit) / 65_536)) / 65_536);
}

/** A permutation of the 32-bit words in which every bit of the input moves half of the bits of the output (lowbias32). */
function mix(word: number): number {
  let x = word;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}
