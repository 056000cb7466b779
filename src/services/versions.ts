/**
 * Which version answers a question about a space: the one that a page's cursor names, the one that was asked for, or the
 * live one.
 */
import type { Model } from '../domain/model';
import { InputError } from '../errors';
import { cursorOfDroppedModel, readListCursor } from './paging';
import { checkIds } from './recommendation';
import { type ModelRegistry, modelNotFound } from './registry';

export interface VersionRequest {
  space: string;
  /** Id of a version of the space. @default the live one */
  model?: string;
  /** Cursor of the page before: later pages come from the version that gave the first. */
  after?: string;
}

export class Versions {
  constructor(private readonly registry: ModelRegistry) {}

  /** @throws InputError, ModelNotReadyError; KindredError MODEL_NOT_FOUND */
  async answering({ space, model: asked, after }: VersionRequest): Promise<Model> {
    checkIds('space', [space], 1);
    if (asked !== undefined) checkIds('model', [asked], 1);
    if (after !== undefined) return this.ofCursor(after, space, asked);
    if (asked === undefined) return this.registry.live(space);
    const model = await this.registry.get(asked);
    if (!model) throw modelNotFound(asked, 'model');
    if (model.space !== space)
      throw new InputError('model', `Model "${asked}" is of space "${model.space}", not of "${space}".`, {
        remedy: `List the versions of the space with: kindred models ${space}`,
      });
    return model;
  }

  /** A version by its id, or the live one of a space by its name. @throws KindredError MODEL_NOT_FOUND */
  async named(field: string, spaceOrModelId: string): Promise<Model> {
    checkIds(field, [spaceOrModelId], 1);
    const model = (await this.registry.get(spaceOrModelId)) ?? (await this.registry.findLive(spaceOrModelId));
    if (!model) throw modelNotFound(spaceOrModelId, field);
    return model;
  }

  private async ofCursor(after: string, space: string, asked: string | undefined): Promise<Model> {
    const { modelId } = readListCursor(after);
    const model = await this.registry.get(modelId);
    if (!model) throw cursorOfDroppedModel('after', modelId);
    if (model.space !== space || (asked !== undefined && asked !== modelId))
      throw new InputError('after', '"after" is a cursor of another list.', {
        remedy: 'Keep the question the same from page to page, or start again without a cursor.',
      });
    return model;
  }
}
