/**
 * doc2vec (Le & Mikolov 2014, "Distributed Representations of Sentences and Documents"): a vector for each sequence that
 * helps to predict the things in it. Distributed Memory predicts each thing from the sequence and the things around it,
 * Distributed Bag of Words from the sequence alone. Sequences that come later are inferred (see encoder.ts).
 */
import { KindredError } from '../../../errors';
import { type BagResult, trainBags } from '../../kernels/bags-training';
import type { SequenceModel, Trainer, TrainingContext } from '../../trainer';
import { corpusRun } from '../corpus-run';
import type { EventSequences } from '../event-sequences';
import { readDocuments } from './documents';
import { doc2vecArtifacts } from './encoder';
import { checkDoc2VecOptions, checkWindow, type Doc2VecOptions, doc2vecOptions, modeOf } from './options';

async function train(
  sequences: EventSequences,
  options: Doc2VecOptions,
  context?: TrainingContext,
): Promise<SequenceModel> {
  checkDoc2VecOptions(options);
  const documents = readDocuments(sequences, options.minCount);
  const { frequencies, keys, longestSequence } = documents;
  refuseSinglesOnly(options, longestSequence);
  checkWindow(options, longestSequence);
  const { dimension, window, negatives, negativeExponent, learningRate, seed, threads, trainWords } = options;
  const trained = await trainBags(
    {
      shape: {
        mode: modeOf(options),
        things: frequencies.length,
        sequences: keys.length,
        ...{ dimension, window, negatives, threads },
        trainsThings: trainWords,
      },
      frequencies,
      noise: Float64Array.from(frequencies, (frequency) => frequency ** negativeExponent),
      seed,
      learningRate,
      ...corpusRun(documents, options),
    },
    context,
  );
  refuseDiverged(trained);
  return {
    ids: keys,
    dimension,
    input: trained.sequences,
    frequencies: documents.lengths,
    artifacts: doc2vecArtifacts(documents, trained, options),
    facts: {
      tokens: trained.tokens,
      predictions: trained.pairs,
      finalLoss: trained.finalLoss,
      kernel: trained.build,
      ...(trained.resumedFrom && { resumedFrom: trained.resumedFrom }),
      sequences: keys.length,
      sequencesLeftOut: sequences.keys.length - keys.length,
      things: frequencies.length,
      longestSequence,
    },
  };
}

function refuseSinglesOnly({ architecture }: Doc2VecOptions, longestSequence: number): void {
  if (architecture === 'dbow' || longestSequence > 1) return;
  throw new KindredError('EMPTY_CORPUS', 'Every sequence holds a single thing, so no thing has a context.', {
    remedy: 'Set architecture=dbow, which needs none, or check what makes a sequence (sequences, minCount).',
  });
}

function refuseDiverged({ finalLoss, sequences }: BagResult): void {
  if (Number.isFinite(finalLoss) && sequences.every(Number.isFinite)) return;
  throw new KindredError('TRAINING_FAILED', 'The vectors grew beyond all bounds.', {
    remedy: 'Lower learningRate.',
    facts: { finalLoss },
  });
}

export const doc2vec: Trainer<Doc2VecOptions, EventSequences, SequenceModel> = {
  name: 'doc2vec',
  options: doc2vecOptions,
  check: checkDoc2VecOptions,
  isDeterministic: ({ threads }) => threads === 1,
  train,
};
