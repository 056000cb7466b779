/**
 * Seeded randomness for the simulator: xoshiro128** (Blackman & Vigna, https://prng.di.unimi.it) seeded by splitmix32.
 * Each part of the simulation has a stream of its own, named by a word, so that changing one part leaves the others alone.
 * Not for secrets.
 */

/** FNV-1a: a word to 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}

export class Random {
  private readonly state = new Uint32Array(4);

  constructor(seed: number, stream: string) {
    let mix = (seed ^ hash(stream)) >>> 0;
    for (let i = 0; i < 4; i += 1) {
      mix = (mix + 0x9e3779b9) >>> 0;
      let z = Math.imul(mix ^ (mix >>> 16), 0x21f0aaad);
      z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
      this.state[i] = z ^ (z >>> 15);
    }
  }

  /** Uniform in [0, 1), 32 bits of it. */
  uniform(): number {
    const s = this.state;
    const scrambled = Math.imul(s[1], 5);
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9) >>> 0;
    const t = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = (s[3] << 11) | (s[3] >>> 21);
    return result / 0x1_0000_0000;
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.uniform();
  }

  /** Whole number in [low, high]. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.uniform() * (high - low + 1));
  }

  chance(probability: number): boolean {
    return this.uniform() < probability;
  }

  pick<T>(values: readonly T[]): T {
    return values[Math.floor(this.uniform() * values.length)];
  }

  /** Standard normal, by Box and Muller. */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }

  logNormal(median: number, sigma: number): number {
    return median * Math.exp(sigma * this.normal());
  }

  exponential(mean: number): number {
    return -mean * Math.log(1 - this.uniform());
  }

  /** Knuth's method; fine for the small means used here. */
  poisson(mean: number): number {
    const limit = Math.exp(-mean);
    let count = 0;
    for (let product = this.uniform(); product > limit; product *= this.uniform()) count += 1;
    return count;
  }
}

/** Draws indexes in proportion to fixed weights, in constant time (Walker's alias method, as Vose builds it). */
export class WeightedChoice {
  private readonly threshold: Float64Array;
  private readonly alias: Uint32Array;

  /** @param weights at least one, none negative, not all 0 */
  constructor(weights: ArrayLike<number>) {
    const n = weights.length;
    const total = Array.from(weights).reduce((sum, weight) => sum + weight, 0);
    if (!(total > 0)) throw new RangeError('WeightedChoice needs a positive weight');
    this.threshold = Float64Array.from(weights, (weight) => (weight * n) / total);
    this.alias = Uint32Array.from({ length: n }, (_, i) => i);
    const small: number[] = [];
    const large: number[] = [];
    for (let i = 0; i < n; i += 1) (this.threshold[i] < 1 ? small : large).push(i);
    while (small.length > 0 && large.length > 0) {
      const low = small.pop()!;
      const high = large[large.length - 1];
      this.alias[low] = high;
      this.threshold[high] -= 1 - this.threshold[low];
      if (this.threshold[high] < 1) small.push(large.pop()!);
    }
    // Whatever is left is 1 but for rounding.
    for (const i of [...small, ...large]) this.threshold[i] = 1;
  }

  draw(random: Random): number {
    const slot = Math.floor(random.uniform() * this.threshold.length);
    return random.uniform() < this.threshold[slot] ? slot : this.alias[slot];
  }
}
