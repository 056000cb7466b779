/**
 * fastText beside gensim's: tokens a second of one thread and of one worker at dimension 100, window 5, 5 negatives, n-grams
 * of 3 to 6, taken in turns; two threads beside one; and how far the vectors of both agree with people (mean of three
 * seeds). The corpus is Brown's sentences, words seen five times or more.
 */
import { availableParallelism } from 'node:os';
import { buildBags } from '../src/training/sequence2vec/fasttext/bags';
import { buildVocabulary } from '../src/training/sequence2vec/vocabulary';
import { corpusOfSentences, shuffledBrownSentences, WORD_SETS, type WordSet, wordPairs } from '../test/floors/brown';
import { FASTTEXT_ON_BROWN, fastTextSpearman } from '../test/floors/word-vectors';
import { realData } from '../test/real-data';
import { type BagWork, bagTokensPerSecond } from './bag-speed';
import type { Figure } from './figure';
import { gensimFastTextSpearman, gensimFastTextSpeed, hasGensim } from './peers/gensim-fasttext';

const BENCH = 'fasttext';
const TURNS = 3;
const SEEDS = [1, 2, 3];

export async function* figures(): AsyncIterable<Figure> {
  const folder = realData('text_brown');
  const judgements = realData('word_eval');
  if (!folder || !judgements) {
    console.error('fastText is not measured: there is no text_brown or no word_eval below KINDRED_TEST_DATA.');
    return;
  }
  const sentences = shuffledBrownSentences(folder);
  const compare = hasGensim();
  yield* speeds(sentences, compare);
  if (compare) yield* agreement(sentences, judgements);
}

async function* speeds(sentences: string[][], compare: boolean): AsyncIterable<Figure> {
  const { dimension, window, negatives, negativeExponent, learningRate, minCount } = FASTTEXT_ON_BROWN;
  const { ids, tokens, frequencies } = buildVocabulary(corpusOfSentences(sentences), minCount);
  const parts = buildBags(ids, frequencies, FASTTEXT_ON_BROWN);
  const rows = ids.length + parts.buckets.length;
  for (const mode of ['skip-gram', 'cbow'] as const) {
    const shape = { mode, rows, dimension, window, negatives };
    const work: BagWork = { tokens, frequencies, parts, exponent: negativeExponent, learningRate, shape };
    // Without subsampling, so that every token counts on both sides.
    const options = { ...FASTTEXT_ON_BROWN, skipgram: mode === 'cbow' ? 0 : 1, subsample: 0 } as const;
    let [one, peer, version] = [0, 0, ''];
    for (let turn = 0; turn < TURNS; turn++) {
      one = Math.max(one, await bagTokensPerSecond(work, 1, 1));
      if (!compare) continue;
      const measured = gensimFastTextSpeed(sentences, options, 1);
      peer = Math.max(peer, measured.tokensPerSecond);
      version = measured.version;
    }
    const figure = `${mode}, Brown corpus, dimension 100, window 5, 5 negatives, n-grams 3 to 6, one thread`;
    if (compare) yield compared(`${figure}; beside gensim ${version}, one worker`, one, 'tokens/s', peer);
    else yield { bench: BENCH, figure, value: one, unit: 'tokens/s' };
    if (availableParallelism() > 1) {
      yield compared(`${mode}, two threads; beside one`, await bagTokensPerSecond(work, 2, 1), 'tokens/s', one);
    }
  }
}

/** Both sides train on the same sentences with the same options and epochs. */
async function* agreement(sentences: string[][], judgements: string): AsyncIterable<Figure> {
  const corpus = corpusOfSentences(sentences);
  const sets = Object.keys(WORD_SETS) as WordSet[];
  const runs: Record<WordSet, number>[] = [];
  for (const seed of SEEDS) runs.push(await fastTextSpearman(corpus, judgements, { seed, threads: 1 }));
  const { version, spearman } = gensimFastTextSpearman(
    sentences,
    { ...FASTTEXT_ON_BROWN, skipgram: 1, seeds: SEEDS },
    Object.fromEntries(sets.map((set) => [set, wordPairs(judgements, set)])),
  );
  for (const set of sets) {
    const own = mean(runs.map((run) => run[set]));
    yield compared(`${set}; beside gensim ${version}`, own, "Spearman's correlation", mean(spearman[set]));
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function compared(figure: string, value: number, unit: string, peer: number): Figure {
  return { bench: BENCH, figure, value, unit, peer, ratio: value / peer };
}
