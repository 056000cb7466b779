/** What every resolver is given: the services, and loaders that gather the ids of one request into one query each. */
import DataLoader from 'dataloader';
import type { Item, User } from '../domain/events';
import type { FraudScore } from '../domain/fraud';
import type { Model } from '../domain/model';
import type { Services } from '../services/services';

export interface Loaders {
  readonly item: DataLoader<string, Item | undefined>;
  readonly user: DataLoader<string, User | undefined>;
  readonly transaction: DataLoader<string, StoredTransaction | undefined>;
  readonly model: DataLoader<string, Model | undefined>;
  readonly score: DataLoader<string, FraudScore | undefined>;
}

type StoredTransaction = NonNullable<Awaited<ReturnType<Services['catalogue']['transaction']>>>;

export interface Context {
  readonly services: Services;
  readonly loaders: Loaders;
}

/**
 * One a request: loaders remember what they loaded, which must not outlive it.
 * @param remember false for a subscription, whose later news must not be told with what was loaded for earlier ones
 */
export function createContext(services: Services, remember = true): Context {
  const { catalogue, registry, fraud } = services;
  const options = { cache: remember };
  return {
    services,
    loaders: {
      item: new DataLoader((ids) => catalogue.items(ids), options),
      user: new DataLoader((ids) => catalogue.users(ids), options),
      transaction: new DataLoader((ids) => catalogue.transactions(ids), options),
      model: new DataLoader((ids) => registry.getMany(ids), options),
      score: new DataLoader((ids) => fraud.scoresOf(ids), options),
    },
  };
}
