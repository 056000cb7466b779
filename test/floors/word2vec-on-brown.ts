/** word2vec on the Brown corpus, measured against people's judgements: for the floor and for the benchmark beside gensim. */
import type { SequenceCorpus } from '../../src/training/corpus';
import { measureWordSimilarity, type WordVectors } from '../../src/training/evaluation/word-similarity';
import { word2vec } from '../../src/training/sequence2vec/word2vec';
import { parseOptions } from '../../src/training/trainers';
import { WORD_SETS, type WordSet, wordPairs } from './brown';

export const ARCHITECTURES = ['skipgram', 'cbow'] as const;
export type Architecture = (typeof ARCHITECTURES)[number];
export const SEEDS = [1, 2, 3];

const OPTIONS = { dimension: 100, window: 5, negatives: 5, negativeExponent: 0.75, subsample: 0.001 };

/**
 * What both sides train with. CBOW takes far fewer steps a pass: by MTurk-771, which the floor does not ask, and other
 * seeds, both sides want its learning rate doubled (as word2vec.c does) and more passes.
 */
export function optionsOnBrown(architecture: Architecture) {
  return architecture === 'cbow'
    ? { ...OPTIONS, minCount: 5, learningRate: 0.05, epochs: 20 }
    : { ...OPTIONS, minCount: 2, learningRate: 0.025, epochs: 10 };
}

/** Spearman's correlation by set; pairs with a word that was not learned are left out. */
export async function spearmanBySet(vectors: WordVectors, judgements: string): Promise<Record<WordSet, number>> {
  const found: [string, number][] = [];
  for (const set of Object.keys(WORD_SETS) as WordSet[]) {
    found.push([set, (await measureWordSimilarity(wordPairs(judgements, set), vectors)).spearman]);
  }
  return Object.fromEntries(found) as Record<WordSet, number>;
}

export async function word2vecSpearman(
  corpus: SequenceCorpus,
  judgements: string,
  { architecture, seed }: { readonly architecture: Architecture; readonly seed: number },
): Promise<Record<WordSet, number>> {
  const options = parseOptions(word2vec, { ...optionsOnBrown(architecture), architecture, seed });
  return spearmanBySet(await word2vec.train(corpus, options), judgements);
}

export function meanBySet(runs: readonly Record<WordSet, number>[]): Record<WordSet, number> {
  const sets = Object.keys(WORD_SETS) as WordSet[];
  const mean = (set: WordSet) => runs.reduce((sum, run) => sum + run[set], 0) / runs.length;
  return Object.fromEntries(sets.map((set) => [set, mean(set)])) as Record<WordSet, number>;
}
