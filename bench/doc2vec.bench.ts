/**
 * doc2vec: tokens a second of one thread beside gensim's Doc2Vec with one worker, in each of its forms, at dimension 100,
 * window 5, 5 negatives; and two threads beside one. The corpus is Brown's 500 samples, words seen five times or more.
 * Concatenation is measured in its first pass, the slowest: later ones learn on fewer outputs (ADR 19).
 */
import { availableParallelism } from 'node:os';
import { readDocuments } from '../src/training/sequence2vec/doc2vec/documents';
import { realData } from '../test/real-data';
import { type BagWork, bagTokensPerSecond } from './bag-speed';
import { brownDocuments } from './brown-documents';
import type { Figure } from './figure';
import { gensimSpeed } from './peers/gensim';

const BENCH = 'doc2vec';
const OPTIONS = { dimension: 100, window: 5, negatives: 5 };
const EXPONENT = 0.75;
const LEARNING_RATE = 0.025;

/** Each form, how the kernel takes it and how gensim does, and passes that last some seconds. */
const FORMS = [
  { name: 'dbow', shape: { mode: 'dbow' }, gensim: { dm: 0 }, epochs: 8 },
  { name: 'dm, mean', shape: { mode: 'dm' }, gensim: { dm: 1 }, epochs: 6 },
  { name: 'dm, concatenation', shape: { mode: 'dm-concatenation' }, gensim: { dm: 1, dm_concat: 1 }, epochs: 1 },
  {
    name: 'dbow with words',
    shape: { mode: 'dbow', trainsThings: true },
    gensim: { dm: 0, dbow_words: 1 },
    epochs: 2,
  },
] as const;

export async function* figures(): AsyncIterable<Figure> {
  const folder = realData('text_brown');
  if (!folder) {
    console.error('doc2vec is not measured: there is no text_brown below KINDRED_TEST_DATA.');
    return;
  }
  const { tokens, frequencies, keys } = readDocuments(brownDocuments(folder), 5);
  for (const { name, shape, gensim, epochs } of FORMS) {
    const work: BagWork = {
      ...{ tokens, frequencies, exponent: EXPONENT, learningRate: LEARNING_RATE },
      shape: { ...OPTIONS, ...shape, sequences: keys.length },
    };
    const one = await bagTokensPerSecond(work, 1, epochs);
    const peer = gensimSpeed('gensim-doc2vec.py', tokens, {
      ...OPTIONS,
      ...{ exponent: EXPONENT, learningRate: LEARNING_RATE, form: gensim },
    });
    const figure = `${name}, Brown corpus, dimension 100, window 5, 5 negatives, one thread`;
    if (peer) {
      yield compared(`${figure}; beside gensim ${peer.version}, one worker`, one, peer.tokensPerSecond);
    } else yield { bench: BENCH, figure, value: one, unit: 'tokens/s' };
    if (availableParallelism() > 1) {
      yield compared(`${name}, two threads; beside one`, await bagTokensPerSecond(work, 2, epochs), one);
    }
  }
}

function compared(figure: string, value: number, peer: number): Figure {
  return { bench: BENCH, figure, value, unit: 'tokens/s', peer, ratio: value / peer };
}
