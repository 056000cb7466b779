/** gensim's Word2Vec on the same tokens with the same options: its speed, or its vectors. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WordVectors } from '../../src/training/evaluation/word-similarity';

export interface GensimWord2VecOptions {
  readonly dimension: number;
  readonly window: number;
  readonly negatives: number;
  readonly negativeExponent: number;
  readonly learningRate: number;
  readonly architecture: 'skipgram' | 'cbow';
  /** @default 0 */
  readonly subsample?: number;
  /** @default 1 */
  readonly minCount?: number;
  /** @default 1 */
  readonly epochs?: number;
  /** @default 1 */
  readonly seed?: number;
}

interface Answer {
  readonly version: string;
  readonly tokensPerSecond: number;
}

/** The Python to ask. It has to have gensim; `python -m venv` and `pip install gensim` make one. */
const python = process.env.KINDRED_BENCH_PYTHON ?? 'python3';

/** Says so where there is none. */
export function hasGensim(): boolean {
  if (spawnSync(python, ['-c', 'import gensim']).status === 0) return true;
  console.error(`gensim is not compared with: ${python} has none (name another Python in KINDRED_BENCH_PYTHON).`);
  return false;
}

/** Tokens a second of one worker. */
export function gensimWord2VecSpeed(tokens: Int32Array, options: GensimWord2VecOptions): Answer {
  return ask(tokens, options, 'speed').answer;
}

/** Vectors of the words that it learned; `ids` names the numbers among the tokens. */
export function gensimWord2VecVectors(
  tokens: Int32Array,
  ids: readonly string[],
  options: GensimWord2VecOptions,
): { readonly version: string; readonly vectors: WordVectors } {
  const { answer, written } = ask(tokens, options, 'vectors');
  const { dimension } = options;
  const all = new Float32Array(written.buffer, written.byteOffset, written.byteLength / 4);
  const known = ids.map((_, row) => row).filter((row) => !Number.isNaN(all[row * dimension]));
  const input = new Float32Array(known.length * dimension);
  known.forEach((row, at) => {
    input.set(all.subarray(row * dimension, (row + 1) * dimension), at * dimension);
  });
  return { version: answer.version, vectors: { ids: known.map((row) => ids[row]), dimension, input } };
}

function ask(tokens: Int32Array, options: GensimWord2VecOptions, what: 'speed' | 'vectors') {
  const folder = mkdtempSync(join(tmpdir(), 'kindred-bench-'));
  try {
    const [file, out] = [join(folder, 'tokens.i32'), join(folder, 'vectors.f32')];
    writeFileSync(file, new Uint8Array(tokens.slice().buffer));
    const { architecture, negativeExponent, ...rest } = options;
    const wanted = JSON.stringify({ ...rest, exponent: negativeExponent, sg: architecture === 'skipgram' ? 1 : 0 });
    const script = join(__dirname, 'gensim-word2vec.py');
    const done = spawnSync(python, [script, file, wanted, what, out], { encoding: 'utf8' });
    if (done.status !== 0) throw new Error(`gensim failed: ${done.stderr}`);
    const written = what === 'vectors' ? new Uint8Array(readFileSync(out)) : new Uint8Array();
    return { answer: JSON.parse(done.stdout) as Answer, written };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
