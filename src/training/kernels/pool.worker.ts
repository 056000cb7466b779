/** One thread of the pool: takes units of work, has its source write their tokens, and trains on them. See `pool.ts`. */
import { parentPort, workerData } from 'node:worker_threads';
import { describeError } from '../thread-errors';
import { BARRIER, NEXT_UNIT, type PoolMessage, type PoolReport, type PoolTask, STOP } from './pool';
import type { LossSample, PoolKernelModule } from './pool-kernel';
import { Random } from './random';
import type { TokenSourceModule } from './token-source';

/** Last steps of the seed path (seed, unit, purpose). */
const KERNEL = 0;
const SOURCE = 1;
const LOSS = 2;

/** The learning rate never falls below this share of what it was at the start (word2vec.c). */
const LEAST_RATE = 1e-4;

/** The final loss is that of the units from this share of the run on. */
const TAIL_FROM = 0.9;

/** Units in which the loss is looked at, about, over the run; all units of a shorter one. */
const UNITS_WITH_LOSS = 1000;

/** Milliseconds between reports. */
const REPORT_EVERY = 50;

const NO_LOSS: LossSample = { sum: 0, samples: 0 };
const NOTHING: PoolReport = { units: 0, tokens: 0, pairs: 0, lossSum: 0, lossSamples: 0, tailLoss: 0, tailSamples: 0 };

function tell(message: PoolMessage): void {
  parentPort?.postMessage(message);
}

async function work({ kernel: reference, thread, source, seed, learningRate, control }: PoolTask): Promise<void> {
  const { openTokenSource } = (await import(source.module)) as TokenSourceModule;
  const { openPoolKernel } = (await import(reference.module)) as PoolKernelModule;
  const tokenSource = openTokenSource(source.data);
  const kernel = openPoolKernel(reference.shared, thread);
  const random = new Random();
  const lossEvery = Math.ceil(source.units / UNITS_WITH_LOSS);
  let report = NOTHING;
  let toldAt = performance.now();
  const tellReport = () => {
    if (report.units > 0) tell({ kind: 'report', report });
    report = NOTHING;
    toldAt = performance.now();
  };
  while (Atomics.load(control, STOP) === 0) {
    const unit = Atomics.add(control, NEXT_UNIT, 1);
    // Whoever finds no unit left waits too: all must have come to a barrier.
    if (waitForBarrier(control, unit, tellReport) === 'stopped' || unit >= source.units) break;
    random.seed(seed, unit, SOURCE);
    const count = tokenSource.fill(unit, kernel.tokens, random);
    kernel.seed(seed, unit, KERNEL);
    const trained = kernel.train(count, learningRate * Math.max(LEAST_RATE, 1 - unit / source.units), unit);
    random.seed(seed, unit, LOSS);
    const loss = unit % lossEvery === 0 ? kernel.sampleLoss(count, random) : NO_LOSS;
    // The last unit always counts: a short run has a loss too.
    const inTail = unit >= Math.min(source.units * TAIL_FROM, source.units - 1);
    report = {
      units: report.units + 1,
      tokens: report.tokens + trained.tokens,
      pairs: report.pairs + trained.pairs,
      lossSum: report.lossSum + loss.sum,
      lossSamples: report.lossSamples + loss.samples,
      tailLoss: report.tailLoss + (inTail ? loss.sum : 0),
      tailSamples: report.tailSamples + (inTail ? loss.samples : 0),
    };
    if (performance.now() - toldAt >= REPORT_EVERY) tellReport();
  }
  tellReport();
}

/** Waits until `unit` may be worked on. Whoever counts must have heard of all earlier work before it hears of waiting. */
function waitForBarrier(control: Int32Array, unit: number, tellReport: () => void): 'stopped' | 'free' {
  for (;;) {
    const barrier = Atomics.load(control, BARRIER);
    if (unit < barrier) return 'free';
    tellReport();
    tell({ kind: 'waiting' });
    Atomics.wait(control, BARRIER, barrier);
    if (Atomics.load(control, STOP) === 1) return 'stopped';
  }
}

work(workerData as PoolTask).then(
  () => tell({ kind: 'finished' }),
  (error) => tell({ kind: 'failed', error: describeError(error) }),
);
