/** The registry: trained versions, how good they are, and the runs that make them. */
import { GraphQLJSONObject } from 'graphql-scalars';
import { Field, Float, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { TRAINING_STATUSES, type TrainingStatus } from '../domain/model';
import { DateTime, type RawTime } from './scalars';

const PROMOTION_NOTE =
  'Says when the plain baseline is only tied with, when a stronger one is ahead, or why force was needed.';

@ObjectType({ simpleResolvers: true })
export class Metric {
  @Field(() => String)
  name!: string;

  @Field(() => Float, { nullable: true, description: 'Null where it could not be measured.' })
  value?: number | null;
}

@ObjectType({ simpleResolvers: true, description: 'What simpler means reach on the same held-out data.' })
export class Baseline {
  @Field(() => String)
  name!: string;

  @Field(() => Boolean, { description: 'The one that a model must not lose to.' })
  plain!: boolean;

  @Field(() => [Metric])
  metrics!: Metric[];
}

@ObjectType('Evaluation', { simpleResolvers: true, description: 'What a model reached on data held out from it.' })
export class ModelEvaluation {
  @Field(() => String, { description: 'What was hidden, and how it was ranked.' })
  protocol!: string;

  @Field(() => Boolean, { description: 'Whether the ranking was against a sample in place of everything.' })
  sampled!: boolean;

  @Field(() => String, { description: 'The metric that decides about promotion.' })
  primary!: string;

  @Field(() => [Metric])
  metrics!: Metric[];

  @Field(() => [Baseline])
  baselines!: Baseline[];
}

@ObjectType({ simpleResolvers: true, description: 'A trained version in a space. It never changes.' })
export class Model {
  @Field(() => ID)
  id!: string;

  @Field(() => String, { description: 'The family of vectors: items, users, accounts …' })
  space!: string;

  @Field(() => String)
  trainer!: string;

  @Field(() => Int)
  version!: number;

  @Field(() => Boolean, { description: 'Whether it answers for its space now.' })
  live!: boolean;

  @Field(() => GraphQLJSONObject)
  options!: Record<string, unknown>;

  @Field(() => GraphQLJSONObject, { description: 'Facts about its training: tokens, loss …' })
  facts!: Record<string, unknown>;

  @Field(() => Int)
  dimension!: number;

  @Field(() => Int, { description: 'How many things have a vector.' })
  vectors!: number;

  @Field(() => Float, { description: 'How long the final training took.' })
  seconds!: number;

  @Field(() => DateTime)
  createdAt!: Date;
}

@ObjectType({ simpleResolvers: true, description: 'The part of a stream that a model learned from.' })
export class ModelData {
  @Field(() => String)
  stream!: string;

  @Field(() => Int)
  rows!: number;

  @Field(() => DateTime, { nullable: true })
  from?: Date;

  @Field(() => DateTime, { nullable: true })
  to?: Date;
}

export const TrainingStatusEnum = Object.fromEntries(
  TRAINING_STATUSES.map((status) => [status.toUpperCase(), status]),
) as Record<string, TrainingStatus>;
registerEnumType(TrainingStatusEnum, { name: 'TrainingStatus' });

@ObjectType({ simpleResolvers: true })
export class TrainingError {
  @Field(() => String)
  code!: string;

  @Field(() => String)
  message!: string;

  @Field(() => String, { nullable: true })
  remedy?: string;
}

@ObjectType({
  simpleResolvers: true,
  description: 'What came of promotion where a run was started with promote: true.',
})
export class RunPromotion {
  @Field(() => Boolean, { description: 'Whether the version became the one that answers for its space.' })
  promoted!: boolean;

  @Field(() => Boolean, { description: 'Whether it took force.' })
  forced!: boolean;

  @Field(() => ID, { nullable: true, description: 'What was live before.' })
  replacedId?: string;

  @Field(() => String, { nullable: true, description: PROMOTION_NOTE })
  note?: string;

  @Field(() => TrainingError, { nullable: true, description: 'Why it was refused. The version is kept.' })
  refusal?: TrainingError;
}

@ObjectType({ simpleResolvers: true, description: 'One training run, as last reported.' })
export class TrainingRun {
  @Field(() => ID)
  id!: string;

  @Field(() => String)
  trainer!: string;

  @Field(() => String)
  space!: string;

  @Field(() => GraphQLJSONObject)
  options!: Record<string, unknown>;

  @Field(() => TrainingStatusEnum)
  status!: TrainingStatus;

  @Field(() => String, { nullable: true, description: 'What is being done now.' })
  phase?: string;

  @Field(() => Float, { description: 'Units of work done in this phase.' })
  done!: number;

  @Field(() => Float)
  total!: number;

  @Field(() => Float, { nullable: true })
  loss?: number;

  @Field(() => TrainingError, { nullable: true })
  error?: TrainingError;

  @Field(() => RunPromotion, {
    nullable: true,
    description: 'Null where promotion was not asked for, or the run did not get so far.',
  })
  promotion?: RunPromotion;

  @Field(() => DateTime)
  startedAt!: Date;

  @Field(() => DateTime, { nullable: true })
  finishedAt?: Date;
}

@ObjectType({ simpleResolvers: true, description: 'A report from a run.' })
export class TrainingProgress {
  @Field(() => ID)
  id!: string;

  @Field(() => TrainingStatusEnum)
  status!: TrainingStatus;

  @Field(() => String, { nullable: true })
  phase?: string;

  @Field(() => Float)
  done!: number;

  @Field(() => Float)
  total!: number;

  @Field(() => Float, { nullable: true })
  loss?: number;

  @Field(() => TrainingRun)
  run!: TrainingRun;
}

@InputType()
export class StartTrainingInput {
  @Field(() => String, {
    description: 'word2vec, doc2vec, fasttext, pooling, elmo, coles, sasrec, node2vec or autoencoder.',
  })
  trainer!: string;

  @Field(() => String, { nullable: true, description: "The trainer's own space, by its options, unless given." })
  space?: string | null;

  @Field(() => GraphQLJSONObject, { nullable: true, description: "The trainer's options, by name." })
  options?: Record<string, unknown> | null;

  @Field(() => DateTime, { nullable: true, description: 'Learn only from records at or after this time.' })
  dataFrom?: RawTime | null;

  @Field(() => DateTime, { nullable: true, description: 'Learn only from records before this time.' })
  dataTo?: RawTime | null;

  @Field(() => Boolean, { nullable: true, defaultValue: true, description: 'Measure on held-out data first.' })
  evaluate?: boolean | null;

  @Field(() => Boolean, { nullable: true, defaultValue: false, description: 'Promote the version when it is there.' })
  promote?: boolean | null;

  @Field(() => Boolean, { nullable: true, defaultValue: false, description: 'Promote it even if it loses.' })
  force?: boolean | null;

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description: 'Begin anew; otherwise a run that was interrupted goes on from its last checkpoint.',
  })
  restart?: boolean | null;
}

@ObjectType({ simpleResolvers: true })
export class StartTrainingPayload {
  @Field(() => TrainingRun)
  run!: TrainingRun;
}

@ObjectType({ simpleResolvers: true })
export class CancelTrainingPayload {
  @Field(() => TrainingRun, { nullable: true, description: 'Null for an unknown id.' })
  run?: TrainingRun;
}

@ObjectType({ simpleResolvers: true })
export class PromoteModelPayload {
  @Field(() => Model)
  model!: Model;

  @Field(() => ID, { nullable: true, description: 'What was live before.' })
  replacedId?: string;

  @Field(() => Boolean, { description: 'Whether it took force.' })
  forced!: boolean;

  @Field(() => String, { nullable: true, description: PROMOTION_NOTE })
  note?: string;
}

@ObjectType({ simpleResolvers: true })
export class RollbackSpacePayload {
  @Field(() => Model, { description: 'What answers again.' })
  model!: Model;

  @Field(() => ID)
  replacedId!: string;
}
