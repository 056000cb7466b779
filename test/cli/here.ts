/** Runs the command line from source within this process, for what needs no process of its own to be shown. */
import { run } from '../../src/cli/program';
import type { Ended } from './process';

/** What a process would do and say. One at a time: what is written meanwhile is taken for the call's. */
export async function kindredHere(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const written = { stdout: '', stderr: '' };
  const before = { ...process.env };
  const writes = (['stdout', 'stderr'] as const).map((name) =>
    jest.spyOn(process[name], 'write').mockImplementation((piece, ...rest) => {
      written[name] += typeof piece === 'string' ? piece : Buffer.from(piece).toString();
      const told = rest.find((each) => typeof each === 'function') as (() => void) | undefined;
      told?.();
      return true;
    }),
  );
  Object.assign(process.env, { DATABASE_URL: '', KINDRED_LOG_LEVEL: '', ...env });
  try {
    const code = await run(args);
    return { code, ...written };
  } finally {
    for (const write of writes) write.mockRestore();
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
    Object.assign(process.env, before);
  }
}
