/**
 * word2vec beside gensim's. Skip-gram's tokens a second at dimension 100, window 5, 5 negatives: one thread beside one
 * worker and two threads beside one, taken in turns (CBOW's are in cbow.bench.ts). And for both architectures how far the
 * vectors of both sides agree with people, as means of three seeds, with the options of the floor. The corpus is Brown's
 * sentences; speed is that of words seen five times or more.
 */
import { availableParallelism } from 'node:os';
import { buildVocabulary } from '../src/training/sequence2vec/vocabulary';
import { corpusOfSentences, shuffledBrownSentences, WORD_SETS, type WordSet } from '../test/floors/brown';
import {
  ARCHITECTURES,
  meanBySet,
  optionsOnBrown,
  SEEDS,
  spearmanBySet,
  word2vecSpearman,
} from '../test/floors/word2vec-on-brown';
import { realData } from '../test/real-data';
import type { Figure } from './figure';
import { gensimWord2VecSpeed, gensimWord2VecVectors, hasGensim } from './peers/gensim-word2vec';
import { skipGramTokensPerSecond } from './skip-gram-speed';

const BENCH = 'word2vec';
const TURNS = 3;
const EPOCHS = 3;

export async function* figures(): AsyncIterable<Figure> {
  const folder = realData('text_brown');
  const judgements = realData('word_eval');
  if (!folder || !judgements) {
    console.error('word2vec is not measured: there is no text_brown or no word_eval below KINDRED_TEST_DATA.');
    return;
  }
  const sentences = shuffledBrownSentences(folder);
  const compare = hasGensim();
  yield* speeds(sentences, compare);
  if (compare) yield* agreement(sentences, judgements);
}

async function* speeds(sentences: string[][], compare: boolean): AsyncIterable<Figure> {
  // Without subsampling, so that every token counts on both sides.
  const options = { ...optionsOnBrown('skipgram'), architecture: 'skipgram', subsample: 0, minCount: 1 } as const;
  const { tokens, frequencies } = buildVocabulary(corpusOfSentences(sentences), 5);
  const { dimension, window, negatives, negativeExponent: exponent, learningRate } = options;
  const work = { tokens, frequencies, dimension, window, negatives, negativeSharing: 1, exponent, learningRate };
  const withTwo = availableParallelism() > 1;
  let [one, two, peer, version] = [0, 0, 0, ''];
  for (let turn = 0; turn < TURNS; turn++) {
    one = Math.max(one, await skipGramTokensPerSecond(work, 1, EPOCHS));
    if (withTwo) two = Math.max(two, await skipGramTokensPerSecond(work, 2, 2 * EPOCHS));
    if (!compare) continue;
    const measured = gensimWord2VecSpeed(tokens, options);
    peer = Math.max(peer, measured.tokensPerSecond);
    version = measured.version;
  }
  const figure = 'skip-gram, Brown corpus, dimension 100, window 5, 5 negatives, one thread';
  if (compare) yield compared(`${figure}; beside gensim ${version}, one worker`, one, 'tokens/s', peer);
  else yield { bench: BENCH, figure, value: one, unit: 'tokens/s' };
  if (withTwo) yield compared('skip-gram, two threads; beside one', two, 'tokens/s', one);
}

/** Both sides train on the same sentences with the same options and epochs. */
async function* agreement(sentences: string[][], judgements: string): AsyncIterable<Figure> {
  const corpus = corpusOfSentences(sentences);
  for (const architecture of ARCHITECTURES) {
    const own: Record<WordSet, number>[] = [];
    const peer: Record<WordSet, number>[] = [];
    let version = '';
    for (const seed of SEEDS) {
      own.push(await word2vecSpearman(corpus, judgements, { architecture, seed }));
      const options = { ...optionsOnBrown(architecture), architecture, seed };
      const gensim = gensimWord2VecVectors(corpus.tokens, corpus.ids, options);
      peer.push(await spearmanBySet(gensim.vectors, judgements));
      version = gensim.version;
    }
    const [ownMean, peerMean] = [meanBySet(own), meanBySet(peer)];
    for (const set of Object.keys(WORD_SETS) as WordSet[]) {
      const figure = `${architecture}, ${set}; beside gensim ${version}`;
      yield compared(figure, ownMean[set], "Spearman's correlation", peerMean[set]);
    }
  }
}

function compared(figure: string, value: number, unit: string, peer: number): Figure {
  return { bench: BENCH, figure, value, unit, peer, ratio: value / peer };
}
