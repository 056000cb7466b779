/** The thread in which a background job runs. See `background.ts`. */
import { parentPort, workerData } from 'node:worker_threads';
import { KindredError } from '../errors';
import type { BackgroundJob, BackgroundWork, FromBackground, ToBackground } from './background';
import { countNativeCallsIn } from './native-calls';
import { describeError } from './thread-errors';
import type { TrainingContext } from './trainer';

function tell(message: FromBackground, transfer: ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, transfer);
}

/** Buffers that the typed arrays of a result fill wholly: they go over without being copied. */
function buffersOf(result: unknown, depth = 2): Set<ArrayBuffer> {
  if (ArrayBuffer.isView(result)) {
    const whole = result.buffer instanceof ArrayBuffer && result.byteLength === result.buffer.byteLength;
    return new Set(whole ? [result.buffer as ArrayBuffer] : []);
  }
  if (typeof result !== 'object' || result === null || depth === 0) return new Set();
  return new Set(Object.values(result).flatMap((part) => [...buffersOf(part, depth - 1)]));
}

async function work(job: BackgroundJob, context: TrainingContext): Promise<void> {
  const exports = (await import(job.module)) as Record<string, (...args: unknown[]) => unknown>;
  if (typeof exports[job.call] !== 'function') {
    throw new KindredError('TRAINING_FAILED', `${job.module} has no function ${job.call}.`);
  }
  const result = await exports[job.call](...job.args, context);
  tell({ kind: 'done', result }, [...buffersOf(result)]);
}

const cancelling = new AbortController();
parentPort?.on('message', (message: ToBackground) => {
  if (message.kind === 'cancel') cancelling.abort();
});
const { checkpoint, nativeCalls, ...job } = workerData as BackgroundWork;
countNativeCallsIn(nativeCalls);
work(job, {
  signal: cancelling.signal,
  checkpoint,
  onProgress: (progress) => tell({ kind: 'progress', progress }),
})
  .catch((error) => tell({ kind: 'failed', error: describeError(error) }))
  // The listener above would keep the thread alive.
  .finally(() => parentPort?.close());
