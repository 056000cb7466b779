/** The vectors of things that pooling makes those of sequences from: a stored model's, by its id or its space. */
import type { Model } from '../../domain/model';
import { InputError, KindredError, OptionError } from '../../errors';
import { undefinedTable } from '../../stores/failures';
import { findLiveModel, findModels } from '../../stores/models';
import { readVectors, type VectorRows, vectorTableName } from '../../stores/vectors';
import { AmountBins } from './amount-bins';
import { type LessonContext, refuseCancelled } from './lesson';
import { spacesOfThings } from './spaces';

export interface PoolingBase {
  readonly id: string;
  readonly base: Omit<VectorRows, 'output'>;
  /** Those that its things are told apart by. */
  readonly bins?: AmountBins;
}

/**
 * @throws KindredError MODEL_NOT_READY where the space has no live model; InputError where there is none of this name;
 *   OptionError where its things have other bins than the run's; KindredError MODEL_NOT_FOUND where it is dropped meanwhile
 */
export async function readPoolingBase({ database, options, signal }: LessonContext): Promise<PoolingBase> {
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
  const bins = AmountBins.ofModel(model);
  const wanted = Number(options.amountBins ?? 0);
  if ((bins?.count ?? 0) !== wanted)
    throw new OptionError(
      'amountBins',
      `The things of "${model.id}" are told apart by ${bins?.count ?? 'no'} bins of amounts, not by ${wanted}.`,
      { remedy: `Set amountBins=${bins?.count ?? 0}, or name a model with such bins: --set base=ID` },
    );
  return { id: model.id, base: await vectorsOf(model, { database, signal }), bins };
}

/** Read a page at a time, in no transaction: a base of millions must not hold one open. */
async function vectorsOf(
  { id, space, version, dimension, vectors }: Model,
  { database, signal }: Pick<LessonContext, 'database' | 'signal'>,
): Promise<PoolingBase['base']> {
  const table = vectorTableName(space, version);
  try {
    return await readVectors(database, { table, dimension, vectors }, () => refuseCancelled(signal));
  } catch (error) {
    if (!undefinedTable(error)) throw error;
    throw new KindredError('MODEL_NOT_FOUND', `Model "${id}", which is to be pooled, was dropped while it was read.`, {
      field: 'base',
      remedy: 'Start the run again to pool the model that is live now, or name another: --set base=ID',
      facts: { modelId: id },
      cause: error,
    });
  }
}
