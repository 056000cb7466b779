/**
 * Trains skip-gram tables in worker threads over one shared memory, in Hogwild fashion: no thread waits for another.
 * Threads take units of work from a counter until none is left; the learning rate falls linearly over the units.
 * Tokens and random numbers belong to the unit, not to the thread, so one thread gives the same bytes each time; with
 * several only the order of their writes differs. Whoever fails, fails the run.
 */
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { CancelledError, KindredError, OptionError } from '../../errors';
import { startThread } from '../../threads';
import { type ErrorDescription, reviveError } from '../thread-errors';
import type { TrainingContext } from '../trainer';
import {
  closeTables,
  createSkipGram,
  frequenciesOf,
  type KernelBuild,
  type SharedSkipGram,
  type SkipGramShape,
  type SkipGramStart,
  type SkipGramTables,
} from './skip-gram';
import type { TokenSourceReference } from './token-source';

export interface SkipGramRun extends SkipGramStart {
  readonly shape: Omit<SkipGramShape, 'tokenCapacity'>;
  /** Learning rate at the start, above 0 and at most 1. It falls linearly to a ten-thousandth of it. */
  readonly learningRate: number;
  readonly source: TokenSourceReference;
  /** Names what is being done once `done` units are, for progress. @default 'training' */
  readonly phase?: (done: number) => string;
}

export interface SkipGramResult extends SkipGramTables {
  /** How often each node was a token. */
  readonly frequencies: Uint32Array;
  readonly tokens: number;
  readonly pairs: number;
  /** Mean loss of sampled pairs over the last tenth of the run: -log s(x.o) - sum over negatives of log s(-x.o). */
  readonly finalLoss: number;
  readonly build: KernelBuild;
}

/** What a worker is given. */
export interface PoolTask {
  readonly shared: SharedSkipGram;
  readonly thread: number;
  readonly source: TokenSourceReference;
  readonly seed: number;
  readonly learningRate: number;
  /** Two words for all threads: the next unit, and whether to stop. */
  readonly control: Int32Array;
}
export const NEXT_UNIT = 0;
export const STOP = 1;

/** What a worker tells since it last told. */
export interface PoolReport {
  readonly units: number;
  readonly tokens: number;
  readonly pairs: number;
  readonly lossSum: number;
  readonly lossSamples: number;
}
export type PoolMessage =
  | { readonly kind: 'report'; readonly report: PoolReport }
  | { readonly kind: 'finished' }
  | { readonly kind: 'failed'; readonly error: ErrorDescription };

/** @throws OptionError, CancelledError, or KindredError TRAINING_FAILED where a thread failed or died */
export async function trainSkipGram(run: SkipGramRun, context: TrainingContext = {}): Promise<SkipGramResult> {
  if (context.signal?.aborted) throw new CancelledError('Training');
  if (!(run.learningRate > 0 && run.learningRate <= 1)) {
    throw new OptionError('learningRate', `The learning rate is ${run.learningRate}; it must be above 0, at most 1.`);
  }
  if (!(Number.isInteger(run.source.units) && run.source.units >= 1 && run.source.units < 2 ** 31)) {
    throw new OptionError('units', `A run has 1 to 2^31 - 1 units of work, not ${run.source.units}.`);
  }
  const shared = createSkipGram({ ...run.shape, tokenCapacity: run.source.tokenCapacity }, run);
  const totals = await runThreads(run, shared, context);
  return {
    // Frequencies are read before the tables close up over their padding.
    frequencies: frequenciesOf(shared),
    ...closeTables(shared),
    ...totals,
    build: shared.build,
  };
}

async function runThreads(run: SkipGramRun, shared: SharedSkipGram, { signal, onProgress }: TrainingContext) {
  const control = new Int32Array(new SharedArrayBuffer(8));
  const stop = () => Atomics.store(control, STOP, 1);
  const { units } = run.source;
  const totals = { tokens: 0, pairs: 0, finalLoss: 0 };
  const tail = { lossSum: 0, lossSamples: 0 };
  let done = 0;
  const onReport = (report: PoolReport) => {
    done += report.units;
    totals.tokens += report.tokens;
    totals.pairs += report.pairs;
    const loss = report.lossSamples > 0 ? report.lossSum / report.lossSamples : undefined;
    if (done > units * 0.9) {
      tail.lossSum += report.lossSum;
      tail.lossSamples += report.lossSamples;
    }
    onProgress?.({ phase: run.phase?.(done) ?? 'training', done, total: units, loss });
  };
  signal?.addEventListener('abort', stop);
  try {
    const threads = Array.from({ length: run.shape.threads }, (_, thread) => {
      const { source, seed, learningRate } = run;
      const task: PoolTask = { shared, thread, source, seed, learningRate, control };
      return settled(startThread(join(__dirname, 'pool.worker'), { workerData: task }), onReport).catch((error) => {
        stop();
        throw error;
      });
    });
    // All of them must have ended before anyone touches the memory, whatever the outcome.
    const outcomes = await Promise.allSettled(threads);
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed) throw failed.reason;
  } finally {
    signal?.removeEventListener('abort', stop);
  }
  if (signal?.aborted) throw new CancelledError('Training');
  return { ...totals, finalLoss: tail.lossSamples > 0 ? tail.lossSum / tail.lossSamples : 0 };
}

/** Resolves when the thread has finished its work and ended; rejects when it failed, or ended without having finished. */
function settled(worker: Worker, onReport: (report: PoolReport) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    let outcome: 'finished' | KindredError | undefined;
    worker.on('message', (message: PoolMessage) => {
      switch (message.kind) {
        case 'report':
          onReport(message.report);
          break;
        case 'finished':
          outcome = 'finished';
          break;
        case 'failed':
          outcome = reviveError(message.error, 'A training thread');
          break;
      }
    });
    worker.on('error', (cause) => {
      outcome = new KindredError('TRAINING_FAILED', `A training thread failed: ${cause.message}`, { cause });
    });
    worker.on('exit', (exitCode) => {
      if (outcome === 'finished') resolve();
      else {
        reject(
          outcome ??
            new KindredError('TRAINING_FAILED', `A training thread ended with exit code ${exitCode} before its work.`, {
              remedy: 'It may have run out of memory: use fewer threads, or a lower dimension.',
              facts: { exitCode },
            }),
        );
      }
    });
  });
}
