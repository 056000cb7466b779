/**
 * Runs training and evaluation in a worker thread, so that the thread which serves stays free. What a job gives back is
 * transferred, not copied; what it is given is copied unless it lies on SharedArrayBuffers, as corpora do. Aborting the
 * signal stops the job within one progress interval, or ends its thread where the job does not listen.
 */
import { join } from 'node:path';
import { CancelledError, KindredError } from '../errors';
import { startThread } from '../threads';
import { NativeCalls } from './native-calls';
import { type ErrorDescription, reviveError } from './thread-errors';
import type { TrainingContext, TrainingProgress } from './trainer';

export interface BackgroundJob {
  /** Absolute path without extension of the module that has the function. */
  readonly module: string;
  /** Name of an exported function. It is called with `args` and then a TrainingContext. */
  readonly call: string;
  /** What structured clone can carry. */
  readonly args: readonly unknown[];
}

/** What a thread is started with. */
export interface BackgroundWork extends BackgroundJob {
  readonly checkpoint?: string;
  /** Where it counts its calls into native code. */
  readonly nativeCalls: SharedArrayBuffer;
}

export type ToBackground = { readonly kind: 'cancel' };
export type FromBackground =
  | { readonly kind: 'progress'; readonly progress: TrainingProgress }
  | { readonly kind: 'done'; readonly result: unknown }
  | { readonly kind: 'failed'; readonly error: ErrorDescription };

/** How long a cancelled job may take to stop by itself before its thread is ended. */
const GRACE_MILLIS = 2000;
/** How often one that is in native code is looked after: it must come out of it before its thread can be ended. */
const NATIVE_CALL_MILLIS = 20;

export function trainInBackground<Model>(
  name: string,
  data: unknown,
  options: unknown,
  context: TrainingContext = {},
): Promise<Model> {
  return runInBackground<Model>(
    { module: join(__dirname, 'trainers'), call: 'trainNamed', args: [name, data, options] },
    context,
  );
}

/** @throws what the job throws, with its class and code; CancelledError; KindredError TRAINING_FAILED if the thread dies */
export function runInBackground<Result>(
  job: BackgroundJob,
  { signal, onProgress, checkpoint }: TrainingContext = {},
): Promise<Result> {
  if (signal?.aborted) return Promise.reject(new CancelledError('Training'));
  return new Promise((resolve, reject) => {
    const nativeCalls = new NativeCalls();
    const workerData: BackgroundWork = { ...job, checkpoint, nativeCalls: nativeCalls.memory };
    const worker = startThread(join(__dirname, 'background.worker'), { workerData });
    let outcome: { result: Result } | { error: Error } | undefined;
    let grace: NodeJS.Timeout | undefined;
    const onAbort = () => {
      worker.postMessage({ kind: 'cancel' } satisfies ToBackground);
      grace = setTimeout(end, GRACE_MILLIS);
    };
    const end = () => {
      if (nativeCalls.forbid()) void worker.terminate();
      else grace = setTimeout(end, NATIVE_CALL_MILLIS);
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    worker.on('message', (message: FromBackground) => {
      switch (message.kind) {
        case 'progress':
          onProgress?.(message.progress);
          break;
        case 'done':
          outcome = { result: message.result as Result };
          break;
        case 'failed':
          outcome = { error: reviveError(message.error, 'Training') };
          break;
      }
    });
    worker.on('error', (cause) => {
      outcome = {
        error: new KindredError('TRAINING_FAILED', `The training thread failed: ${cause.message}`, { cause }),
      };
    });
    worker.on('exit', (exitCode) => {
      clearTimeout(grace);
      signal?.removeEventListener('abort', onAbort);
      if (outcome && 'result' in outcome) resolve(outcome.result);
      else if (signal?.aborted) reject(new CancelledError('Training'));
      else reject(outcome?.error ?? endedEarly(exitCode));
    });
  });
}

function endedEarly(exitCode: number): KindredError {
  return new KindredError('TRAINING_FAILED', `The training thread ended with exit code ${exitCode} before its work.`, {
    remedy: 'It may have run out of memory: learn from less data, or at a lower dimension.',
    facts: { exitCode },
  });
}
