/** fastText on the Brown corpus, measured against people's judgements: for the floor and for the benchmark beside gensim. */
import type { SequenceCorpus } from '../../src/training/corpus';
import { measureWordSimilarity } from '../../src/training/evaluation/word-similarity';
import { loadEncoder } from '../../src/training/sequence2vec/fasttext/encoder';
import { fasttext } from '../../src/training/sequence2vec/fasttext/fasttext';
import { parseOptions } from '../../src/training/trainers';
import { WORD_SETS, type WordSet, wordPairs } from './brown';

/** What both sides train with. */
export const FASTTEXT_ON_BROWN = {
  dimension: 100,
  window: 5,
  negatives: 5,
  negativeExponent: 0.75,
  subsample: 0.001,
  minCount: 5,
  minN: 3,
  maxN: 6,
  buckets: 2_000_000,
  learningRate: 0.025,
  epochs: 10,
} as const;

/** Spearman's correlation by set; words that were not learned have vectors from their n-grams. */
export async function fastTextSpearman(
  corpus: SequenceCorpus,
  judgements: string,
  { seed, threads }: { readonly seed: number; readonly threads: number },
): Promise<Record<WordSet, number>> {
  const options = parseOptions(fasttext, { ...FASTTEXT_ON_BROWN, seed, threads });
  const model = await fasttext.train({ corpus, texts: corpus.ids }, options);
  const encoder = await loadEncoder(model.artifacts);
  const found: [string, number][] = [];
  for (const set of Object.keys(WORD_SETS) as WordSet[]) {
    const { spearman } = await measureWordSimilarity(wordPairs(judgements, set), model, { encode: encoder.text });
    found.push([set, spearman]);
  }
  await encoder.close();
  return Object.fromEntries(found) as Record<WordSet, number>;
}
