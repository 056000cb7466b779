/** What recording events gives back. */
import { Field, Int, ObjectType } from 'type-graphql';
import { Transaction } from './records';

@ObjectType({ simpleResolvers: true, description: 'An event that was not recorded; its neighbours were.' })
export class RecordError {
  @Field(() => Int, { description: 'Place in the list that was sent, from 0.' })
  index!: number;

  @Field(() => String, { description: 'Path of the field at fault: events[3].occurredAt' })
  field!: string;

  @Field(() => String)
  reason!: string;
}

@ObjectType({ simpleResolvers: true })
export class RecordPayload {
  @Field(() => Int, { description: 'Events that are new.' })
  accepted!: number;

  @Field(() => Int, { description: 'Events that were there already.' })
  duplicates!: number;

  @Field(() => [RecordError])
  errors!: RecordError[];
}

@ObjectType({ simpleResolvers: true })
export class RecordTransactionsPayload extends RecordPayload {
  @Field(() => [Transaction], { description: 'The recorded ones, in the order sent, each with its score.' })
  transactions!: Transaction[];
}
