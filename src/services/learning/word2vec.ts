/**
 * word2vec learns the things of sequences: the space `items` from what users did, session by session (or history by
 * history), `merchants` from accounts' payments, or any other field's.
 */
import { join } from 'node:path';
import type { ModelEvaluation } from '../../domain/model';
import { corpusOf, historiesOf } from '../../training/sequence2vec/histories';
import type { SequenceOptions } from '../../training/sequence2vec/sequence-options';
import type { EmbeddingModel } from '../../training/trainer';
import type { Lesson } from './lesson';
import { embeddingProduct } from './product';
import { readSequences } from './sequences';
import { sequenceOptionsOf, spacesOfThings } from './spaces';

/** Seed of what evaluation hides: the same for every run, so that versions can be compared. */
const SPLIT_SEED = 1;

export const word2vecLesson: Lesson = {
  ...spacesOfThings,
  async prepare(context) {
    const options = sequenceOptionsOf(context.options);
    const { data, sequences, facts, fingerprint } = await readSequences(context, options, { wholeUsers: true });
    // Names of users stay here: what learns and measures knows them by number.
    const histories = { ...historiesOf(sequences), userIds: [] };
    return {
      data,
      fingerprint,
      evaluate: ({ run }) =>
        run<ModelEvaluation | undefined>({
          module: join(__dirname, '..', '..', 'training', 'evaluation', 'items'),
          call: 'trainAndEvaluateItems',
          args: [histories, context.options, { seed: SPLIT_SEED, ...wordsFor(options) }],
        }),
      learn: async ({ train }) => {
        const { facts: own, ...model } = await train<unknown, EmbeddingModel>(corpusOf(histories), 'training');
        return embeddingProduct({ ...model, facts: { ...own, ...facts } });
      },
    };
  },
};

/** What protocols call the things and whose they are. */
function wordsFor({ sequences, field }: SequenceOptions): { thing?: string; owner?: string } {
  const owner = sequences === 'accounts' ? 'account' : 'user';
  if (field === 'itemId' || (field === 'auto' && owner === 'user')) return {};
  if (field === 'merchantId' || field === 'auto') return { thing: 'merchant', owner };
  return { thing: `"${field}"`, owner };
}
