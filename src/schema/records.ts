/** What streams tell of: items, people, transactions. */
import { GraphQLJSONObject } from 'graphql-scalars';
import { Field, ID, ObjectType } from 'type-graphql';
import type { Attributes } from '../domain/events';
import { DateTime, Decimal } from './scalars';

@ObjectType({ simpleResolvers: true, description: 'Something that people interact with.' })
export class Item {
  @Field(() => ID)
  itemId!: string;

  @Field(() => String, { nullable: true })
  title?: string;

  @Field(() => GraphQLJSONObject, { nullable: true, description: 'Text, numbers and booleans, by name.' })
  attributes?: Attributes;

  @Field(() => String, { nullable: true })
  imageUri?: string;
}

@ObjectType({ simpleResolvers: true, description: 'A person.' })
export class User {
  @Field(() => ID)
  userId!: string;

  @Field(() => String, { nullable: true })
  title?: string;

  @Field(() => GraphQLJSONObject, { nullable: true, description: 'Text, numbers and booleans, by name.' })
  attributes?: Attributes;

  @Field(() => String, { nullable: true })
  imageUri?: string;
}

@ObjectType({ simpleResolvers: true, description: 'Money that moved from an account to a merchant.' })
export class Transaction {
  @Field(() => ID)
  transactionId!: string;

  @Field(() => ID)
  accountId!: string;

  @Field(() => ID)
  merchantId!: string;

  @Field(() => Decimal)
  amount!: number;

  @Field(() => String, { description: 'ISO 4217.' })
  currency!: string;

  @Field(() => DateTime)
  occurredAt!: Date;

  @Field(() => String, { nullable: true })
  category?: string;

  @Field(() => String, { nullable: true })
  channel?: string;

  @Field(() => String, { nullable: true, description: 'ISO 3166-1 alpha-2.' })
  country?: string;

  @Field(() => GraphQLJSONObject, { nullable: true })
  attributes?: Attributes;

  @Field(() => Boolean, { nullable: true, description: 'What was decided about it; null while nobody has.' })
  isFraud?: boolean;
}
