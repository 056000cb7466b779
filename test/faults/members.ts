/** Members of a group: processes of the program as people run it, which can be watched, frozen, stopped and killed. */
import { readFileSync } from 'node:fs';
import { type Started, start } from '../cli/process';
import { inTime } from './until';

/** From a new process to its first answer, on a busy machine. */
const STARTED_WITHIN = 60_000;
const STOPPED_WITHIN = 30_000;

export interface Member {
  readonly pid: number;
  readonly started: Started;
  /** Of its log, as it is now. */
  log(): string;
  signal(name: NodeJS.Signals): void;
  /** kill -9; resolves once it is gone. */
  kill(): Promise<void>;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
  /** HTTP status of a path. */
  get(path: string): Promise<{ status: number; body: string }>;
  /** Resident memory in megabytes. */
  memory(): number;
}

export async function startMember(env: NodeJS.ProcessEnv): Promise<Member> {
  const started = start(['serve', '--port', '0'], { KINDRED_LOG_LEVEL: 'info', ...env });
  const [, url] = await inTime('the start of a member', started.until(/GraphQL at (\S+);/), STARTED_WITHIN).catch(
    (error: Error) => {
      started.child.kill('SIGKILL');
      throw new Error(`${error.message}: ${started.stderr().slice(-2_000)}`);
    },
  );
  const pid = started.child.pid!;
  const ended = (): Promise<number | null> => started.ended.then(({ code }) => code);
  return {
    pid,
    started,
    log: () => started.stderr(),
    signal: (name) => void started.child.kill(name),
    kill: async () => {
      started.child.kill('SIGKILL');
      await inTime('the end of a killed member', ended(), 20_000);
    },
    stop: () => {
      started.child.kill('SIGTERM');
      return inTime('a clean stop', ended(), STOPPED_WITHIN);
    },
    get: async (path) => {
      const response = await fetch(new URL(path, url), { signal: AbortSignal.timeout(10_000) });
      return { status: response.status, body: await response.text() };
    },
    memory: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024,
  };
}
