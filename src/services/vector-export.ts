/** The vectors of a space or of a version, as a stream. */
import type { Model } from '../domain/model';
import type { Database } from '../stores/database';
import { exportVectors, vectorTableName } from '../stores/vectors';
import { type ModelRegistry, modelNotFound } from './registry';

export interface VectorRow {
  id: string;
  /** (dimension) */
  vector: Float32Array;
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
