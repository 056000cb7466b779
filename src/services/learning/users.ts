/** node2vec learns the space `users` from who is tied to whom. */
import { join } from 'node:path';
import type { ModelEvaluation } from '../../domain/model';
import { type TieRow, tiePages } from '../../stores/corpora';
import { collectGarbage } from '../../threads';
import { runInBackground } from '../../training/background';
import { type CompactGraph, graphBytes, sharedFloat32, sharedInt32 } from '../../training/graph/compact-graph';
import type { EdgeList } from '../../training/graph/edge-list';
import type { EmbeddingModel } from '../../training/trainer';
import { corpusFacts, type Lesson, type LessonContext, refuseCancelled } from './lesson';
import { embeddingProduct } from './product';
import { spaceCalled } from './spaces';

/** Seed of what evaluation hides: the same for every run, so that versions can be compared. */
const SPLIT_SEED = 1;

export const usersLesson: Lesson = {
  ...spaceCalled('users'),
  async prepare(context) {
    const data = await corpusFacts(context, 'relations');
    const { names, graph } = await readGraph(context, data.rows);
    // The list of ties that the graph was, and what was read to make it, must not lie beside the tables.
    collectGarbage(graphBytes(graph));
    return {
      data,
      evaluate: ({ run }) =>
        run<ModelEvaluation | undefined>({
          module: join(TRAINING, 'evaluation', 'friends'),
          call: 'trainAndEvaluateFriends',
          args: [graph, context.options, { seed: SPLIT_SEED }],
        }),
      learn: async ({ run }) => {
        const job = {
          module: join(TRAINING, 'node2vec', 'node2vec'),
          call: 'trainOnGraph',
          args: [graph, context.options],
        };
        const model = await run<EmbeddingModel<number>>(job, 'training');
        return embeddingProduct({ ...model, ids: model.ids.map((number) => names[number]) });
      },
    };
  },
};

const TRAINING = join(__dirname, '..', '..', 'training');

async function readGraph({ database, range, signal }: LessonContext, expected: number) {
  const collector = new EdgeCollector(expected);
  for await (const page of tiePages(database, range)) {
    refuseCancelled(signal);
    for (const row of page) collector.add(row);
  }
  const { names, edges } = collector.finish();
  const job = { module: join(TRAINING, 'graph', 'compact-graph'), call: 'compactGraph', args: [edges] };
  return { names, graph: await runInBackground<CompactGraph>(job, { signal }) };
}

/** Training needs no names: they stay here, and their numbers stand for them. */
type NumberedEdges = EdgeList<number>;

/**
 * Numbers the people of ties as they come, into columns that other threads share. Ties without weights of their own stay
 * unweighted, which walks faster.
 */
class EdgeCollector {
  private readonly names: string[] = [];
  private readonly numbers = new Map<string, number>();
  private sources: Int32Array;
  private targets: Int32Array;
  /** From the first tie on that does not weigh 1. */
  private weights?: Float32Array;
  private ties = 0;

  /** @param expected ties that will come, about; what is not used of it takes no memory */
  constructor(expected: number) {
    this.sources = sharedInt32(expected);
    this.targets = sharedInt32(expected);
  }

  add({ user_id, friend_id, weight }: TieRow): void {
    if (this.ties === this.sources.length) this.grow();
    const tie = this.ties++;
    this.sources[tie] = this.number(user_id);
    this.targets[tie] = this.number(friend_id);
    if (weight !== 1) this.weights ??= sharedFloat32(this.sources.length).fill(1, 0, tie);
    if (this.weights) this.weights[tie] = weight;
  }

  finish(): { names: readonly string[]; edges: NumberedEdges } {
    const { names, ties } = this;
    return {
      names,
      edges: {
        ids: names.map((_, number) => number),
        sources: this.sources.subarray(0, ties),
        targets: this.targets.subarray(0, ties),
        ...(this.weights && { weights: this.weights.subarray(0, ties) }),
      },
    };
  }

  private number(name: string): number {
    const known = this.numbers.get(name);
    if (known !== undefined) return known;
    this.numbers.set(name, this.names.length);
    return this.names.push(name) - 1;
  }

  /** More came than were counted: somebody ingested meanwhile. */
  private grow(): void {
    const length = Math.max(1024, this.ties * 2);
    const { sources, targets, weights } = this;
    this.sources = sharedInt32(length);
    this.sources.set(sources);
    this.targets = sharedInt32(length);
    this.targets.set(targets);
    if (!weights) return;
    this.weights = sharedFloat32(length);
    this.weights.set(weights);
  }
}
