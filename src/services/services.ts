/** What the app offers to GraphQL, the command line and streams: one object a use case. */

import type { Entry, ItemFilter, Page, PageRequest, RankedItem, SuggestedFriend } from '../domain/answers';
import type { Item, Transaction, User } from '../domain/events';
import type { Alert, FraudScore } from '../domain/fraud';
import type { Model } from '../domain/model';
import type { IngestionService } from './ingestion';
import type { ModelRegistry } from './registry';
import type { Simulation } from './simulation';
import type { StoreFacts } from './store-facts';
import type { EvaluationReport, RunningTraining, StartTraining, TrainingRuns } from './training';

export interface SimilarItems extends PageRequest {
  like: readonly string[];
  unlike?: readonly string[];
  where?: ItemFilter;
}

export interface Recommendation {
  /** Items like those given (and unlike those given), never the given ones. */
  similarItems(question: SimilarItems): Promise<Page<Entry<RankedItem>>>;
  /** What the user has not seen yet. */
  recommendedItems(question: PageRequest & { userId: string; where?: ItemFilter }): Promise<Page<Entry<RankedItem>>>;
}

export interface FriendSuggestion {
  /** Never oneself, never an existing friend. */
  suggestedFriends(question: PageRequest & { userId: string }): Promise<Page<SuggestedFriend>>;
}

export interface Similarity {
  /** What is alike in any space, by cosine. @throws InputError when the id has no vector */
  similar(space: string, id: string, page: PageRequest): Promise<Page<Entry<string>>>;
}

export interface FraudScoring {
  /** Scores with the history in the store, and stores nothing. */
  scoreTransaction(transaction: Transaction): Promise<FraudScore>;
  /** Scores a transaction of the store with the live model. */
  scoreStored(transactionId: string): Promise<FraudScore>;
  /** Scores the store's transactions of [from, to) in time order; with `store`, keeps the scores and raises alerts. */
  scoreRange(range: { from?: Date; to?: Date; store?: boolean }): AsyncGenerator<FraudScore>;
  /** The stored score, by the newest model that gave one. */
  storedScore(transactionId: string): Promise<FraudScore | undefined>;
}

export interface Evaluation {
  /** Holds data out, trains, measures, and puts the baselines beside; stores nothing. `subject`: a trainer or a model id. */
  evaluate(
    subject: string,
    input?: Omit<StartTraining, 'trainer' | 'promote' | 'evaluate' | 'force'>,
  ): Promise<RunningEvaluation>;
}

export interface RunningEvaluation extends Pick<RunningTraining, 'cancel' | 'onProgress'> {
  readonly report: Promise<EvaluationReport>;
}

export interface Catalogue {
  item(itemId: string): Promise<Item | undefined>;
  user(userId: string): Promise<User | undefined>;
  transaction(transactionId: string): Promise<Transaction | undefined>;
  /** Records in the store, a stream. */
  counts(): Promise<Record<string, number>>;
}

export interface Export {
  /** The vectors of a space's live model or of a model, ordered by id. */
  vectors(
    spaceOrModelId: string,
  ): Promise<{ model: Model; rows: AsyncGenerator<{ id: string; vector: Float32Array }> }>;
}

export interface Alerts {
  page(
    question: PageRequest & { status?: Alert['status'] },
  ): Promise<{ entries: { cursor: string; node: Alert }[]; hasNextPage: boolean }>;
}

export interface Services {
  readonly registry: ModelRegistry;
  readonly training: TrainingRuns;
  readonly recommendation: Recommendation;
  readonly friends: FriendSuggestion;
  readonly fraud: FraudScoring;
  readonly similarity: Similarity;
  readonly evaluation: Evaluation;
  readonly catalogue: Catalogue;
  readonly export: Export;
  readonly alerts: Alerts;
  /** new Simulation(database, ingestion) */
  readonly simulation: Simulation;
  /** new StoreFacts(database) */
  readonly store: StoreFacts;
  readonly ingestion: IngestionService;
}
