/**
 * word2vec (skip-gram with negative sampling, Mikolov et al. 2013) over sequences of items: what people do together is
 * put together. It keeps both tables: cosine between input rows says what is alike, input x output what goes together.
 */
import { join } from 'node:path';
import type { SequenceCorpus } from '../corpus';
import { trainSkipGram } from '../kernels/skip-gram-training';
import type { EmbeddingModel, Trainer, TrainingContext } from '../trainer';
import { type CorpusData, cutIntoStretches, keepChances } from './corpus-source';
import { buildVocabulary, type Vocabulary } from './vocabulary';
import { type Word2VecOptions, word2vecOptions } from './word2vec-options';

/** Tokens of a unit of work: some ten milliseconds of training. A sequence stays whole up to the longest. */
const STRETCH_TOKENS = 4000;
const LONGEST_STRETCH = 1_000_000;

async function train(
  corpus: SequenceCorpus,
  options: Word2VecOptions,
  context?: TrainingContext,
): Promise<EmbeddingModel> {
  const vocabulary = buildVocabulary(corpus, options.minCount);
  const { frequencies } = vocabulary;
  const { dimension, window, negatives, negativeSharing, negativeExponent, epochs, learningRate, seed, threads } =
    options;
  const noise = Float64Array.from(frequencies, (frequency) => frequency ** negativeExponent);
  const data = corpusData(vocabulary, options);
  const stretches = data.stretches.length - 1;
  const trained = await trainSkipGram(
    {
      shape: { nodes: frequencies.length, dimension, window, negatives, negativeSharing, threads },
      noise,
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
  return {
    ids: vocabulary.ids,
    dimension,
    input: trained.input,
    output: trained.output,
    outputBias: logNoise(noise, negatives),
    frequencies,
    facts: {
      tokens: trained.tokens,
      pairs: trained.pairs,
      finalLoss: trained.finalLoss,
      kernel: trained.build,
      ...(trained.resumedFrom && { resumedFrom: trained.resumedFrom }),
      items: vocabulary.ids.length,
      longestSequence: vocabulary.longestSequence,
      // Nothing wrong with it, but whoever expected a narrow window should know.
      wholeSequenceWindow: window >= vocabulary.longestSequence - 1,
    },
  };
}

/** log(negatives x Pn(b)): with it, input x output + bias estimates log P(b|a) (see EmbeddingModel). */
function logNoise(noise: Float64Array, negatives: number): Float32Array {
  const total = noise.reduce((sum, weight) => sum + weight, 0);
  return Float32Array.from(noise, (weight) => Math.log((negatives * weight) / total));
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
  options: word2vecOptions,
  isDeterministic: ({ threads }) => threads === 1,
  train,
};
