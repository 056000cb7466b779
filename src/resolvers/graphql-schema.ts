/** The executable schema; `scripts/emit-schema.mjs` writes it down as schema.graphql. */
import type { GraphQLSchema } from 'graphql';
import { buildSchemaSync } from 'type-graphql';
import { AlertResolver, FraudScoreResolver, TransactionResolver } from './fraud';
import { ItemResolver } from './items';
import { ModelResolver, TrainingRunResolver } from './models';
import { RecordingResolver } from './recording';
import { SequenceResolver } from './sequences';
import { StreamResolver } from './streams';
import { ThingResolver } from './things';
import { FriendReasonResolver, SuggestedFriendEdgeResolver, UserResolver } from './users';

export function graphqlSchema(): GraphQLSchema {
  return buildSchemaSync({
    resolvers: [
      ItemResolver,
      UserResolver,
      SuggestedFriendEdgeResolver,
      FriendReasonResolver,
      TransactionResolver,
      FraudScoreResolver,
      AlertResolver,
      ModelResolver,
      TrainingRunResolver,
      StreamResolver,
      ThingResolver,
      SequenceResolver,
      RecordingResolver,
    ],
    // Values are judged by domain/decoding.ts and by the services, which other doors to Kindred share.
    validate: false,
    // Every subscription names its own source of news; type-graphql asks for this one all the same.
    pubSub: { publish: noTopics, subscribe: noTopics },
  });
}

function noTopics(): never {
  throw new Error('Subscriptions here have sources of their own, not topics.');
}
