/**
 * word2vec (skip-gram with negative sampling, Mikolov et al. 2013) over sequences of items: what people do together is
 * put together. Items are not words: a session or a history is closer to a set than to a sentence, which is why the
 * defaults differ from word2vec.c's (see Caselles-Dupré et al. 2018, "Word2vec applied to recommendation").
 */
import { join } from 'node:path';
import { z } from 'zod';
import type { SequenceCorpus } from '../corpus';
import { trainSkipGram } from '../kernels/pool';
import type { EmbeddingModel, Trainer, TrainingContext } from '../trainer';
import { type CorpusData, cutIntoStretches, keepChances } from './corpus-source';
import { buildVocabulary, type Vocabulary } from './vocabulary';

export interface Word2VecOptions {
  dimension: number;
  window: number;
  negatives: number;
  negativeSharing: number;
  negativeExponent: number;
  subsample: number;
  minCount: number;
  epochs: number;
  learningRate: number;
  seed: number;
  threads: number;
}

const options = z.strictObject({
  dimension: z.number().int().min(1).max(4096).default(64),
  window: z.number().int().min(1).max(10_000).default(100),
  negatives: z.number().int().min(1).max(1000).default(5),
  negativeSharing: z.number().int().min(1).max(20_000).default(1),
  negativeExponent: z.number().min(-2).max(2).default(0.5),
  subsample: z.number().min(0).max(1).default(0),
  minCount: z.number().int().min(1).default(1),
  epochs: z.number().int().min(1).max(10_000).default(20),
  learningRate: z.number().positive().max(1).default(0.025),
  seed: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(1),
  threads: z.number().int().min(1).max(256).default(1),
});

const STRETCH_TOKENS = 4000;
const LONGEST_STRETCH = 1_000_000;

async function train(
  corpus: SequenceCorpus,
  given: Word2VecOptions,
  context?: TrainingContext,
): Promise<EmbeddingModel> {
  const vocabulary = buildVocabulary(corpus, given.minCount);
  const { frequencies } = vocabulary;
  const { dimension, window, negatives, negativeSharing, negativeExponent, epochs, learningRate, seed, threads } =
    given;
  const data = corpusData(vocabulary, given);
  const stretches = data.stretches.length - 1;
  const trained = await trainSkipGram(
    {
      shape: { nodes: frequencies.length, dimension, window, negatives, negativeSharing, threads },
      noise: Float64Array.from(frequencies, (frequency) => frequency ** negativeExponent),
      seed,
      learningRate,
      source: {
        module: join(__dirname, 'corpus-source'),
        data,
        units: stretches * epochs,
        tokenCapacity: longest(data.stretches),
      },
      phase: (done) => `epoch ${Math.min(epochs, Math.floor(done / stretches) + 1)} of ${epochs}`,
    },
    context,
  );
  const { input, output, tokens, pairs, finalLoss, build } = trained;
  return {
    ids: vocabulary.ids,
    dimension,
    input,
    output,
    outputBias: Float32Array.from(frequencies, (frequency) => negativeExponent * Math.log(frequency)),
    frequencies,
    facts: {
      tokens,
      pairs,
      finalLoss,
      kernel: build,
      items: vocabulary.ids.length,
      longestSequence: vocabulary.longestSequence,
    },
  };
}

function corpusData({ tokens, frequencies, tokenCount }: Vocabulary, { subsample, seed }: Word2VecOptions): CorpusData {
  return {
    tokens,
    stretches: cutIntoStretches(tokens, STRETCH_TOKENS, LONGEST_STRETCH),
    seed,
    keep: subsample > 0 ? keepChances(frequencies, tokenCount, subsample) : undefined,
  };
}

function longest(stretches: Int32Array): number {
  let most = 0;
  for (let i = 1; i < stretches.length; i++) most = Math.max(most, stretches[i] - stretches[i - 1]);
  return most;
}

export const word2vec: Trainer<Word2VecOptions, SequenceCorpus, EmbeddingModel> = {
  name: 'word2vec',
  options,
  isDeterministic: ({ threads }) => threads === 1,
  train,
};
