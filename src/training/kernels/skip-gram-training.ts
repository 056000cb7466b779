/** Skip-gram in the pool: makes the tables, trains them on what a source gives, and hands them over. */
import { join } from 'node:path';
import type { TrainingContext } from '../trainer';
import type { KernelBuild } from './kernel-memory';
import { trainInPool } from './pool';
import type { PoolTotals } from './pool-run';
import {
  closeTables,
  countsOf,
  createSkipGram,
  frequenciesOf,
  openTables,
  type SkipGramShape,
  type SkipGramStart,
  type SkipGramTables,
} from './skip-gram-tables';
import type { TokenSourceReference } from './token-source';

export interface SkipGramRun extends SkipGramStart {
  readonly shape: Omit<SkipGramShape, 'tokenCapacity'>;
  /** Learning rate at the start, above 0 and at most 1. It falls linearly to a ten-thousandth of it. */
  readonly learningRate: number;
  readonly source: TokenSourceReference;
  /** Names what is being done once `done` units are, for progress. @default 'training' */
  readonly phase?: (done: number) => string;
}

/** `finalLoss` is -log s(x.o) - sum over negatives of log s(-x.o), the mean of sampled pairs over the last tenth. */
export interface SkipGramResult extends SkipGramTables, PoolTotals {
  /** How often each node was a token. */
  readonly frequencies: Uint32Array;
  readonly build: KernelBuild;
}

/** @throws OptionError, CancelledError, or KindredError TRAINING_FAILED where a thread failed or died */
export async function trainSkipGram(run: SkipGramRun, context?: TrainingContext): Promise<SkipGramResult> {
  const { source, seed, learningRate, phase } = run;
  const { threads, ...shape } = run.shape;
  const shared = createSkipGram({ ...run.shape, tokenCapacity: source.tokenCapacity }, run);
  const { input, output } = openTables(shared);
  const totals = await trainInPool(
    {
      kernel: { module: join(__dirname, 'skip-gram'), shared },
      source,
      threads,
      seed,
      learningRate,
      phase,
      state: { input, output, frequencies: countsOf(shared) },
      identity: [
        JSON.stringify({ ...shape, spread: run.spread, build: shared.build }),
        Float64Array.from(run.noise),
        Uint32Array.from(shared.hot),
      ],
    },
    context,
  );
  return {
    // Frequencies are read before the tables close up over their padding.
    frequencies: frequenciesOf(shared),
    ...closeTables(shared),
    ...totals,
    build: shared.build,
  };
}
