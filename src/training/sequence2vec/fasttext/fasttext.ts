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
import { type Bags, buildBags, meanOfBags } from './bags';
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
  const { architecture, dimension, window, negatives, threads, seed } = options;
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
      frequencies,
      seed,
      learningRate: stepOf(bags, frequencies, options.learningRate),
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

/** However few n-grams things have, steps get no longer than this many times the learning rate. */
const LONGEST_STEP = 1.5;

/**
 * gensim divides the sum of a thing's rows by its n-grams alone, without its own row: what a thing of n n-grams gives and
 * what it gets are 1 + 1/n times ours, so its learning rates go further. Here a mean is a mean, and steps are longer by
 * as much for the mean thing, so that a learning rate means the same.
 */
function stepOf({ offsets }: Bags, frequencies: Uint32Array, learningRate: number): number {
  let subwords = 0;
  let tokens = 0;
  for (let thing = 0; thing < frequencies.length; thing++) {
    subwords += frequencies[thing] * (offsets[thing + 1] - offsets[thing] - 1);
    tokens += frequencies[thing];
  }
  if (subwords === 0) return learningRate;
  return Math.min(1, learningRate * Math.min(LONGEST_STEP, (1 + tokens / subwords) ** 2));
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
  check: checkFastTextOptions,
  isDeterministic: ({ threads }) => threads === 1,
  train,
};
