/**
 * Trains a kernel's tables in worker threads over one shared memory, in Hogwild fashion: no thread waits for another.
 * Threads take units of work from a counter until none is left; the learning rate falls linearly over the units.
 * Tokens and random numbers belong to the unit, not to the thread, so one thread gives the same bytes each time; with
 * several only the order of their writes differs. Whoever fails, fails the run.
 *
 * Where the run keeps checkpoints, threads meet at a barrier now and then: one that takes a unit past the barrier waits
 * with it until the state of all units before is on disk (see pool-checkpoints.ts).
 */
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { CancelledError, KindredError, OptionError } from '../../errors';
import { startThread } from '../../threads';
import { type ErrorDescription, reviveError } from '../thread-errors';
import type { TrainingContext } from '../trainer';
import { openPoolCheckpoints, type PoolCheckpoints } from './pool-checkpoints';
import type { PoolKernelReference } from './pool-kernel';
import type { PoolProgress, PoolRun, PoolTotals } from './pool-run';
import type { TokenSourceReference } from './token-source';

/** What a worker is given. */
export interface PoolTask {
  readonly kernel: PoolKernelReference;
  readonly thread: number;
  readonly source: TokenSourceReference;
  readonly seed: number;
  readonly learningRate: number;
  /** Words for all threads, see below. */
  readonly control: Int32Array;
}
/** The next unit. */
export const NEXT_UNIT = 0;
/** Whether to stop: 0 or 1. */
export const STOP = 1;
/** The first unit that nobody may work on yet. */
export const BARRIER = 2;
/** No barrier any more. */
const OPEN = 2 ** 31 - 1;
const CONTROL_WORDS = 3;

/** What a worker tells since it last told. */
export interface PoolReport {
  readonly units: number;
  readonly tokens: number;
  readonly pairs: number;
  readonly lossSum: number;
  readonly lossSamples: number;
  /** The same of the last tenth of the run's units alone. */
  readonly tailLoss: number;
  readonly tailSamples: number;
}
export type PoolMessage =
  | { readonly kind: 'report'; readonly report: PoolReport }
  | { readonly kind: 'waiting' }
  | { readonly kind: 'finished' }
  | { readonly kind: 'failed'; readonly error: ErrorDescription };

/** @throws OptionError, CancelledError, or KindredError TRAINING_FAILED where a thread failed or died */
export async function trainInPool(run: PoolRun, context: TrainingContext = {}): Promise<PoolTotals> {
  const { signal } = context;
  if (signal?.aborted) throw new CancelledError('Training');
  checkRun(run);
  const control = new Int32Array(new SharedArrayBuffer(4 * CONTROL_WORDS));
  const checkpoints = context.checkpoint ? openPoolCheckpoints(context.checkpoint, run) : undefined;
  const progress = new Progress(run, context, checkpoints?.resumed);
  Atomics.store(control, NEXT_UNIT, progress.done);
  Atomics.store(control, BARRIER, nextBarrier(run, progress.done, checkpoints));
  const stop = () => {
    Atomics.store(control, STOP, 1);
    raiseBarrier(control, OPEN);
  };
  signal?.addEventListener('abort', stop);
  try {
    await runThreads(run, control, progress, stop, checkpoints);
  } finally {
    signal?.removeEventListener('abort', stop);
  }
  if (signal?.aborted) throw new CancelledError('Training');
  checkpoints?.remove();
  return { ...progress.totals, finalLoss: progress.finalLoss, ...progress.resumed };
}

function checkRun({ learningRate, threads, source: { units } }: PoolRun): void {
  if (!(learningRate > 0 && learningRate <= 1)) {
    throw new OptionError('learningRate', `The learning rate is ${learningRate}; it must be above 0, at most 1.`);
  }
  if (!(Number.isInteger(threads) && threads >= 1 && threads <= 256)) {
    throw new OptionError('threads', `A run has 1 to 256 threads, not ${threads}.`);
  }
  if (!(Number.isInteger(units) && units >= 1 && units < 2 ** 31 - 256)) {
    throw new OptionError('units', `A run has 1 to 2^31 - 257 units of work, not ${units}.`);
  }
}

function nextBarrier({ source }: PoolRun, done: number, checkpoints: PoolCheckpoints | undefined): number {
  const next = done + (checkpoints?.every ?? source.units);
  return next < source.units ? next : OPEN;
}

function raiseBarrier(control: Int32Array, to: number): void {
  Atomics.store(control, BARRIER, to);
  Atomics.notify(control, BARRIER);
}

/** Starts the threads and resolves once all of them have ended: nobody may touch the memory before. */
async function runThreads(
  run: PoolRun,
  control: Int32Array,
  progress: Progress,
  stop: () => void,
  checkpoints: PoolCheckpoints | undefined,
): Promise<void> {
  let waiting = 0;
  const onWaiting = () => {
    waiting++;
    if (!checkpoints || waiting < run.threads || Atomics.load(control, STOP) === 1) return;
    // All have come: what they did before is done, and what they told of it has been heard.
    waiting = 0;
    checkpoints.write(progress.snapshot());
    raiseBarrier(control, nextBarrier(run, progress.done, checkpoints));
  };
  const threads = Array.from({ length: run.threads }, (_, thread) => {
    const { kernel, source, seed, learningRate } = run;
    const task: PoolTask = { kernel, thread, source, seed, learningRate, control };
    const worker = startThread(join(__dirname, 'pool.worker'), { workerData: task });
    return settled(worker, (report) => progress.add(report), onWaiting, stop);
  });
  const outcomes = await Promise.allSettled(threads);
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
}

/** Adds up what threads tell, and passes it on. */
class Progress {
  #now: PoolProgress;
  /** Where the run went on, if it did. */
  readonly resumed: { readonly resumedFrom?: string };

  constructor(
    private readonly run: PoolRun,
    private readonly context: TrainingContext,
    start?: PoolProgress,
  ) {
    this.#now = start ?? { done: 0, tokens: 0, pairs: 0, tailLoss: 0, tailSamples: 0 };
    const { phase, source } = run;
    this.resumed = start ? { resumedFrom: phase?.(start.done) ?? `unit ${start.done} of ${source.units}` } : {};
  }

  add({ units, tokens, pairs, lossSum, lossSamples, tailLoss, tailSamples }: PoolReport): void {
    const now = this.#now;
    const done = now.done + units;
    const total = this.run.source.units;
    this.#now = {
      done,
      tokens: now.tokens + tokens,
      pairs: now.pairs + pairs,
      tailLoss: now.tailLoss + tailLoss,
      tailSamples: now.tailSamples + tailSamples,
    };
    const loss = lossSamples > 0 ? lossSum / lossSamples : undefined;
    const phase = this.run.phase?.(done) ?? 'training';
    this.context.onProgress?.({ phase, done, total, loss, ...this.resumed });
  }

  get done(): number {
    return this.#now.done;
  }

  get totals(): { tokens: number; pairs: number } {
    return { tokens: this.#now.tokens, pairs: this.#now.pairs };
  }

  get finalLoss(): number {
    return this.#now.tailSamples > 0 ? this.#now.tailLoss / this.#now.tailSamples : 0;
  }

  snapshot(): PoolProgress {
    return this.#now;
  }
}

/** Resolves when the thread has finished its work and ended; rejects when it failed, or ended without having finished. */
function settled(
  worker: Worker,
  onReport: (report: PoolReport) => void,
  onWaiting: () => void,
  stop: () => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let outcome: 'finished' | KindredError | undefined;
    const fail = (error: KindredError) => {
      outcome = error;
      // The others must not wait for this one at a barrier, nor go on in vain.
      stop();
    };
    worker.on('message', (message: PoolMessage) => {
      switch (message.kind) {
        case 'report':
          onReport(message.report);
          break;
        case 'waiting':
          try {
            onWaiting();
          } catch (error) {
            fail(error as KindredError);
          }
          break;
        case 'finished':
          if (outcome === undefined) outcome = 'finished';
          break;
        case 'failed':
          fail(reviveError(message.error, 'A training thread') as KindredError);
          break;
      }
    });
    worker.on('error', (cause) =>
      fail(new KindredError('TRAINING_FAILED', `A training thread failed: ${cause.message}`, { cause })),
    );
    worker.on('exit', (exitCode) => {
      if (outcome === 'finished') {
        resolve();
        return;
      }
      if (outcome === undefined) fail(endedEarly(exitCode));
      reject(outcome);
    });
  });
}

function endedEarly(exitCode: number): KindredError {
  return new KindredError('TRAINING_FAILED', `A training thread ended with exit code ${exitCode} before its work.`, {
    remedy: 'It may have run out of memory: use fewer threads, or a lower dimension.',
    facts: { exitCode },
  });
}
