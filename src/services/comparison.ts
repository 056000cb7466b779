/**
 * The neighbours of one thing by several models side by side, with how far their lists agree. Models may be of different
 * spaces and trainers, as long as they mean the same by an id; one that does not know it says so and the others answer.
 */
import type { Model } from '../domain/model';
import type { ModelNeighbours, NeighbourOverlap } from '../domain/things';
import { InputError } from '../errors';
import { checkDifferent } from './neighbours';
import { pageSize } from './paging';
import { checkIds } from './recommendation';
import type { ThingLists } from './thing-lists';
import type { Versions } from './versions';

export const MAX_COMPARED = 10;

export interface ComparisonQuestion {
  id: string;
  /** Ids of models, or names of spaces for their live ones. */
  models: readonly string[];
  /** 1..100 neighbours by each. */
  first: number;
}

type Neighbours = Omit<ModelNeighbours, 'overlaps'>;

export class Comparison {
  constructor(
    private readonly versions: Versions,
    private readonly lists: ThingLists,
  ) {}

  /** @throws InputError; KindredError MODEL_NOT_FOUND naming the model */
  async compareModels({ id, models: named, first }: ComparisonQuestion): Promise<ModelNeighbours[]> {
    checkIds('id', [id], 1);
    pageSize(first);
    if (named.length < 2 || named.length > MAX_COMPARED)
      throw new InputError('models', `A comparison is of 2 to ${MAX_COMPARED} models; there are ${named.length}.`, {
        remedy: 'Name models by their ids, or spaces for what is live there.',
      });
    const models: Model[] = [];
    for (const [at, name] of named.entries()) models.push(await this.versions.named(`models[${at}]`, name));
    checkDifferent(
      'models',
      models.map((model) => model.id),
    );
    const sides: Neighbours[] = [];
    for (const model of models) sides.push(await this.neighboursBy(model, id, first));
    return sides.map((side) => ({
      ...side,
      overlaps: sides.filter((other) => other !== side).map((other) => overlapOf(side, other)),
    }));
  }

  private async neighboursBy(model: Model, id: string, first: number): Promise<Neighbours> {
    const [known] = await this.lists.find(model, [id]);
    if (!known) return { model, neighbours: [] };
    const [thing] = await this.lists.things(model, [known]);
    const { entries } = await this.lists.nearest(model, {
      question: ['compared', id],
      vector: known.unit,
      exclude: [id],
      page: { first },
    });
    return { model, thing, neighbours: entries.map(({ score, node }) => ({ score, thing: node })) };
  }
}

function overlapOf(side: Neighbours, other: Neighbours): NeighbourOverlap {
  const ids = new Set(side.neighbours.map(({ thing }) => thing.id));
  const shared = other.neighbours.filter(({ thing }) => ids.has(thing.id)).length;
  const either = ids.size + other.neighbours.length - shared;
  const comparable = side.thing !== undefined && other.thing !== undefined && either > 0;
  return { modelId: other.model.id, shared, ...(comparable && { jaccard: shared / either }) };
}
