/**
 * The token source (see kernels/token-source.ts) that reads a corpus on shared memory. A unit is a stretch of whole
 * sequences; each epoch takes the stretches in an order of its own. Frequent tokens may be left out at random
 * (subsampling), anew in each epoch, which also widens the window for those that stay.
 */
import { Random } from '../kernels/random';
import type { TokenSource } from '../kernels/token-source';

export interface CorpusData {
  /** -1 after each sequence; other negative numbers are between the corpus and the kernel. On shared memory. */
  readonly tokens: Int32Array;
  /** (stretches + 1): where each stretch starts. */
  readonly stretches: Int32Array;
  readonly seed: number;
  /** Chance that a token stays, one a thing; undefined keeps all. */
  readonly keep?: Float32Array;
}

/** Last step of the seed path of an epoch's order; units of work use paths of three steps. */
const SEED_OF_ORDER = 2 ** 41;

export function openTokenSource(data: unknown): TokenSource {
  const { tokens, stretches, seed, keep } = data as CorpusData;
  const count = stretches.length - 1;
  let orderedEpoch = -1;
  const order = new Int32Array(count);
  return {
    fill(unit, written, random) {
      const epoch = Math.floor(unit / count);
      if (epoch !== orderedEpoch) {
        for (let i = 0; i < count; i++) order[i] = i;
        Random.seeded(seed, epoch, SEED_OF_ORDER).shuffle(order);
        orderedEpoch = epoch;
      }
      const stretch = order[unit % count];
      const part = tokens.subarray(stretches[stretch], stretches[stretch + 1]);
      if (!keep) {
        written.set(part);
        return part.length;
      }
      let length = 0;
      for (const token of part) {
        if (token < 0 || random.fraction() < keep[token]) written[length++] = token;
      }
      return length;
    },
  };
}

/** word2vec.c's chance to stay for a thing that makes up `share` of the corpus. */
export function keepChances(frequencies: Uint32Array, tokenCount: number, subsample: number): Float32Array {
  const chances = new Float32Array(new SharedArrayBuffer(4 * frequencies.length));
  for (let thing = 0; thing < frequencies.length; thing++) {
    const ratio = subsample / (frequencies[thing] / tokenCount);
    chances[thing] = Math.min(1, Math.sqrt(ratio) + ratio);
  }
  return chances;
}

/** Cuts a corpus at ends of sequences into stretches of about `target` tokens; a sequence longer than `most` is cut too. */
export function cutIntoStretches(tokens: Int32Array, target: number, most: number): Int32Array {
  const starts = [0];
  let start = 0;
  let lastEnd = 0;
  for (let i = 0; i < tokens.length; i++) {
    if (tokens[i] === -1) lastEnd = i + 1;
    const length = i + 1 - start;
    if ((tokens[i] === -1 && length >= target) || length >= most) {
      start = lastEnd > start ? lastEnd : i + 1;
      starts.push(start);
    }
  }
  if (start < tokens.length) starts.push(tokens.length);
  return Int32Array.from(starts);
}
