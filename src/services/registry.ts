/** The model registry: immutable versions, one live pointer a space, moved in one transaction. */
import type { Model, Promotion } from '../domain/model';

export class ModelRegistry {
  /** Newest first. */
  list(space?: string): Promise<Model[]> {
    throw new Error(`unwritten ${space}`);
  }

  get(id: string): Promise<Model | undefined> {
    throw new Error(`unwritten ${id}`);
  }

  /** @throws ModelNotReadyError */
  live(space: string): Promise<Model> {
    throw new Error(`unwritten ${space}`);
  }

  /**
   * Makes a version the one that answers for its space.
   * @throws KindredError MODEL_NOT_FOUND; PROMOTION_REFUSED when it loses to the plain baseline (or was never evaluated) and `force` is not set
   */
  promote(id: string, options: { force?: boolean } = {}): Promise<Promotion> {
    throw new Error(`unwritten ${id} ${options}`);
  }

  /**
   * Moves the space back to what was live before; repeatable, one promotion further back each time.
   * @throws ModelNotReadyError; KindredError NOT_FOUND when there is nothing before
   */
  rollback(space: string): Promise<Promotion> {
    throw new Error(`unwritten ${space}`);
  }

  /** Drops a version whole. @throws KindredError MODEL_NOT_FOUND; BAD_USER_INPUT for a live one */
  drop(id: string): Promise<void> {
    throw new Error(`unwritten ${id}`);
  }
}
