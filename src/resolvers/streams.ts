/** What the store holds. */
import { Ctx, Query, Resolver } from 'type-graphql';
import { StreamStatus } from '../schema/records';
import type { Context } from './context';

@Resolver(() => StreamStatus)
export class StreamResolver {
  @Query(() => [StreamStatus])
  streams(@Ctx() { services }: Context): Promise<StreamStatus[]> {
    return services.catalogue.streams();
  }
}
