/**
 * fastText (Bojanowski et al. 2017) over sequences of things that have texts: a thing's vector is the mean of a row of its
 * own and the rows of its text's n-grams and attribute tokens, so a new thing, a rare one or a misspelt name has one too.
 * It keeps both tables: cosine between vectors says what is alike, input x output what goes together.
 */
import { KindredError } from '../../../errors';
import type { SequenceCorpus } from '../../corpus';
import { trainBags } from '../../kernels/bags-training';
import type { SequenceModel, Trainer, TrainingContext } from '../../trainer';
import { corpusRun, logNoise } from '../corpus-run';
import { buildVocabulary } from '../vocabulary';
import { buildBags, meanOfBags } from './bags';
import { encoderArtifacts } from './encoder';
import { checkFastTextOptions, type FastTextOptions, fastTextOptions } from './options';

export interface FastTextData {
  readonly corpus: SequenceCorpus;
  /** One a thing, in the order of the corpus's ids: its title and attribute tokens, or its name. May be empty. */
  readonly texts: readonly string[];
}

async function train(
  { corpus, texts }: FastTextData,
  options: FastTextOptions,
  context?: TrainingContext,
): Promise<SequenceModel> {
  checkFastTextOptions(options);
  if (texts.length !== corpus.ids.length) {
    throw new KindredError('SHAPE_MISMATCH', `There are ${texts.length} texts for ${corpus.ids.length} things.`, {
      remedy: 'Give one text a thing, in the order of the ids; one that has none has an empty text.',
    });
  }
  const vocabulary = buildVocabulary(corpus, options.minCount);
  const { ids, frequencies } = vocabulary;
  const textOf = new Map(corpus.ids.map((id, thing) => [id, texts[thing]]));
  const textsOfThings = ids.map((id) => textOf.get(id) ?? '');
  const bags = buildBags(textsOfThings, frequencies, options);
  const things = ids.length;
  const { architecture, dimension, window, negatives, threads, seed, learningRate } = options;
  const noise = Float64Array.from(frequencies, (frequency) => frequency ** options.negativeExponent);
  const trained = await trainBags(
    {
      shape: {
        mode: architecture === 'cbow' ? 'cbow' : 'skip-gram',
        things,
        rows: things + bags.buckets.length,
        dimension,
        window,
        negatives,
        threads,
      },
      parts: bags,
      noise,
      seed,
      learningRate,
      ...corpusRun(vocabulary, options),
    },
    context,
  );
  const vectors = meanOfBags(bags, trained.input, dimension);
  refuseUnsound(vectors, options);
  return {
    ids,
    dimension,
    input: vectors,
    output: trained.output,
    outputBias: logNoise(noise, negatives),
    frequencies,
    artifacts: encoderArtifacts({
      ...options,
      ids,
      texts: textsOfThings,
      vectors,
      usedBuckets: bags.buckets,
      subwordRows: trained.input.subarray(things * dimension),
    }),
    facts: {
      tokens: trained.tokens,
      pairs: trained.pairs,
      finalLoss: trained.finalLoss,
      kernel: trained.build,
      things,
      longestSequence: vocabulary.longestSequence,
      subwords: bags.subwords,
      bucketsUsed: bags.buckets.length,
      // Different n-grams and tokens that share the row of another.
      collisions: bags.subwords - bags.buckets.length,
      ...(trained.resumedFrom && { resumedFrom: trained.resumedFrom }),
    },
  };
}

function refuseUnsound(vectors: Float32Array, { learningRate }: FastTextOptions): void {
  if (vectors.every((value) => Number.isFinite(value))) return;
  throw new KindredError('TRAINING_FAILED', 'The vectors did not stay finite.', {
    field: 'learningRate',
    remedy: `Lower the learning rate (it was ${learningRate}).`,
  });
}

export const fasttext: Trainer<FastTextOptions, FastTextData, SequenceModel> = {
  name: 'fasttext',
  options: fastTextOptions,
  isDeterministic: ({ threads }) => threads === 1,
  train,
};
