/** Tokens a second of skip-gram in the pool, for the benchmarks. */
import { trainSkipGram } from '../src/training/kernels/skip-gram-training';
import { corpusRun } from '../src/training/sequence2vec/corpus-run';

export interface SkipGramWork {
  /** -1 after each sequence; numbers by falling frequency. On shared memory. */
  readonly tokens: Int32Array;
  readonly frequencies: Uint32Array;
  readonly dimension: number;
  readonly window: number;
  readonly negatives: number;
  readonly negativeSharing: number;
  readonly exponent: number;
  readonly learningRate: number;
}

/** Of `epochs` passes, between the first report and the last, so that starting threads does not count. */
export async function skipGramTokensPerSecond(work: SkipGramWork, threads: number, epochs: number): Promise<number> {
  const { tokens, frequencies, exponent, learningRate, ...rest } = work;
  const tokenCount = frequencies.reduce((sum, frequency) => sum + frequency, 0);
  const options = { subsample: 0, seed: 1, epochs, window: work.window };
  const { source } = corpusRun({ tokens, frequencies, tokenCount }, options);
  const reports: { at: number; done: number }[] = [];
  const trained = await trainSkipGram(
    {
      shape: { ...rest, nodes: frequencies.length, threads },
      noise: Float64Array.from(frequencies, (frequency) => frequency ** exponent),
      frequencies,
      seed: 1,
      learningRate,
      source,
    },
    { onProgress: ({ done }) => reports.push({ at: performance.now(), done }) },
  );
  // The first tenth lets every thread come up.
  const from = reports.find(({ done }) => done > source.units / 10) ?? reports[0];
  const to = reports[reports.length - 1];
  return ((trained.tokens * (to.done - from.done)) / source.units / (to.at - from.at)) * 1000;
}
