/** word2vec learns the space `items` from what users did, session by session (or history by history). */
import { join } from 'node:path';
import type { ModelEvaluation } from '../../domain/model';
import { type InteractionRow, interactionPages } from '../../stores/corpora';
import { corpusOf, HistoryBuilder } from '../../training/sequence2vec/histories';
import type { EmbeddingModel } from '../../training/trainer';
import { embeddingProduct } from './embedding';
import { corpusFacts, type Lesson, refuseCancelled } from './lesson';

/** Seed of what evaluation hides: the same for every run, so that versions can be compared. */
const SPLIT_SEED = 1;

export const itemsLesson: Lesson = {
  space: 'items',
  async prepare(context) {
    const data = await corpusFacts(context, 'interactions');
    const builder = new HistoryBuilder();
    for await (const page of interactionPages(context.database, context.range)) {
      refuseCancelled(context.signal);
      for (const row of page) builder.add(toEvent(row));
    }
    const histories = builder.build();
    return {
      data,
      evaluate: ({ run }) =>
        run<ModelEvaluation | undefined>({
          module: join(__dirname, '..', '..', 'training', 'evaluation', 'items'),
          call: 'trainAndEvaluateItems',
          args: [histories, context.options, { seed: SPLIT_SEED }],
        }),
      learn: async ({ train }) =>
        embeddingProduct(await train<unknown, EmbeddingModel>(corpusOf(histories), 'training')),
    };
  },
};

function toEvent({ user_id, item_id, occurred_at, session_id }: InteractionRow): Parameters<HistoryBuilder['add']>[0] {
  return { userId: user_id, itemId: item_id, occurredAt: occurred_at, sessionId: session_id };
}
