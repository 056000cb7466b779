/** Fraud scores, the reasons for them, and alerts. */
import { Field, Float, ID, ObjectType, registerEnumType } from 'type-graphql';
import { ALERT_STATUSES, type AlertStatus, DECISIONS, type Decision } from '../domain/fraud';
import { PageInfo } from './connections';
import { DateTime } from './scalars';

export const DecisionEnum = Object.fromEntries(DECISIONS.map((name) => [name, name]));
registerEnumType(DecisionEnum, {
  name: 'Decision',
  valuesConfig: {
    ALLOW: { description: 'Looks like normal traffic.' },
    REVIEW: { description: 'The score reaches the threshold: somebody should look.' },
  },
});

export const AlertStatusEnum = Object.fromEntries(ALERT_STATUSES.map((name) => [name, name]));
registerEnumType(AlertStatusEnum, {
  name: 'AlertStatus',
  valuesConfig: {
    OPEN: { description: 'Nobody has said yet what it was.' },
    CONFIRMED: { description: 'A label says fraud.' },
    DISMISSED: { description: 'A label says that it was no fraud.' },
  },
});

@ObjectType({ simpleResolvers: true, description: 'A feature that drove a score.' })
export class FraudReason {
  @Field(() => String)
  feature!: string;

  @Field(() => String, { description: 'What the feature means.' })
  description!: string;

  @Field(() => Float)
  observed!: number;

  @Field(() => Float, { description: 'The value that would have looked normal.' })
  expected!: number;

  @Field(() => Float, { description: 'Part of the whole reconstruction error, 0 to 1.' })
  share!: number;
}

@ObjectType({ simpleResolvers: true })
export class FraudScore {
  @Field(() => ID)
  transactionId!: string;

  @Field(() => Float, {
    description: 'Share of normal traffic that looks less odd than this: 0 to 1, higher is odder.',
  })
  value!: number;

  @Field(() => DecisionEnum)
  decision!: Decision;

  @Field(() => Float, { description: 'The value from which transactions are sent to review.' })
  threshold!: number;

  @Field(() => Float)
  reconstructionError!: number;
}

@ObjectType({ simpleResolvers: true, description: 'Raised by a transaction that should be reviewed.' })
export class Alert {
  @Field(() => ID)
  id!: string;

  @Field(() => Float, { description: "The score's value." })
  value!: number;

  @Field(() => AlertStatusEnum)
  status!: AlertStatus;

  @Field(() => DateTime)
  createdAt!: Date;
}

@ObjectType({ simpleResolvers: true })
export class AlertEdge {
  @Field(() => String)
  cursor!: string;

  @Field(() => Alert)
  node!: Alert;
}

@ObjectType({ simpleResolvers: true, description: 'Newest first.' })
export class AlertConnection {
  @Field(() => [AlertEdge])
  edges!: AlertEdge[];

  @Field(() => PageInfo)
  pageInfo!: PageInfo;
}
