/**
 * Starts a worker thread from one of our own modules, from the build (`.js`) and from source (`.ts`, as in tests) alike.
 */
import { extname } from 'node:path';
import { Worker, type WorkerOptions } from 'node:worker_threads';

/**
 * @param module absolute path without extension: `join(__dirname, 'embedded.worker')`
 */
export function startThread(module: string, options: WorkerOptions = {}): Worker {
  const extension = extname(__filename);
  const loader = extension === '.ts' ? ['--require', '@swc-node/register'] : [];
  return new Worker(module + extension, {
    ...options,
    execArgv: [...loader, '--disable-warning=ExperimentalWarning', ...(options.execArgv ?? [])],
  });
}
