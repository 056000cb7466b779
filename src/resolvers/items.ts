/** Items and what is like them. */
import { Arg, Ctx, FieldResolver, ID, Int, Query, Resolver, Root } from 'type-graphql';
import { ScoredItemConnection } from '../schema/connections';
import { ItemFilter } from '../schema/inputs';
import { Item } from '../schema/records';
import { itemConnection, pageRequest } from './connections';
import type { Context } from './context';
import { givenId, itemFilter } from './inputs';

const USUAL_PAGE = 10;

@Resolver(() => Item)
export class ItemResolver {
  @Query(() => Item, { nullable: true, description: 'Null for an unknown id.' })
  item(@Arg('itemId', () => ID) itemId: string, @Ctx() { loaders }: Context): Promise<Item | undefined> {
    return loaders.item.load(givenId('itemId', itemId));
  }

  @Query(() => ScoredItemConnection, {
    description:
      'Items like those given and unlike those given, never the given ones. Ids without a vector do not count.',
  })
  async similarItems(
    @Arg('like', () => [ID]) like: string[],
    @Arg('unlike', () => [ID], { nullable: true }) unlike: string[] | null | undefined,
    @Arg('first', () => Int, { nullable: true, defaultValue: USUAL_PAGE }) first: number | null,
    @Arg('after', () => String, { nullable: true }) after: string | null | undefined,
    @Arg('where', () => ItemFilter, { nullable: true }) where: ItemFilter | null | undefined,
    @Ctx() { services }: Context,
  ): Promise<ScoredItemConnection> {
    const page = pageRequest({ first, after }, USUAL_PAGE);
    const question = { like, unlike: unlike ?? [], where: itemFilter(where), ...page };
    return itemConnection(await services.recommendation.similarItems(question), page);
  }

  @FieldResolver(() => ScoredItemConnection, { description: 'Items like this one.' })
  async similar(
    @Root() { itemId }: Item,
    @Arg('first', () => Int, { nullable: true, defaultValue: USUAL_PAGE }) first: number | null,
    @Arg('after', () => String, { nullable: true }) after: string | null | undefined,
    @Arg('where', () => ItemFilter, { nullable: true }) where: ItemFilter | null | undefined,
    @Ctx() { services }: Context,
  ): Promise<ScoredItemConnection> {
    const page = pageRequest({ first, after }, USUAL_PAGE);
    const question = { like: [itemId], where: itemFilter(where), ...page };
    return itemConnection(await services.recommendation.similarItems(question), page);
  }
}
