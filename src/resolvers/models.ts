/** The registry and training runs. */
import { Arg, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root, Subscription } from 'type-graphql';
import type { Metrics, TrainingRun as Run, Model as StoredModel } from '../domain/model';
import {
  type Baseline,
  CancelTrainingPayload,
  type Metric,
  Model,
  ModelData,
  ModelEvaluation,
  PromoteModelPayload,
  RollbackSpacePayload,
  StartTrainingInput,
  StartTrainingPayload,
  TrainingProgress,
  TrainingRun,
} from '../schema/models';
import type { Context } from './context';
import { givenId, givenTime } from './inputs';

@Resolver(() => Model)
export class ModelResolver {
  @Query(() => [Model], { description: 'Newest first.' })
  models(
    @Arg('space', () => String, { nullable: true }) space: string | null | undefined,
    @Ctx() { services }: Context,
  ) {
    return services.registry.list(space ?? undefined);
  }

  @Query(() => Model, { nullable: true, description: 'Null for an unknown id.' })
  model(@Arg('id', () => ID) id: string, @Ctx() { loaders }: Context) {
    return loaders.model.load(givenId('id', id));
  }

  @FieldResolver(() => ModelData)
  data(@Root() { data }: StoredModel): ModelData {
    return data;
  }

  @FieldResolver(() => ModelEvaluation, { nullable: true, description: 'Null when it was not measured.' })
  evaluation(@Root() { evaluation }: StoredModel): ModelEvaluation | undefined {
    if (!evaluation) return undefined;
    const baselines = evaluation.baselines.map(({ name, plain, metrics }): Baseline => {
      return { name, plain, metrics: toMetrics(metrics) };
    });
    return { ...evaluation, metrics: toMetrics(evaluation.metrics), baselines };
  }

  @Mutation(() => PromoteModelPayload, {
    description:
      'Makes a version the one that answers for its space. One that loses to the plain baseline is refused unless forced.',
  })
  promoteModel(
    @Arg('id', () => ID) id: string,
    @Arg('force', () => Boolean, { nullable: true, defaultValue: false }) force: boolean | null,
    @Ctx() { services }: Context,
  ) {
    return services.registry.promote(givenId('id', id), { force: force ?? false });
  }

  @Mutation(() => RollbackSpacePayload, { description: 'Moves a space back to what was live before.' })
  rollbackSpace(@Arg('space', () => String) space: string, @Ctx() { services }: Context) {
    return services.registry.rollback(givenId('space', space));
  }
}

function toMetrics(metrics: Metrics): Metric[] {
  return Object.entries(metrics).map(([name, value]) => ({ name, value }));
}

@Resolver(() => TrainingRun)
export class TrainingRunResolver {
  @Query(() => TrainingRun, { nullable: true, description: 'Null for an unknown id.' })
  trainingRun(@Arg('id', () => ID) id: string, @Ctx() { services }: Context) {
    return services.training.get(givenId('id', id));
  }

  @FieldResolver(() => Model, { nullable: true, description: 'The version it made.' })
  model(@Root() { modelId }: Run, @Ctx() { loaders }: Context) {
    return modelId === undefined ? undefined : loaders.model.load(modelId);
  }

  @Mutation(() => StartTrainingPayload, {
    description: 'Runs go one at a time; this one may have to wait for its turn.',
  })
  async startTraining(@Arg('input', () => StartTrainingInput) input: StartTrainingInput, @Ctx() { services }: Context) {
    const running = await services.training.start({
      trainer: input.trainer,
      space: input.space ?? undefined,
      options: input.options ?? {},
      dataFrom: givenTime('input.dataFrom', input.dataFrom),
      dataTo: givenTime('input.dataTo', input.dataTo),
      evaluate: input.evaluate ?? true,
      promote: input.promote ?? false,
      force: input.force ?? false,
      restart: input.restart ?? false,
    });
    return { run: running.current() };
  }

  @Mutation(() => CancelTrainingPayload, { description: 'A run that has ended stays as it is.' })
  async cancelTraining(@Arg('id', () => ID) id: string, @Ctx() { services }: Context) {
    services.training.cancel(givenId('id', id));
    return { run: await services.training.get(id) };
  }

  @Subscription(() => TrainingProgress, {
    subscribe: ({ args, context }) => (context as Context).services.training.watch(givenId('id', String(args.id))),
    description: 'The run as it is, then each report, until it ends. Nothing for an unknown id.',
  })
  trainingProgress(@Root() run: Run, @Arg('id', () => ID) _id: string) {
    return { ...run, run };
  }
}
