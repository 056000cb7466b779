/** node2vec learns the space `users` from who is tied to whom. */
import { join } from 'node:path';
import type { ModelEvaluation } from '../../domain/model';
import { type TieRow, tiePages } from '../../stores/corpora';
import { runInBackground } from '../../training/background';
import { hideTies } from '../../training/evaluation/friends';
import type { EdgeList } from '../../training/graph/edge-list';
import type { EmbeddingModel } from '../../training/trainer';
import { embeddingProduct } from './embedding';
import { corpusFacts, type Lesson, refuseCancelled } from './lesson';

/** Seed of what evaluation hides: the same for every run, so that versions can be compared. */
const SPLIT_SEED = 1;

export const usersLesson: Lesson = {
  space: 'users',
  async prepare(context) {
    const data = await corpusFacts(context, 'relations');
    const collector = new EdgeCollector();
    for await (const page of tiePages(context.database, context.range)) {
      refuseCancelled(context.signal);
      for (const row of page) collector.add(row);
    }
    const edges = collector.finish();
    return {
      data,
      evaluate: async (train, signal) => {
        const split = hideTies(edges, { seed: SPLIT_SEED });
        const model: EmbeddingModel = await train(split.train, 'evaluation');
        return runInBackground<ModelEvaluation>(
          {
            module: join(__dirname, '..', '..', 'training', 'evaluation', 'friends'),
            call: 'evaluateFriends',
            args: [model, split, { seed: SPLIT_SEED }],
          },
          { signal },
        );
      },
      learn: async (train) => embeddingProduct(await train<EdgeList, EmbeddingModel>(edges, 'training')),
    };
  },
};

/** Numbers the people of ties as they come. Ties without weights of their own stay unweighted, which walks faster. */
class EdgeCollector {
  private readonly ids: string[] = [];
  private readonly numbers = new Map<string, number>();
  private readonly sources: number[] = [];
  private readonly targets: number[] = [];
  private readonly weights: number[] = [];
  private weighted = false;

  add({ user_id, friend_id, weight }: TieRow): void {
    this.sources.push(this.number(user_id));
    this.targets.push(this.number(friend_id));
    this.weights.push(weight);
    this.weighted ||= weight !== 1;
  }

  finish(): EdgeList {
    return {
      ids: this.ids,
      sources: Int32Array.from(this.sources),
      targets: Int32Array.from(this.targets),
      ...(this.weighted && { weights: Float32Array.from(this.weights) }),
    };
  }

  private number(id: string): number {
    const known = this.numbers.get(id);
    if (known !== undefined) return known;
    this.numbers.set(id, this.ids.length);
    return this.ids.push(id) - 1;
  }
}
