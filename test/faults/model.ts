/** Two small fraud models from a quiet month, made by the command line as a user would; the first is live. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kindred } from '../cli/process';
import { history } from './records';

export const FIRST_MODEL = 'accounts-1';
export const SECOND_MODEL = 'accounts-2';

/** Into an empty database. @param rows the transactions to learn from */
export async function makeModels(databaseUrl: string, rows: Iterable<object> = history()): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'kindred-faults-'));
  try {
    const file = join(folder, 'month.ndjson');
    writeFileSync(file, Array.from(rows, (row) => JSON.stringify(row)).join('\n'));
    await run(databaseUrl, ['ingest', 'transactions', file]);
    const small = ['--set', 'epochs=2', '--set', 'contamination=0.02', '--no-evaluate'];
    await run(databaseUrl, ['train', 'autoencoder', ...small, '--set', 'seed=1', '--promote', '--force']);
    await run(databaseUrl, ['train', 'autoencoder', ...small, '--set', 'seed=2']);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @throws with what it said when it fails */
export async function run(databaseUrl: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const { code, stdout, stderr } = await kindred(args, { DATABASE_URL: databaseUrl, ...env });
  if (code !== 0) throw new Error(`kindred ${args.join(' ')} ended with ${code}: ${stderr}`);
  return stdout;
}
