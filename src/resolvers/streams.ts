/** How the streams stand. Each part is worked out only where it is asked for. */
import { Ctx, FieldResolver, Query, Resolver, Root } from 'type-graphql';
import { STREAMS, type StreamName } from '../domain/events';
import { DateTime } from '../schema/scalars';
import { StreamOutputs, StreamPartition, StreamStatus } from '../schema/streams';
import type { IntakeStatus, StreamLook } from '../services/stream-status';
import type { Context } from './context';

/** What a `StreamStatus` is made of: a stream, and the look that this request takes. */
interface Looked {
  stream: StreamName;
  look: StreamLook;
}

const intake = ({ stream, look }: Looked): Promise<IntakeStatus> => look.intake(stream);

@Resolver(() => StreamStatus)
export class StreamResolver {
  @Query(() => [StreamStatus])
  streams(@Ctx() { services }: Context): StreamStatus[] {
    const look = services.streamStatus.look();
    return STREAMS.map((stream): StreamStatus & Looked => ({ stream, look }));
  }

  @Query(() => StreamOutputs)
  streamOutputs(@Ctx() { services }: Context): Promise<StreamOutputs> {
    return services.streamStatus.outputs();
  }

  @FieldResolver(() => Number, {
    description: "Records in the store: counted up to 50,000, beyond that the database's estimate (see recordsExact).",
  })
  async records(@Root() { stream, look }: Looked): Promise<number> {
    return (await look.count(stream)).rows;
  }

  @FieldResolver(() => Boolean, { description: 'Whether records is counted, not estimated.' })
  async recordsExact(@Root() { stream, look }: Looked): Promise<boolean> {
    return (await look.count(stream)).exact;
  }

  @FieldResolver(() => DateTime, {
    nullable: true,
    description:
      'Time of the earliest record. Except for transactions, every record is looked at: not for each second.',
  })
  async firstAt(@Root() { stream, look }: Looked): Promise<Date | undefined> {
    return (await look.times(stream)).firstAt;
  }

  @FieldResolver(() => DateTime, {
    nullable: true,
    description: 'Time of the latest record. Except for transactions, every record is looked at: not for each second.',
  })
  async lastAt(@Root() { stream, look }: Looked): Promise<Date | undefined> {
    return (await look.times(stream)).lastAt;
  }

  @FieldResolver(() => String, { nullable: true, description: 'Its topic; null where no Kafka is configured.' })
  async topic(@Root() looked: Looked): Promise<string | undefined> {
    return (await intake(looked)).topic;
  }

  @FieldResolver(() => [StreamPartition], {
    description: 'None where no Kafka is configured, or the topic is not there yet.',
  })
  async partitions(@Root() looked: Looked): Promise<readonly StreamPartition[]> {
    return (await intake(looked)).partitions;
  }

  @FieldResolver(() => Number, {
    nullable: true,
    description: 'Records still to be taken in, over all partitions; null where that is not known of each.',
  })
  async lag(@Root() looked: Looked): Promise<number | undefined> {
    return (await intake(looked)).lag;
  }

  @FieldResolver(() => Number, { description: 'Records a second over the last seconds, over all partitions.' })
  async rate(@Root() looked: Looked): Promise<number> {
    return (await intake(looked)).rate;
  }

  @FieldResolver(() => Number, { description: 'Records that were refused, over all partitions.' })
  async deadLetters(@Root() looked: Looked): Promise<number> {
    return (await intake(looked)).deadLetters;
  }

  @FieldResolver(() => String, { nullable: true, description: 'What went wrong last on any of its partitions.' })
  async lastError(@Root() looked: Looked): Promise<string | undefined> {
    return (await intake(looked)).lastError;
  }

  @FieldResolver(() => DateTime, { nullable: true })
  async lastErrorAt(@Root() looked: Looked): Promise<Date | undefined> {
    return (await intake(looked)).lastErrorAt;
  }

  @FieldResolver(() => DateTime, { nullable: true, description: 'When one of its positions moved last.' })
  async updatedAt(@Root() looked: Looked): Promise<Date | undefined> {
    return (await intake(looked)).updatedAt;
  }

  @FieldResolver(() => String, {
    nullable: true,
    description: 'Why ends and lags are null, where Kafka does not answer.',
  })
  async kafkaError(@Root() looked: Looked): Promise<string | undefined> {
    return (await intake(looked)).kafkaError;
  }
}
