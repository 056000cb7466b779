/** How the streams stand: what the store holds of each, where each partition is read up to, what waits on its way out. */
import { Field, Int, ObjectType, registerEnumType } from 'type-graphql';
import { STREAMS } from '../domain/events';
import { DateTime } from './scalars';

export const Stream = Object.fromEntries(STREAMS.map((stream) => [stream, stream]));
registerEnumType(Stream, { name: 'Stream', description: 'What records arrive on.' });

@ObjectType({ simpleResolvers: true, description: "One partition of a stream's topic. Offsets are Kafka's." })
export class StreamPartition {
  @Field(() => String)
  topic!: string;

  @Field(() => Int)
  partition!: number;

  @Field(() => Number, {
    nullable: true,
    description: 'Offset of the next record to take in; null before the partition was first read.',
  })
  position?: number;

  @Field(() => Number, {
    nullable: true,
    description: 'Offset of the next record to come, at most a second or two old; null where Kafka does not answer.',
  })
  end?: number;

  @Field(() => Number, {
    nullable: true,
    description:
      'Records from position to end, or all that are there where nothing was read yet; null where Kafka does not answer.',
  })
  lag?: number;

  @Field(() => Number, { description: 'Records a second over the last seconds.' })
  rate!: number;

  @Field(() => Number, { description: 'Valid records taken in, repeats included.' })
  records!: number;

  @Field(() => Number, { description: 'Records that were refused.' })
  deadLetters!: number;

  @Field(() => String, { nullable: true, description: 'What went wrong last; it stays after it was overcome.' })
  lastError?: string;

  @Field(() => DateTime, { nullable: true })
  lastErrorAt?: Date;

  @Field(() => DateTime, { nullable: true, description: 'When the position moved last.' })
  updatedAt?: Date;
}

@ObjectType({
  description: 'What the store holds of a stream and, where Kafka is configured, how far its topic is read.',
})
export class StreamStatus {
  @Field(() => Stream)
  stream!: string;
}

@ObjectType({ simpleResolvers: true, description: 'What is on its way out.' })
export class StreamOutputs {
  @Field(() => Number, { description: 'Scores and alerts that Kafka has not acknowledged yet.' })
  outboxMessages!: number;

  @Field(() => DateTime, { nullable: true, description: 'When the oldest of them was written.' })
  outboxOldestAt?: Date;

  @Field(() => Number, { description: 'Transactions that wait for a live model to score them.' })
  awaitingScores!: number;

  @Field(() => Boolean, { description: 'Whether both are counted, not estimated.' })
  exact!: boolean;
}
