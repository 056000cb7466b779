/** What the app offers to GraphQL, the command line and streams: one object a use case. */
import type { Alert } from '../domain/fraud';
import type { TrainingRun } from '../domain/model';
import type { Database } from '../stores/database';
import { Alerts } from './alerts';
import { Broadcast } from './broadcast';
import { Catalogue } from './catalogue';
import { FraudScoring } from './fraud';
import { FriendSuggestion } from './friends';
import { IngestionService } from './ingestion';
import { RankedLists } from './ranking';
import { Recommendation } from './recommendation';
import { ModelRegistry } from './registry';
import { Replays } from './replay';
import { Export, Similarity } from './similarity';
import { Simulation } from './simulation';
import { StoreFacts } from './store-facts';
import { StreamStatuses, type StreamTopics } from './stream-status';
import { TrainingRuns } from './training';

export interface Services {
  readonly registry: ModelRegistry;
  readonly training: TrainingRuns;
  /** Measures without storing anything; takes turns with training runs. */
  readonly evaluation: Pick<TrainingRuns, 'evaluate'>;
  readonly recommendation: Recommendation;
  readonly friends: FriendSuggestion;
  readonly fraud: FraudScoring;
  readonly similarity: Similarity;
  readonly export: Export;
  readonly catalogue: Catalogue;
  readonly alerts: Alerts;
  readonly ingestion: IngestionService;
  /** Ranges of topics read again, beside what is live. */
  readonly replays: Replays;
  readonly simulation: Simulation;
  readonly store: StoreFacts;
  readonly streamStatus: StreamStatuses;
}

export interface ServiceSettings {
  /** Threads that a training run may use where its options do not say. */
  trainingThreads: number;
  /** Told about a run that failed for a reason that Kindred did not foresee. */
  onTrainingFailure: (run: TrainingRun, error: unknown) => void;
  /** Where Kafka is configured: how far its topics reach. */
  streamTopics?: StreamTopics;
}

export interface OpenServices {
  readonly services: Services;
  /** Cancels runs, ends subscriptions, releases networks. The database stays open. Twice without harm. */
  close(): Promise<void>;
}

export function openServices(database: Database, settings: ServiceSettings): OpenServices {
  const raised = new Broadcast<Alert>();
  const registry = new ModelRegistry(database);
  const lists = new RankedLists(database, registry);
  const ingestion = new IngestionService(database);
  const training = new TrainingRuns(database, registry, {
    threads: settings.trainingThreads,
    onFailure: settings.onTrainingFailure,
  });
  const fraud = new FraudScoring({ database, registry, ingestion, raised });
  const services: Services = Object.freeze({
    registry,
    training,
    evaluation: training,
    recommendation: new Recommendation(database, lists),
    friends: new FriendSuggestion(database, lists),
    fraud,
    similarity: new Similarity(lists),
    export: new Export(database, registry),
    catalogue: new Catalogue(database),
    alerts: new Alerts(database, raised),
    ingestion,
    replays: new Replays(database, registry),
    simulation: new Simulation(database, ingestion),
    store: new StoreFacts(database),
    streamStatus: new StreamStatuses(database, settings.streamTopics),
  });
  return {
    services,
    close: async () => {
      await training.close();
      raised.close();
      await fraud.close();
    },
  };
}
