/** Events to record, and the filter on items. */
import { GraphQLJSONObject } from 'graphql-scalars';
import { Field, Float, ID, InputType } from 'type-graphql';
import { AttributeValue, DateTime, Decimal, type Plain, type RawTime } from './scalars';

@InputType({ description: 'Someone did something with an item.' })
export class InteractionInput {
  @Field(() => ID, {
    nullable: true,
    description: 'Derived from the content unless given: the same event counts once.',
  })
  eventId?: string;

  @Field(() => ID)
  userId!: string;

  @Field(() => ID)
  itemId!: string;

  @Field(() => String)
  action!: string;

  @Field(() => DateTime)
  occurredAt!: RawTime;

  @Field(() => ID, {
    nullable: true,
    description: "The user's visit that it was part of. Another user's of the same name is another.",
  })
  sessionId?: string;

  @Field(() => Float, { nullable: true, description: "Strength in the source's own unit: a rating, a play count." })
  value?: number;
}

@InputType({ description: 'Money moved from an account to a merchant.' })
export class TransactionInput {
  @Field(() => ID)
  transactionId!: string;

  @Field(() => ID)
  accountId!: string;

  @Field(() => ID)
  merchantId!: string;

  @Field(() => Decimal)
  amount!: string | number;

  @Field(() => String, { description: 'ISO 4217.' })
  currency!: string;

  @Field(() => DateTime)
  occurredAt!: RawTime;

  @Field(() => String, { nullable: true })
  category?: string;

  @Field(() => String, { nullable: true })
  channel?: string;

  @Field(() => String, { nullable: true, description: 'ISO 3166-1 alpha-2.' })
  country?: string;

  @Field(() => GraphQLJSONObject, { nullable: true })
  attributes?: Record<string, unknown>;
}

@InputType({ description: 'Two people are tied, or no longer.' })
export class RelationInput {
  @Field(() => ID)
  userId!: string;

  @Field(() => ID)
  friendId!: string;

  @Field(() => DateTime)
  occurredAt!: RawTime;

  @Field(() => String, { nullable: true, description: '"friend" unless given.' })
  kind?: string;

  @Field(() => Float, { nullable: true, description: 'Above 0; 1 unless given.' })
  weight?: number;

  @Field(() => Boolean, { nullable: true })
  removed?: boolean;
}

@InputType()
export class ItemInput {
  @Field(() => ID)
  itemId!: string;

  @Field(() => String, { nullable: true })
  title?: string;

  @Field(() => GraphQLJSONObject, { nullable: true, description: 'Text, numbers and booleans, by name.' })
  attributes?: Record<string, unknown>;

  @Field(() => String, { nullable: true })
  imageUri?: string;
}

@InputType()
export class UserInput {
  @Field(() => ID)
  userId!: string;

  @Field(() => String, { nullable: true })
  title?: string;

  @Field(() => GraphQLJSONObject, { nullable: true, description: 'Text, numbers and booleans, by name.' })
  attributes?: Record<string, unknown>;

  @Field(() => String, { nullable: true })
  imageUri?: string;
}

@InputType({ description: 'Somebody decided whether a transaction was fraud.' })
export class LabelInput {
  @Field(() => ID)
  transactionId!: string;

  @Field(() => Boolean)
  isFraud!: boolean;

  @Field(() => DateTime)
  decidedAt!: RawTime;

  @Field(() => String, { nullable: true })
  source?: string;
}

@InputType({ description: 'A condition on one attribute: everything that is given must hold.' })
export class AttributeFilter {
  @Field(() => String)
  name!: string;

  @Field(() => AttributeValue, { nullable: true })
  equals?: Plain | null;

  @Field(() => [AttributeValue], { nullable: true, description: 'One of these.' })
  in?: Plain[] | null;

  @Field(() => Float, { nullable: true, description: 'A number, at least this.' })
  min?: number | null;

  @Field(() => Float, { nullable: true, description: 'A number, at most this.' })
  max?: number | null;
}

@InputType({ description: 'Which items may be listed: everything that is given must hold.' })
export class ItemFilter {
  @Field(() => [AttributeFilter], { nullable: true })
  attributes?: AttributeFilter[] | null;

  @Field(() => [ID], { nullable: true, description: 'Items never to be listed.' })
  exclude?: string[] | null;
}
