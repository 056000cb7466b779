/** What the app offers to GraphQL, the command line and streams: one object a use case. */
import type { Alert } from '../domain/fraud';
import type { TrainingRun } from '../domain/model';
import type { Database } from '../stores/database';
import { Alerts } from './alerts';
import { AwaitingScores } from './awaiting-scores';
import { Broadcast } from './broadcast';
import { Catalogue } from './catalogue';
import { Comparison } from './comparison';
import { EncodedQuestions } from './encoded-questions';
import { Encoders } from './encoders';
import { FeatureState } from './feature-state';
import { FraudScoring } from './fraud';
import { FraudModels } from './fraud-models';
import { FriendSuggestion } from './friends';
import { IngestionService } from './ingestion';
import { Neighbours } from './neighbours';
import { NextItemsService } from './next-items';
import { Outbox, type OutboxTopics } from './outbox';
import { Popularity } from './popularity';
import { RankedLists } from './ranking';
import { Recommendation } from './recommendation';
import { ModelRegistry } from './registry';
import { Replays } from './replay';
import { ScoreKeeping } from './score-keeping';
import { Simulation } from './simulation';
import { StoreFacts } from './store-facts';
import { StreamPositions } from './stream-positions';
import { StreamStatuses, type StreamTopics } from './stream-status';
import { StreamWriter } from './stream-writer';
import { ThingLists } from './thing-lists';
import { TrainingRuns } from './training';
import { Turns } from './turns';
import { Export } from './vector-export';
import { Versions } from './versions';

export interface Services {
  readonly registry: ModelRegistry;
  readonly training: TrainingRuns;
  /** Measures without storing anything; takes turns with training runs. */
  readonly evaluation: Pick<TrainingRuns, 'evaluate'>;
  readonly recommendation: Recommendation;
  readonly friends: FriendSuggestion;
  readonly fraud: FraudScoring;
  /** What is near in any space, by any version; analogies; the odd one out. */
  readonly neighbours: Neighbours;
  readonly comparison: Comparison;
  /** Sequences and texts that came after training. */
  readonly encoded: EncodedQuestions;
  readonly next: NextItemsService;
  readonly export: Export;
  readonly catalogue: Catalogue;
  readonly alerts: Alerts;
  readonly ingestion: IngestionService;
  /** Ranges of topics read again, beside what is live. */
  readonly replays: Replays;
  readonly simulation: Simulation;
  readonly store: StoreFacts;
  /** Takes in what comes by stream. */
  readonly streamWriter: StreamWriter;
  /** Where partitions stand, for those who read them. */
  readonly streamPositions: StreamPositions;
  /** Scores what came by stream while no model was live; runs where streams do. */
  readonly awaiting: AwaitingScores;
  /** What waits to be told to Kafka. */
  readonly outbox: Outbox;
  readonly streamStatus: StreamStatuses;
}

export interface ServiceSettings {
  /** Threads that a training run may use where its options do not say. */
  trainingThreads: number;
  /** Folder where training runs keep their state while they are under way; absent: none is kept. */
  checkpoints?: string;
  /** Told about a run that failed for a reason that Kindred did not foresee. */
  onTrainingFailure: (run: TrainingRun, error: unknown) => void;
  /** Told what else should be known of a run: that it does not go on where it was interrupted. @default nobody is told */
  onTrainingNotice?: (run: TrainingRun, sentence: string) => void;
  /** Where Kafka is configured: how far its topics reach. */
  streamTopics?: StreamTopics;
  /** Where Kafka is configured: where scores, alerts and promotions are told. Elsewhere nothing would take them out of the outbox. */
  outboxTopics?: OutboxTopics;
}

export interface OpenServices {
  readonly services: Services;
  /** Cancels runs, ends subscriptions, releases networks. The database stays open. Twice without harm. */
  close(): Promise<void>;
}

export function openServices(database: Database, settings: ServiceSettings): OpenServices {
  const raised = new Broadcast<Alert>();
  const outbox = new Outbox(database, settings.outboxTopics);
  const registry = new ModelRegistry(database, outbox);
  const lists = new RankedLists(database, registry);
  const ingestion = new IngestionService(database);
  const training = new TrainingRuns(database, registry, {
    threads: settings.trainingThreads,
    checkpoints: settings.checkpoints,
    onFailure: settings.onTrainingFailure,
    onNotice: settings.onTrainingNotice,
  });
  const models = new FraudModels();
  const scoring = {
    database,
    models,
    keeping: new ScoreKeeping(outbox, raised),
    features: new FeatureState(),
    turns: new Turns(),
  };
  const awaiting = new AwaitingScores(scoring);
  const versions = new Versions(registry);
  const encoders = new Encoders(database);
  const things = new ThingLists(database, lists, new Popularity(database));
  registry.onMoved(() => awaiting.look());
  const services: Services = Object.freeze({
    registry,
    training,
    evaluation: training,
    recommendation: new Recommendation(database, lists),
    friends: new FriendSuggestion(database, lists),
    fraud: new FraudScoring({ ...scoring, registry, ingestion }),
    neighbours: new Neighbours(versions, things),
    comparison: new Comparison(versions, things),
    encoded: new EncodedQuestions(versions, encoders, things),
    next: new NextItemsService({ registry, versions, encoders, lists, things }),
    export: new Export(database, registry),
    catalogue: new Catalogue(database),
    alerts: new Alerts(database, raised),
    ingestion,
    replays: new Replays(database, registry),
    simulation: new Simulation(database, ingestion),
    store: new StoreFacts(database),
    streamWriter: new StreamWriter(scoring),
    streamPositions: new StreamPositions(database),
    awaiting,
    outbox,
    streamStatus: new StreamStatuses(database, settings.streamTopics),
  });
  return {
    services,
    close: async () => {
      await training.close();
      raised.close();
      await awaiting.stop();
      await models.close();
      await encoders.close();
    },
  };
}
