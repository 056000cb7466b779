/** What the trainers that read a corpus in the pool have alike: its units of work over all epochs, and the noise weights. */
import { join } from 'node:path';
import type { TokenSourceReference } from '../kernels/token-source';
import { type CorpusData, cutIntoStretches, keepChances } from './corpus-source';
import type { Vocabulary } from './vocabulary';

/** Predictions of a unit of work, about: some milliseconds of training. A sequence stays whole up to the longest. */
const STRETCH_PAIRS = 24_000;
const MOST_STRETCH_TOKENS = 4000;
const LONGEST_STRETCH = 1_000_000;

export interface CorpusRun {
  readonly source: TokenSourceReference;
  /** Names the epoch once `done` units are. */
  readonly phase: (done: number) => string;
}

export function corpusRun(
  { tokens, frequencies, tokenCount }: Pick<Vocabulary, 'tokens' | 'frequencies' | 'tokenCount'>,
  options: {
    readonly subsample: number;
    readonly seed: number;
    readonly epochs: number;
    /** Where a token takes as many predictions as its window has contexts. */
    readonly window?: number;
  },
): CorpusRun {
  const { subsample, seed, epochs, window = 1 } = options;
  // The reach is drawn from 1 to the window, to both sides, so its mean is that of window + 1 contexts.
  const stretchTokens = Math.min(MOST_STRETCH_TOKENS, Math.ceil(STRETCH_PAIRS / (window + 1)));
  const data: CorpusData = {
    tokens,
    stretches: cutIntoStretches(tokens, stretchTokens, LONGEST_STRETCH),
    seed,
    keep: subsample > 0 ? keepChances(frequencies, tokenCount, subsample) : undefined,
  };
  const stretches = data.stretches.length - 1;
  return {
    source: {
      module: join(__dirname, 'corpus-source'),
      data,
      units: stretches * epochs,
      tokenCapacity: longest(data.stretches),
    },
    phase: (done) => `epoch ${Math.min(epochs, Math.floor(done / stretches) + 1)} of ${epochs}`,
  };
}

function longest(stretches: Int32Array): number {
  let most = 0;
  for (let i = 1; i < stretches.length; i++) most = Math.max(most, stretches[i] - stretches[i - 1]);
  return most;
}

/** log(negatives x Pn(b)): with it, input x output + bias estimates log P(b|a) (see EmbeddingModel). */
export function logNoise(noise: Float64Array, negatives: number): Float32Array {
  const total = noise.reduce((sum, weight) => sum + weight, 0);
  return Float32Array.from(noise, (weight) => Math.log((negatives * weight) / total));
}
