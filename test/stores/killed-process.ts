/**
 * Kills a process with SIGKILL in the middle of its work on an embedded store. The child is a script of this folder's that
 * prints one line for each thing the store has acknowledged; what it has printed must be there afterwards.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const TYPESCRIPT = join(__dirname, '..', '..', 'scripts', 'typescript.cjs');

export interface KilledProcess {
  /** The lines that the child printed before it died. */
  readonly acknowledged: readonly string[];
  /** Whether it was killed, and had not ended by itself before. */
  readonly killed: boolean;
  readonly stderr: string;
}

/**
 * @param script absolute path of a TypeScript file
 * @param afterLines kills once so many lines have come …
 * @param delayMillis … and so much time has gone by after that, so that work is under way
 */
export async function killInTheMiddle(
  script: string,
  args: readonly string[],
  { afterLines, delayMillis }: { afterLines: number; delayMillis: number },
): Promise<KilledProcess> {
  const child: ChildProcess = spawn(process.execPath, ['--require', TYPESCRIPT, script, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const acknowledged: string[] = [];
  let stderr = '';
  child.stderr!.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const lines = createInterface({ input: child.stdout! });
  const ended = new Promise<NodeJS.Signals | null>((resolve) => child.once('exit', (_code, signal) => resolve(signal)));
  const drained = new Promise<void>((resolve) => lines.once('close', resolve));
  lines.on('line', (line) => {
    acknowledged.push(line);
    if (acknowledged.length === afterLines) setTimeout(() => child.kill('SIGKILL'), delayMillis);
  });
  const signal = await ended;
  await drained;
  return { acknowledged, killed: signal === 'SIGKILL', stderr };
}
