/** Bags in the pool: makes the tables, trains them on what a source gives, and hands them over. */
import { join } from 'node:path';
import type { TrainingContext } from '../trainer';
import type { BagShape, BagStart } from './bags-shape';
import { type BagTables, closeBagTables, createBags, openBagTables } from './bags-tables';
import type { KernelBuild } from './kernel-memory';
import { trainInPool } from './pool';
import type { PoolTotals } from './pool-run';
import type { TokenSourceReference } from './token-source';

export interface BagRun extends BagStart {
  readonly shape: Omit<BagShape, 'tokenCapacity'>;
  /** Learning rate at the start, above 0 and at most 1. It falls linearly to a ten-thousandth of it. */
  readonly learningRate: number;
  readonly source: TokenSourceReference;
  /** Names what is being done once `done` units are, for progress. @default 'training' */
  readonly phase?: (done: number) => string;
}

/** `finalLoss` is -log s(v.o) - sum over negatives of log s(-v.o), the mean of sampled predictions over the last tenth. */
export interface BagResult extends BagTables, PoolTotals {
  readonly build: KernelBuild;
}

/** @throws OptionError, CancelledError, or KindredError TRAINING_FAILED where a thread failed or died */
export async function trainBags(run: BagRun, context?: TrainingContext): Promise<BagResult> {
  const { source, seed, learningRate, phase, parts, noise } = run;
  const { threads, ...shape } = run.shape;
  const shared = createBags({ ...run.shape, tokenCapacity: source.tokenCapacity }, run);
  const { input, output } = openBagTables(shared);
  const totals = await trainInPool(
    {
      kernel: { module: join(__dirname, 'bags'), shared },
      source,
      threads,
      seed,
      learningRate,
      phase,
      state: { input, output },
      identity: [
        JSON.stringify({ ...shape, build: shared.build }),
        Float64Array.from(noise),
        ...(parts ? [parts.offsets, parts.rows] : []),
        // Rows of the output table lie as the threads want them.
        ...(shared.order.rows ? [shared.order.rows] : []),
      ],
    },
    context,
  );
  return { ...closeBagTables(shared), ...totals, build: shared.build };
}
