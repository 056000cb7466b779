/** The Brown corpus and the word-similarity judgements, as the floors of word vectors read them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { SequenceCorpus } from '../../src/training/corpus';
import type { WordPair } from '../../src/training/evaluation/word-similarity';
import { Random } from '../../src/training/kernels/random';

/**
 * The sentences of the Brown corpus, lower-cased, one sequence each. Tokens without a letter or a digit are dropped:
 * commas, full stops, quotation marks, dashes. What is left of a sentence is kept whatever its length.
 * @param folder of text_brown
 */
export function brownSentences(folder: string): string[][] {
  const [, ...lines] = gunzipSync(readFileSync(join(folder, 'brown.tsv.gz')))
    .toString()
    .trimEnd()
    .split('\n');
  return lines
    .map((line) =>
      line
        .split('\t')[2]
        .toLowerCase()
        .split(' ')
        .filter((token) => /[\p{L}\p{N}]/u.test(token)),
    )
    .filter((sentence) => sentence.length > 0);
}

/**
 * The sentences in an order drawn once. The corpus is ordered by genre and ends in fiction: who learns from it in its own
 * order learns fiction last, which by itself shifts what word similarity measures.
 */
export function shuffledBrownSentences(folder: string): string[][] {
  return Random.seeded(1).shuffle(brownSentences(folder));
}

/** The words numbered as they come, on shared memory. */
export function corpusOfSentences(sentences: readonly (readonly string[])[]): SequenceCorpus {
  const numbers = new Map<string, number>();
  const count = sentences.reduce((sum, sentence) => sum + sentence.length + 1, 0);
  const tokens = new Int32Array(new SharedArrayBuffer(4 * count));
  let written = 0;
  for (const sentence of sentences) {
    for (const word of sentence) {
      const number = numbers.get(word) ?? numbers.size;
      numbers.set(word, number);
      tokens[written++] = number;
    }
    tokens[written++] = -1;
  }
  return { ids: [...numbers.keys()], tokens };
}

/** The four sets that the floors measure, by their files' names. */
export const WORD_SETS = {
  'WordSim-353': 'EN-WS-353-ALL.txt',
  'SimLex-999': 'EN-SIMLEX-999.txt',
  MEN: 'EN-MEN-TR-3k.txt',
  'Rare Words': 'EN-RW-STANFORD.txt',
} as const;
export type WordSet = keyof typeof WORD_SETS;

/**
 * Pairs of words and people's scores, in lower case as the corpus is.
 * @param folder of word_eval
 */
export function wordPairs(folder: string, set: WordSet): WordPair[] {
  return readFileSync(join(folder, WORD_SETS[set]), 'utf8')
    .trim()
    .split('\n')
    .map((line) => {
      const [a, b, score] = line.trim().split(/\s+/);
      return { a: a.toLowerCase(), b: b.toLowerCase(), score: Number(score) };
    });
}
