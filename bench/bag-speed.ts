/** Tokens a second of the kernel of bags in the pool, for the benchmarks of what is built on it. */
import { join } from 'node:path';
import type { BagShape, BagStart } from '../src/training/kernels/bags-shape';
import { trainBags } from '../src/training/kernels/bags-training';
import { type CorpusData, cutIntoStretches } from '../src/training/sequence2vec/corpus-source';

export interface BagWork {
  /** As the kernel takes them; on shared memory. */
  readonly tokens: Int32Array;
  readonly frequencies: Uint32Array;
  readonly exponent: number;
  readonly learningRate: number;
  readonly parts?: BagStart['parts'];
  readonly shape: Omit<BagShape, 'tokenCapacity' | 'threads' | 'things'>;
}

const RUNS = 3;
const STRETCH_TOKENS = 4000;

/** Best of several runs of `epochs` passes, between the first report and the last, so that starting threads does not count. */
export async function bagTokensPerSecond(work: BagWork, threads: number, epochs: number): Promise<number> {
  let best = 0;
  for (let run = 0; run < RUNS; run++) best = Math.max(best, await onePass(work, threads, epochs));
  return best;
}

async function onePass(
  { tokens, frequencies, exponent, learningRate, shape, parts }: BagWork,
  threads: number,
  epochs: number,
) {
  const stretches = cutIntoStretches(tokens, STRETCH_TOKENS, 10_000);
  const data: CorpusData = { tokens, stretches, seed: 1 };
  const units = (stretches.length - 1) * epochs * threads;
  const reports: { at: number; done: number }[] = [];
  const trained = await trainBags(
    {
      shape: { ...shape, things: frequencies.length, threads },
      frequencies,
      noise: Float64Array.from(frequencies, (frequency) => frequency ** exponent),
      parts,
      seed: 1,
      learningRate,
      source: {
        module: join(__dirname, '..', 'src/training/sequence2vec/corpus-source'),
        data,
        units,
        tokenCapacity: 20_000,
      },
    },
    { onProgress: ({ done }) => reports.push({ at: performance.now(), done }) },
  );
  // The first tenth lets every thread come up.
  const from = reports.find(({ done }) => done > units / 10) ?? reports[0];
  const to = reports[reports.length - 1];
  return ((trained.tokens * (to.done - from.done)) / units / (to.at - from.at)) * 1000;
}
