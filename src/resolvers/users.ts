/** People: what to show them next, and whom they might know. */
import { Arg, Ctx, FieldResolver, ID, Int, Query, Resolver, Root } from 'type-graphql';
import {
  FriendReason,
  ScoredItemConnection,
  SuggestedFriendConnection,
  SuggestedFriendEdge,
} from '../schema/connections';
import { ItemFilter } from '../schema/inputs';
import { User } from '../schema/records';
import { type FriendEdge, friendConnection, itemConnection, pageRequest } from './connections';
import type { Context } from './context';
import { givenId, itemFilter, shortList } from './inputs';

const USUAL_PAGE = 10;
const USUAL_FRIENDS = 5;

@Resolver(() => User)
export class UserResolver {
  @Query(() => User, { nullable: true, description: 'Null for an unknown id.' })
  user(@Arg('userId', () => ID) userId: string, @Ctx() { loaders }: Context): Promise<User | undefined> {
    return loaders.user.load(givenId('userId', userId));
  }

  @FieldResolver(() => ScoredItemConnection, {
    description: 'What the user has not seen yet. Who did nothing yet gets what is popular: see `ranking`.',
  })
  async recommendedItems(
    @Root() { userId }: User,
    @Arg('first', () => Int, { nullable: true, defaultValue: USUAL_PAGE }) first: number | null,
    @Arg('after', () => String, { nullable: true }) after: string | null | undefined,
    @Arg('where', () => ItemFilter, { nullable: true }) where: ItemFilter | null | undefined,
    @Ctx() { services }: Context,
  ): Promise<ScoredItemConnection> {
    const page = pageRequest({ first, after }, USUAL_PAGE);
    const question = { userId, where: itemFilter(where), ...page };
    return itemConnection(await services.recommendation.recommendedItems(question), page);
  }

  @FieldResolver(() => SuggestedFriendConnection, {
    description:
      'Never the user, never a friend already. Who is in no model yet is placed among their friends: see `ranking`.',
  })
  async suggestedFriends(
    @Root() { userId }: User,
    @Arg('first', () => Int, { nullable: true, defaultValue: USUAL_PAGE }) first: number | null,
    @Arg('after', () => String, { nullable: true }) after: string | null | undefined,
    @Ctx() { services }: Context,
  ) {
    const page = pageRequest({ first, after }, USUAL_PAGE);
    return friendConnection(await services.friends.suggestedFriends({ userId, ...page }), page);
  }
}

@Resolver(() => SuggestedFriendEdge)
export class SuggestedFriendEdgeResolver {
  @FieldResolver(() => User)
  async node(@Root() { userId }: FriendEdge, @Ctx() { loaders }: Context): Promise<User> {
    return (await loaders.user.load(userId)) ?? { userId };
  }
}

@Resolver(() => FriendReason)
export class FriendReasonResolver {
  @FieldResolver(() => Number)
  mutualFriends(@Root() { count }: FriendEdge['reason']): number {
    return count;
  }

  @FieldResolver(() => [User], { description: 'Some of them, at most 10.' })
  async friends(
    @Root() { ids }: FriendEdge['reason'],
    @Arg('first', () => Int, { nullable: true, defaultValue: USUAL_FRIENDS }) first: number | null,
    @Ctx() { loaders }: Context,
  ): Promise<User[]> {
    const some = ids.slice(0, shortList('first', first ?? USUAL_FRIENDS));
    return Promise.all(some.map(async (userId) => (await loaders.user.load(userId)) ?? { userId }));
  }
}
