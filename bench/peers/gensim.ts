/** What a script of this folder makes gensim measure on the same tokens, where a Python with gensim is at hand. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface GensimSpeed {
  version: string;
  tokensPerSecond: number;
}

/** The Python to ask. It has to have gensim; `python -m venv` and `pip install gensim` make one. */
const python = process.env.KINDRED_BENCH_PYTHON ?? 'python3';

/**
 * Tokens a second.
 * @returns undefined, and says so, where the Python has no gensim
 */
export function gensimSpeed(script: string, tokens: Int32Array, options: object): GensimSpeed | undefined {
  if (spawnSync(python, ['-c', 'import gensim']).status !== 0) {
    console.error(`gensim is not compared with: ${python} has none (name another Python in KINDRED_BENCH_PYTHON).`);
    return undefined;
  }
  const folder = mkdtempSync(join(tmpdir(), 'kindred-bench-'));
  try {
    const file = join(folder, 'tokens.i32');
    writeFileSync(file, new Uint8Array(tokens.slice().buffer));
    const done = spawnSync(python, [join(__dirname, script), file, JSON.stringify(options)], { encoding: 'utf8' });
    if (done.status !== 0) throw new Error(`gensim failed: ${done.stderr}`);
    return JSON.parse(done.stdout) as GensimSpeed;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
