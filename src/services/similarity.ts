/** What is alike in any space, by cosine between input vectors; and the vectors themselves, as a stream. */
import type { Entry, Page, PageRequest } from '../domain/answers';
import type { Model } from '../domain/model';
import { KindredError } from '../errors';
import type { Database } from '../stores/database';
import { exportVectors, vectorTableName } from '../stores/vectors';
import type { RankedLists } from './ranking';
import { checkIds } from './recommendation';
import { type ModelRegistry, modelNotFound } from './registry';

export interface VectorRow {
  id: string;
  /** (dimension) */
  vector: Float32Array;
}

export class Similarity {
  constructor(private readonly lists: RankedLists) {}

  /** @throws InputError, ModelNotReadyError; KindredError NOT_FOUND when the id has no vector in the live model */
  async similar(space: string, id: string, page: PageRequest): Promise<Page<Entry<string>>> {
    checkIds('id', [id], 1);
    const result = await this.lists.page({
      space,
      question: ['alike', id],
      page,
      attempts: [{ ranking: 'VECTORS', origin: () => ({ by: 'alike', like: [id], unlike: [] }) }],
      request: { exclude: [id] },
    });
    if (result.entries.length === 0 && page.after === undefined)
      throw new KindredError('NOT_FOUND', `"${id}" has no vector in "${result.model.id}".`, {
        field: 'id',
        remedy: 'Check the id; something that arrived after training gets a vector at the next one.',
      });
    return { ...result, entries: result.entries.map(({ node, ...entry }) => ({ ...entry, node: node.id })) };
  }
}

export class Export {
  constructor(
    private readonly database: Database,
    private readonly registry: ModelRegistry,
  ) {}

  /**
   * The input vectors of a model, or of a space's live one, ordered by id.
   * @throws KindredError MODEL_NOT_FOUND when neither a model nor a space with a live model has this name
   */
  async vectors(spaceOrModelId: string): Promise<{ model: Model; rows: AsyncGenerator<VectorRow> }> {
    const model = (await this.registry.get(spaceOrModelId)) ?? (await this.registry.findLive(spaceOrModelId));
    if (!model) throw modelNotFound(spaceOrModelId);
    return { model, rows: exportVectors(this.database, vectorTableName(model.space, model.version)) };
  }
}
