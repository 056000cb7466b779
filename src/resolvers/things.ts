/** Things of any space: what is near, a - b + c, the odd one out, and the same by several models. */
import { Arg, Ctx, FieldResolver, ID, Int, Query, Resolver, Root } from 'type-graphql';
import type { ThingPage, Thing as ThingRecord } from '../domain/things';
import { ModelNeighbours, OddOneOut, PopularityBandEnum, Thing, ThingConnection } from '../schema/things';
import { type PageArguments, pageInfo, pageRequest } from './connections';
import type { Context } from './context';

export const USUAL_PAGE = 10;

type Band = ThingRecord['band'] | null | undefined;

@Resolver(() => Thing)
export class ThingResolver {
  @FieldResolver(() => String, { nullable: true, description: 'From the catalogue, for items and users.' })
  async title(@Root() { id, catalogued }: ThingRecord, @Ctx() { loaders }: Context): Promise<string | undefined> {
    if (catalogued === undefined) return undefined;
    return (await loaders[catalogued].load(id))?.title;
  }

  @Query(() => ThingConnection, {
    description:
      'Things of a space like those given and unlike those given, never the given ones; in a band of popularity, if one is named. By the live model unless a version is named.',
  })
  async similarThings(
    @Arg('space', () => String) space: string,
    @Arg('like', () => [ID]) like: string[],
    @Arg('unlike', () => [ID], { nullable: true }) unlike: string[] | null | undefined,
    @Arg('band', () => PopularityBandEnum, { nullable: true }) band: Band,
    @Arg('model', () => ID, { nullable: true }) model: string | null | undefined,
    @Arg('first', () => Int, { nullable: true, defaultValue: USUAL_PAGE }) first: number | null,
    @Arg('after', () => String, { nullable: true }) after: string | null | undefined,
    @Ctx() { services }: Context,
  ): Promise<ThingConnection> {
    const page = pageRequest({ first, after }, USUAL_PAGE);
    const question = { space, like, unlike: unlike ?? [], band: band ?? undefined, model: model ?? undefined };
    return thingConnection(await services.neighbours.similarThings({ ...question, ...page }), page);
  }

  @Query(() => ThingConnection, {
    description:
      'a - b + c: nearest to the sum of `plus` less `minus` (3CosAdd on unit vectors), the given things left out.',
  })
  async analogy(
    @Arg('space', () => String) space: string,
    @Arg('plus', () => [ID]) plus: string[],
    @Arg('minus', () => [ID]) minus: string[],
    @Arg('model', () => ID, { nullable: true }) model: string | null | undefined,
    @Arg('first', () => Int, { nullable: true, defaultValue: USUAL_PAGE }) first: number | null,
    @Arg('after', () => String, { nullable: true }) after: string | null | undefined,
    @Ctx() { services }: Context,
  ): Promise<ThingConnection> {
    const page = pageRequest({ first, after }, USUAL_PAGE);
    const question = { space, plus, minus, model: model ?? undefined };
    return thingConnection(await services.neighbours.analogy({ ...question, ...page }), page);
  }

  @Query(() => OddOneOut, { description: 'Which of three or more things does not belong with the others.' })
  oddOneOut(
    @Arg('space', () => String) space: string,
    @Arg('ids', () => [ID]) ids: string[],
    @Arg('model', () => ID, { nullable: true }) model: string | null | undefined,
    @Ctx() { services }: Context,
  ) {
    return services.neighbours.oddOneOut({ space, ids, model: model ?? undefined });
  }

  @Query(() => [ModelNeighbours], {
    description:
      'The neighbours of one thing by 2 to 10 models side by side: ids of models, or names of spaces for their live ones.',
  })
  compareModels(
    @Arg('id', () => ID) id: string,
    @Arg('models', () => [ID]) models: string[],
    @Arg('first', () => Int, { nullable: true, defaultValue: USUAL_PAGE }) first: number | null,
    @Ctx() { services }: Context,
  ) {
    return services.comparison.compareModels({ id, models, first: first ?? USUAL_PAGE });
  }
}

export function thingConnection(page: ThingPage, args: PageArguments): ThingConnection {
  const { entries, model, ranking, unknown } = page;
  return { edges: entries, pageInfo: pageInfo(page, args), model: model as never, ranking, unknown: [...unknown] };
}
