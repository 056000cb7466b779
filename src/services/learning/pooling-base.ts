/** The vectors of things that pooling makes those of sequences from: a stored model's, by its id or its space. */
import { InputError, KindredError } from '../../errors';
import { findLiveModel, findModels } from '../../stores/models';
import { readVectors, type VectorRows, vectorTableName } from '../../stores/vectors';
import { type LessonContext, refuseCancelled } from './lesson';
import { spacesOfThings } from './spaces';

/** @throws KindredError MODEL_NOT_READY where the space has no live model; InputError where there is none of this name */
export async function readPoolingBase({
  database,
  options,
  signal,
}: LessonContext): Promise<{ id: string; base: Omit<VectorRows, 'output'> }> {
  const named = options.base === undefined || options.base === 'auto' ? undefined : String(options.base);
  const name = named ?? spacesOfThings.space(options);
  const model = (await findModels(database, [name]))[0] ?? (await findLiveModel(database, name));
  if (!model && named === undefined)
    throw new KindredError(
      'MODEL_NOT_READY',
      `Pooling needs vectors of things, and space "${name}" has no live model.`,
      {
        field: 'base',
        remedy:
          'Train them first (kindred train word2vec --promote, with the same sequences and field), or name a model: --set base=ID',
        facts: { space: name },
        retriable: true,
      },
    );
  if (!model)
    throw new InputError('base', `There is neither a model "${name}" nor a space of this name with a live one.`, {
      remedy: 'List the models with: kindred models',
    });
  const table = vectorTableName(model.space, model.version);
  const base = await readVectors(database, { table, dimension: model.dimension, vectors: model.vectors }, () =>
    refuseCancelled(signal),
  );
  return { id: model.id, base };
}
