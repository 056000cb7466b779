/** Things of any space: neighbours with their popularity, analogies, comparisons, vectors of what came after training. */
import { Field, Float, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import type { Ranking } from '../domain/answers';
import { POPULARITY_BANDS, type PopularityBand } from '../domain/things';
import { PageInfo, RankingEnum, ScoredItemEdge } from './connections';
import { Model } from './models';
import { DateTime, type RawTime } from './scalars';

export const PopularityBandEnum = Object.fromEntries(POPULARITY_BANDS.map((name) => [name, name]));
registerEnumType(PopularityBandEnum, {
  name: 'PopularityBand',
  description:
    'How popular a thing is among all that its model saw, the most frequent first. Things that were seen equally often are in one band.',
  valuesConfig: {
    HIGH: { description: 'The most frequent, which together make a third of all events.' },
    MIDDLE: { description: 'Those which make the next third.' },
    LOW: { description: 'The rest.' },
  },
});

@ObjectType({ simpleResolvers: true, description: 'What a space has a vector of: an item, a merchant, a user …' })
export class Thing {
  @Field(() => ID)
  id!: string;

  @Field(() => Int, { description: 'How often the model saw it; of a whole sequence, how many events it has.' })
  frequency!: number;

  @Field(() => PopularityBandEnum)
  band!: PopularityBand;
}

@ObjectType({ simpleResolvers: true })
export class ThingEdge {
  @Field(() => String)
  cursor!: string;

  @Field(() => Float, { description: 'Cosine to what was asked about.' })
  score!: number;

  @Field(() => Thing)
  node!: Thing;
}

@ObjectType({ simpleResolvers: true })
export class ThingConnection {
  @Field(() => [ThingEdge])
  edges!: ThingEdge[];

  @Field(() => PageInfo)
  pageInfo!: PageInfo;

  @Field(() => Model, { description: 'The version that gave this page.' })
  model!: Model;

  @Field(() => RankingEnum)
  ranking!: Ranking;

  @Field(() => [ID], { description: 'Things of the question that the model does not know, and left out.' })
  unknown!: string[];
}

@ObjectType({ simpleResolvers: true, description: 'What comes next, best first.' })
export class NextItemConnection {
  @Field(() => [ScoredItemEdge])
  edges!: ScoredItemEdge[];

  @Field(() => PageInfo)
  pageInfo!: PageInfo;

  @Field(() => Model, { description: 'The version that gave this page.' })
  model!: Model;

  @Field(() => RankingEnum)
  ranking!: Ranking;

  @Field(() => [ID], { description: 'Things of the events that the model does not know, and left out.' })
  unknown!: string[];
}

@ObjectType({ simpleResolvers: true })
export class OddCandidate {
  @Field(() => Thing)
  thing!: Thing;

  @Field(() => Float, { description: 'Mean cosine to the others.' })
  similarity!: number;
}

@ObjectType({ simpleResolvers: true })
export class OddOneOut {
  @Field(() => OddCandidate, { description: 'The one with the least mean cosine to the others.' })
  odd!: OddCandidate;

  @Field(() => [OddCandidate], { description: 'All of them, in the order of the question.' })
  candidates!: OddCandidate[];

  @Field(() => Model)
  model!: Model;
}

@ObjectType({ simpleResolvers: true })
export class Neighbour {
  @Field(() => Float, { description: 'Cosine.' })
  score!: number;

  @Field(() => Thing)
  thing!: Thing;
}

@ObjectType({ simpleResolvers: true, description: 'How far two lists of neighbours agree.' })
export class NeighbourOverlap {
  @Field(() => ID, { description: 'The other model.' })
  modelId!: string;

  @Field(() => Int, { description: 'Neighbours in both lists.' })
  shared!: number;

  @Field(() => Float, {
    nullable: true,
    description: 'Those in both lists over those in either; null where one of the models does not know the id.',
  })
  jaccard?: number;
}

@ObjectType({ simpleResolvers: true, description: "One model's part of a comparison." })
export class ModelNeighbours {
  @Field(() => Model)
  model!: Model;

  @Field(() => Thing, { nullable: true, description: 'As this model knows it; null where it has no vector of the id.' })
  thing?: Thing;

  @Field(() => [Neighbour])
  neighbours!: Neighbour[];

  @Field(() => [NeighbourOverlap], { description: 'With each of the other models, in the order of the question.' })
  overlaps!: NeighbourOverlap[];
}

@ObjectType({ simpleResolvers: true, description: 'The vector of a text or a sequence that came after training.' })
export class SequenceVector {
  @Field(() => Model)
  model!: Model;

  @Field(() => [Float])
  vector!: number[];

  @Field(() => [ID], { description: 'Things of the events that the model does not know, and left out.' })
  unknown!: string[];
}

@ObjectType({ simpleResolvers: true })
export class EventVector {
  @Field(() => ID)
  thing!: string;

  @Field(() => DateTime)
  occurredAt!: Date;

  @Field(() => [Float])
  vector!: number[];
}

@ObjectType({ simpleResolvers: true, description: 'A vector for each event in the context of the others.' })
export class ContextualVectors {
  @Field(() => Model)
  model!: Model;

  @Field(() => Int, { description: 'Length of each vector.' })
  dimension!: number;

  @Field(() => [EventVector], { description: 'The events that the model knows, in the order of time.' })
  events!: EventVector[];

  @Field(() => [ID], { description: 'Things of the events that the model does not know, and left out.' })
  unknown!: string[];
}

@InputType({ description: 'A category of an event by its name: action, channel, country …' })
export class EventCategoryInput {
  @Field(() => String)
  name!: string;

  @Field(() => String)
  value!: string;
}

@InputType({ description: 'An event of a sequence that came after training.' })
export class SequenceEventInput {
  @Field(() => ID, { description: 'What the model learned: an item, a merchant, a category …' })
  thing!: string;

  @Field(() => DateTime, { nullable: true, description: 'Now unless given. Events of one time keep their order.' })
  occurredAt?: RawTime | null;

  @Field(() => Float, { nullable: true })
  amount?: number | null;

  @Field(() => [EventCategoryInput], { nullable: true, description: 'Each name once.' })
  categories?: EventCategoryInput[] | null;
}
