/**
 * word2vec (skip-gram or CBOW with negative sampling, Mikolov et al. 2013) over sequences of items: what people do
 * together is put together. It keeps both tables: cosine between input rows says what is alike, input x output what goes
 * together.
 */
import { OptionError } from '../../errors';
import type { SequenceCorpus } from '../corpus';
import { trainBags } from '../kernels/bags-training';
import { trainSkipGram } from '../kernels/skip-gram-training';
import type { EmbeddingModel, Trainer, TrainingContext } from '../trainer';
import { corpusRun, logNoise } from './corpus-run';
import { checkSequenceOptions } from './sequence-options';
import { buildVocabulary } from './vocabulary';
import { type Word2VecOptions, word2vecOptions } from './word2vec-options';

async function train(
  corpus: SequenceCorpus,
  options: Word2VecOptions,
  context?: TrainingContext,
): Promise<EmbeddingModel> {
  checkOptions(options);
  const vocabulary = buildVocabulary(corpus, options.minCount);
  const { frequencies } = vocabulary;
  const { dimension, window, negatives, negativeSharing, negativeExponent, learningRate, seed, threads } = options;
  const nodes = frequencies.length;
  const noise = Float64Array.from(frequencies, (frequency) => frequency ** negativeExponent);
  const run = { noise, frequencies, seed, learningRate, ...corpusRun(vocabulary, options) };
  const shape = { dimension, window, negatives, threads };
  const trained =
    options.architecture === 'cbow'
      ? await trainBags({ ...run, reach: 1, shape: { ...shape, mode: 'cbow', things: nodes } }, context)
      : await trainSkipGram(
          { ...run, spread: spreadOf(dimension), shape: { ...shape, nodes, negativeSharing } },
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

/**
 * Vectors start with a length of about 0.3 whatever the dimension. word2vec.c's 0.5 / dimension starts the closer to nothing
 * the more dimensions there are, and a small corpus does not make up for it: on Brown, after ten epochs, vectors agree with
 * MTurk-771, on which nothing else is measured, by 0.328 where they agree by 0.320 from that start (six seeds, standard errors 0.002).
 */
function spreadOf(dimension: number): number {
  return 0.5 / Math.sqrt(dimension);
}

function checkOptions(options: Word2VecOptions): void {
  checkSequenceOptions(options);
  const { architecture, negativeSharing } = options;
  if (architecture === 'cbow' && negativeSharing > 1) {
    throw new OptionError('negativeSharing', 'cbow makes one prediction a window, so there is no draw to share.', {
      remedy: 'Leave negativeSharing out, or set architecture=skipgram.',
      facts: { architecture, negativeSharing },
    });
  }
}

export const word2vec: Trainer<Word2VecOptions, SequenceCorpus, EmbeddingModel> = {
  name: 'word2vec',
  options: word2vecOptions,
  check: checkOptions,
  isDeterministic: ({ threads }) => threads === 1,
  train,
};
