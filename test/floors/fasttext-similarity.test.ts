/**
 * fastText's vectors of the Brown corpus agree with people at least as well as those of gensim's FastText, trained on the
 * same sentences in the same order with the same options and epochs; words that were not learned have vectors from their
 * n-grams on both sides. The peer needs Python, so its figures stand here; `npm run bench -- fasttext` measures both anew. A step
 * is as long as gensim's with the same learning rate, which its way to divide a thing's rows lengthens (see `stepOf`).
 */
import { describeWithData, realData } from '../real-data';
import { corpusOfSentences, shuffledBrownSentences, WORD_SETS, type WordSet } from './brown';
import { fastTextSpearman } from './word-vectors';

const SEEDS = [1, 2, 3];

/**
 * gensim 4.4.0 (bench/peers/gensim-fasttext.py), seeds 1, 2 and 3: sg=1, hs=0, vector_size=100, window=5, negative=5,
 * ns_exponent=0.75, alpha=0.025, sample=0.001, min_count=5, min_n=3, max_n=6, bucket=2000000, epochs=10, workers=1.
 */
const GENSIM: Record<WordSet, readonly number[]> = {
  'WordSim-353': [0.3331, 0.3369, 0.332],
  'SimLex-999': [0.1401, 0.1316, 0.1396],
  MEN: [0.2942, 0.2926, 0.3023],
  'Rare Words': [0.277, 0.2759, 0.2776],
};

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describeWithData('text_brown', "fastText on Brown's sentences", (folder) => {
  const judgements = realData('word_eval');
  (judgements ? test : test.skip)(
    'agrees with people about words at least as well as gensim, mean of three seeds',
    async () => {
      const corpus = corpusOfSentences(shuffledBrownSentences(folder));
      // One thread each, so that the figures are the same each time.
      const runs = await Promise.all(
        SEEDS.map((seed) => fastTextSpearman(corpus, judgements ?? '', { seed, threads: 1 })),
      );
      console.log(JSON.stringify(runs));
      for (const set of Object.keys(WORD_SETS) as WordSet[]) {
        expect(mean(runs.map((run) => run[set]))).toBeGreaterThanOrEqual(mean(GENSIM[set]));
      }
    },
    600_000,
  );
});
