/**
 * Small fast counter random number generator (sfc32; C. Doty-Humphrey, PractRand): 128 bits of state, passes PractRand,
 * a dozen 32-bit operations a draw. A stream is named by a seed and two numbers, so that a walk draws the same numbers
 * whichever worker walks it.
 */
export class RandomStream {
  private a = 0;
  private b = 0;
  private c = 0;
  private counter = 1;

  constructor(seed: number, stream = 0, substream = 0) {
    this.restart(seed, stream, substream);
  }

  /** Goes to the start of another stream. */
  restart(seed: number, stream = 0, substream = 0): void {
    this.a = mix(seed);
    this.b = mix(this.a ^ stream);
    this.c = mix(this.b ^ substream);
    this.counter = 1;
    // The state is hashed already; a few rounds let `counter` reach every word.
    for (let round = 0; round < 4; round++) this.uint32();
  }

  /** 0 .. 2^32 - 1 */
  uint32(): number {
    const sum = (((this.a + this.b) | 0) + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** [0, 1) */
  uniform(): number {
    return this.uint32() * 2 ** -32;
  }

  /** 0 .. bound - 1, for bounds far below 2^32 (the bias is bound / 2^32). */
  below(bound: number): number {
    return Math.floor(this.uint32() * 2 ** -32 * bound);
  }
}

/** Every bit of the argument changes half the bits of the result (C. Wellons, lowbias32). */
function mix(value: number): number {
  let x = (value + 0x9e3779b9) | 0;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return x ^ (x >>> 16);
}

/** Shuffles in place (Fisher-Yates). */
export function shuffle(values: Int32Array | Uint32Array | number[], random: RandomStream): void {
  for (let last = values.length - 1; last > 0; last--) {
    const other = random.below(last + 1);
    const kept = values[last];
    values[last] = values[other];
    values[other] = kept;
  }
}
