/** gensim's FastText on the same sentences with the same options, where a Python with gensim is at hand. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WordPair } from '../../src/training/evaluation/word-similarity';
import type { GensimSpeed } from './gensim';

export interface GensimFastTextOptions {
  /** 1: skip-gram, 0: CBOW. */
  readonly skipgram: 0 | 1;
  readonly dimension: number;
  readonly window: number;
  readonly negatives: number;
  readonly negativeExponent: number;
  readonly learningRate: number;
  readonly subsample: number;
  readonly minCount: number;
  readonly minN: number;
  readonly maxN: number;
  readonly buckets: number;
}

export interface GensimSpearman {
  readonly version: string;
  /** By set: one correlation a seed. */
  readonly spearman: Readonly<Record<string, readonly number[]>>;
}

type Sentences = readonly (readonly string[])[];

/** The Python to ask. It has to have gensim and scipy; `python -m venv` and `pip install gensim` make one. */
const python = process.env.KINDRED_BENCH_PYTHON ?? 'python3';

export function hasGensim(): boolean {
  if (spawnSync(python, ['-c', 'import gensim']).status === 0) return true;
  console.error(`gensim is not compared with: ${python} has none (name another Python in KINDRED_BENCH_PYTHON).`);
  return false;
}

export function gensimFastTextSpeed(sentences: Sentences, options: GensimFastTextOptions, runs: number): GensimSpeed {
  return ask(sentences, { ...options, runs });
}

export function gensimFastTextSpearman(
  sentences: Sentences,
  options: GensimFastTextOptions & { readonly epochs: number; readonly seeds: readonly number[] },
  sets: Readonly<Record<string, readonly WordPair[]>>,
): GensimSpearman {
  const pairs = Object.entries(sets).map(([name, judged]) => [name, judged.map(({ a, b, score }) => [a, b, score])]);
  return ask(sentences, options, Object.fromEntries(pairs));
}

function ask<Answer>(sentences: Sentences, options: object, pairs?: object): Answer {
  const folder = mkdtempSync(join(tmpdir(), 'kindred-bench-'));
  try {
    const corpus = join(folder, 'sentences.txt');
    writeFileSync(corpus, sentences.map((sentence) => `${sentence.join(' ')}\n`).join(''));
    const judged = join(folder, 'pairs.json');
    if (pairs) writeFileSync(judged, JSON.stringify(pairs));
    const script = join(__dirname, 'gensim-fasttext.py');
    const given = [script, corpus, JSON.stringify(options), ...(pairs ? [judged] : [])];
    const done = spawnSync(python, given, { encoding: 'utf8' });
    if (done.status !== 0) throw new Error(`gensim failed: ${done.stderr}`);
    return JSON.parse(done.stdout) as Answer;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
