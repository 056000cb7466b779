/**
 * word2vec's CBOW: tokens a second of one thread beside gensim's with one worker, at dimension 100, window 5, 5 negatives,
 * and two threads beside one. The corpus is Brown's sentences, words seen five times or more.
 */
import { availableParallelism } from 'node:os';
import { buildVocabulary } from '../src/training/sequence2vec/vocabulary';
import { brownSentences, corpusOfSentences } from '../test/floors/brown';
import { realData } from '../test/real-data';
import { type BagWork, bagTokensPerSecond } from './bag-speed';
import type { Figure } from './figure';
import { gensimWord2VecSpeed, hasGensim } from './peers/gensim-word2vec';

const BENCH = 'cbow';
const OPTIONS = { dimension: 100, window: 5, negatives: 5 };
const EPOCHS = 6;

export async function* figures(): AsyncIterable<Figure> {
  const folder = realData('text_brown');
  if (!folder) {
    console.error('CBOW is not measured: there is no text_brown below KINDRED_TEST_DATA.');
    return;
  }
  const { tokens, frequencies } = buildVocabulary(corpusOfSentences(brownSentences(folder)), 5);
  const [exponent, learningRate] = [0.75, 0.025];
  const work: BagWork = { tokens, frequencies, exponent, learningRate, shape: { ...OPTIONS, mode: 'cbow' } };
  const one = await bagTokensPerSecond(work, 1, EPOCHS);
  const rest = { negativeExponent: exponent, learningRate, architecture: 'cbow' } as const;
  const peer = hasGensim() ? gensimWord2VecSpeed(tokens, { ...OPTIONS, ...rest }) : undefined;
  const figure = 'CBOW, Brown corpus, dimension 100, window 5, 5 negatives, one thread';
  if (peer) yield compared(`${figure}; beside gensim ${peer.version}, one worker`, one, peer.tokensPerSecond);
  else yield { bench: BENCH, figure, value: one, unit: 'tokens/s' };
  if (availableParallelism() > 1) {
    yield compared('CBOW, two threads; beside one', await bagTokensPerSecond(work, 2, EPOCHS), one);
  }
}

function compared(figure: string, value: number, peer: number): Figure {
  return { bench: BENCH, figure, value, unit: 'tokens/s', peer, ratio: value / peer };
}
