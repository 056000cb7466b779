/**
 * Starts a worker thread from one of our own modules, from the build (`.js`) and from source (`.ts`, as in tests) alike;
 * and gives a thread's garbage back.
 */
import { extname, join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker, type WorkerOptions } from 'node:worker_threads';

/**
 * @param module absolute path without extension: `join(__dirname, 'embedded.worker')`
 */
export function startThread(module: string, options: WorkerOptions = {}): Worker {
  const extension = extname(__filename);
  const loader = extension === '.ts' ? ['--require', join(__dirname, '..', 'scripts', 'typescript.cjs')] : [];
  return new Worker(module + extension, {
    ...options,
    execArgv: [...loader, '--disable-warning=ExperimentalWarning', ...(options.execArgv ?? [])],
  });
}

/** Less garbage than this is not worth the pause. */
const LEAST_GARBAGE = 8 * 2 ** 20;

/**
 * Collects this thread's garbage now, before something large is allocated. V8 would leave large arrays lying until its
 * own heap has grown, which they hardly make it do: shared ones do not count towards it at all.
 * @param bytes how much there is, about; with little, nothing is done
 */
export function collectGarbage(bytes: number): void {
  if (bytes < LEAST_GARBAGE) return;
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}
