/** Relay connections of ranked lists: score and reason on the edge, the version that gave the list on the connection. */
import { Field, Float, Int, ObjectType, registerEnumType } from 'type-graphql';
import { RANKINGS, type Ranking } from '../domain/answers';
import { Model } from './models';
import { Item, User } from './records';

@ObjectType({ simpleResolvers: true })
export class PageInfo {
  @Field(() => Boolean)
  hasNextPage!: boolean;

  @Field(() => Boolean)
  hasPreviousPage!: boolean;

  @Field(() => String, { nullable: true })
  startCursor?: string;

  @Field(() => String, { nullable: true })
  endCursor?: string;
}

export const RankingEnum = Object.fromEntries(RANKINGS.map((name) => [name, name]));
registerEnumType(RankingEnum, {
  name: 'Ranking',
  description: 'How a list was ranked.',
  valuesConfig: {
    VECTORS: {
      description: 'By the vector of what was asked about. Scores are cosines, or inner products for friends.',
    },
    HISTORY: {
      description: 'By the vector of what the user did, or of the events given. Scores are inner products with a bias.',
    },
    FRIENDS: { description: "By the mean vector of the user's friends, since the user is not in the model yet." },
    POPULARITY: { description: 'Nothing is known yet, so the most frequent come first. Scores are counts.' },
  },
});

@ObjectType({ simpleResolvers: true })
export class ScoredItemEdge {
  @Field(() => String)
  cursor!: string;

  @Field(() => Float, { description: 'The higher the better; comparable within one list only.' })
  score!: number;

  @Field(() => Item)
  node!: Item;
}

@ObjectType({ simpleResolvers: true })
export class ScoredItemConnection {
  @Field(() => [ScoredItemEdge])
  edges!: ScoredItemEdge[];

  @Field(() => PageInfo)
  pageInfo!: PageInfo;

  @Field(() => Model, { description: 'The version that gave this page.' })
  model!: Model;

  @Field(() => RankingEnum)
  ranking!: Ranking;
}

@ObjectType({ simpleResolvers: true, description: 'Why somebody is suggested.' })
export class FriendReason {
  @Field(() => Int, { description: 'How many friends the two have in common.' })
  mutualFriends!: number;
}

@ObjectType({ simpleResolvers: true })
export class SuggestedFriendEdge {
  @Field(() => String)
  cursor!: string;

  @Field(() => Float, { description: 'The higher the better; comparable within one list only.' })
  score!: number;

  @Field(() => FriendReason)
  reason!: FriendReason;

  @Field(() => User)
  node!: User;
}

@ObjectType({ simpleResolvers: true })
export class SuggestedFriendConnection {
  @Field(() => [SuggestedFriendEdge])
  edges!: SuggestedFriendEdge[];

  @Field(() => PageInfo)
  pageInfo!: PageInfo;

  @Field(() => Model, { description: 'The version that gave this page.' })
  model!: Model;

  @Field(() => RankingEnum)
  ranking!: Ranking;
}
