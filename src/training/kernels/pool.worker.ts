/** One thread of the pool: takes units of work, has its source write their tokens, and trains on them. See `pool.ts`. */
import { parentPort, workerData } from 'node:worker_threads';
import { describeError } from '../thread-errors';
import { sampleLoss } from './loss';
import { NEXT_UNIT, type PoolMessage, type PoolReport, type PoolTask, STOP } from './pool';
import { Random } from './random';
import { SkipGramKernel } from './skip-gram';
import type { TokenSourceModule } from './token-source';

/** Last steps of the seed path (seed, unit, purpose). */
const KERNEL = 0;
const SOURCE = 1;
const LOSS = 2;

/** The learning rate never falls below this share of what it was at the start (word2vec.c). */
const LEAST_RATE = 1e-4;

/** Tokens between reports: some tens of milliseconds of work. */
const REPORT_EVERY = 10_000;

const NOTHING: PoolReport = { units: 0, tokens: 0, pairs: 0, lossSum: 0, lossSamples: 0 };

function tell(message: PoolMessage): void {
  parentPort?.postMessage(message);
}

async function work({ shared, thread, source, seed, learningRate, control }: PoolTask): Promise<void> {
  const { openTokenSource } = (await import(source.module)) as TokenSourceModule;
  const tokenSource = openTokenSource(source.data);
  const kernel = new SkipGramKernel(shared, thread);
  const random = new Random();
  let report = NOTHING;
  while (Atomics.load(control, STOP) === 0) {
    const unit = Atomics.add(control, NEXT_UNIT, 1);
    if (unit >= source.units) break;
    random.seed(seed, unit, SOURCE);
    const count = tokenSource.fill(unit, kernel.tokens, random);
    kernel.seed(seed, unit, KERNEL);
    const trained = kernel.train(count, learningRate * Math.max(LEAST_RATE, 1 - unit / source.units));
    random.seed(seed, unit, LOSS);
    const loss = sampleLoss(shared, kernel.tokens.subarray(0, count), random);
    report = {
      units: report.units + 1,
      tokens: report.tokens + trained.tokens,
      pairs: report.pairs + trained.pairs,
      lossSum: report.lossSum + loss.sum,
      lossSamples: report.lossSamples + loss.samples,
    };
    if (report.tokens >= REPORT_EVERY) {
      tell({ kind: 'report', report });
      report = NOTHING;
    }
  }
  if (report.units > 0) tell({ kind: 'report', report });
}

work(workerData as PoolTask).then(
  () => tell({ kind: 'finished' }),
  (error) => tell({ kind: 'failed', error: describeError(error) }),
);
