/** Transactions, their scores and the alerts they raise. */
import { Arg, Ctx, FieldResolver, ID, Int, Query, Resolver, Root, Subscription } from 'type-graphql';
import type { AlertStatus, Alert as RaisedAlert, FraudScore as Score } from '../domain/fraud';
import { Alert, AlertConnection, AlertStatusEnum, FraudReason, FraudScore } from '../schema/fraud';
import { TransactionInput } from '../schema/inputs';
import { Model } from '../schema/models';
import { Transaction } from '../schema/records';
import { pageInfo, pageRequest } from './connections';
import type { Context } from './context';
import { givenId, shortList } from './inputs';
import { decodeOne } from './recording';

const USUAL_PAGE = 20;
const USUAL_REASONS = 5;

@Resolver(() => Transaction)
export class TransactionResolver {
  @Query(() => Transaction, { nullable: true, description: 'Null for an unknown id.' })
  transaction(@Arg('transactionId', () => ID) transactionId: string, @Ctx() { loaders }: Context) {
    return loaders.transaction.load(givenId('transactionId', transactionId));
  }

  @FieldResolver(() => FraudScore, {
    nullable: true,
    description: 'The score that was kept, else one by the live model now, which is not kept. Null without either.',
  })
  fraudScore(@Root() { transactionId }: Transaction, @Ctx() { loaders }: Context) {
    return loaders.score.load(transactionId);
  }
}

@Resolver(() => FraudScore)
export class FraudScoreResolver {
  @Query(() => FraudScore, { description: 'Scores with the history in the store, and stores nothing.' })
  scoreTransaction(
    @Arg('transaction', () => TransactionInput) transaction: TransactionInput,
    @Ctx() { services }: Context,
  ) {
    return services.fraud.scoreTransaction(decodeOne('transactions', 'transaction', transaction));
  }

  @FieldResolver(() => [FraudReason], { description: 'What drove the score, the largest share first.' })
  reasons(
    @Root() { reasons }: Score,
    @Arg('first', () => Int, { nullable: true, defaultValue: USUAL_REASONS }) first: number | null,
  ) {
    return reasons.slice(0, shortList('first', first ?? USUAL_REASONS));
  }

  @FieldResolver(() => Model, { description: 'The version that gave the score.' })
  model(@Root() { modelId }: Score, @Ctx() { loaders }: Context) {
    return loaders.model.load(modelId);
  }
}

@Resolver(() => Alert)
export class AlertResolver {
  @Query(() => AlertConnection, { description: 'Newest first.' })
  async alerts(
    @Arg('first', () => Int, { nullable: true, defaultValue: USUAL_PAGE }) first: number | null,
    @Arg('after', () => String, { nullable: true }) after: string | null | undefined,
    @Arg('status', () => AlertStatusEnum, { nullable: true }) status: AlertStatus | null | undefined,
    @Ctx() { services }: Context,
  ) {
    const request = pageRequest({ first, after }, USUAL_PAGE);
    const page = await services.alerts.page({ ...request, status: status ?? undefined });
    return { edges: page.entries, pageInfo: pageInfo(page, request) };
  }

  @FieldResolver(() => Transaction, { nullable: true })
  transaction(@Root() { transactionId }: RaisedAlert, @Ctx() { loaders }: Context) {
    return loaders.transaction.load(transactionId);
  }

  @FieldResolver(() => FraudScore, { nullable: true, description: 'The newest score of its transaction.' })
  score(@Root() { transactionId }: RaisedAlert, @Ctx() { loaders }: Context) {
    return loaders.score.load(transactionId);
  }

  @FieldResolver(() => Model)
  model(@Root() { modelId }: RaisedAlert, @Ctx() { loaders }: Context) {
    return loaders.model.load(modelId);
  }

  @Subscription(() => Alert, {
    name: 'alerts',
    subscribe: ({ context }) => (context as Context).services.alerts.stream(),
    description: 'Alerts as this server raises them.',
  })
  alertRaised(@Root() alert: RaisedAlert) {
    return alert;
  }
}
