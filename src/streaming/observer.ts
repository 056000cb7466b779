/**
 * What streams tell of themselves while they run: for metrics, for what the log sums up, and for tests that wait for something. Called
 * where it happened, synchronously; must return at once and never throw.
 */
import type { StreamName } from '../domain/events';
import type { TopicPartition } from './kafka/port';

/** What one committed batch came to. */
export interface BatchFacts {
  readonly stream: StreamName;
  /** Valid records, repeats included. */
  readonly records: number;
  readonly duplicates: number;
  /** By the dead letter's code: UNDECODABLE, INVALID, OVERSIZED. */
  readonly deadLetters: Readonly<Record<string, number>>;
  readonly scores: number;
  readonly alerts: number;
  /** Transactions stored without a score, as no model was live. */
  readonly awaiting: number;
  /** From taking the batch to its commit. */
  readonly seconds: number;
}

export interface StreamObserver {
  onBatch(batch: BatchFacts): void;
  /** Milliseconds from a transaction's being produced (its record's timestamp) to its score's commit, one a score. */
  onScored(lagMillis: readonly number[]): void;
  /** Transactions that had waited for a model. */
  onAwaitedScored(scores: number, alerts: number): void;
  /** After every (re)join: all that this member has from now on. */
  onAssigned(partitions: readonly TopicPartition[]): void;
  /** Another had moved a position: nothing of the batch was kept. */
  onCommitRefused(stream: StreamName): void;
  /** The consumer died; another one is made. */
  onCrash(error: unknown): void;
  onRestart(): void;
  /** Anything else that made a stream stop and try again. */
  onError(stream: StreamName | undefined, error: unknown): void;
  /** The store told a stream where it stands: seconds apart, also while nothing comes. */
  onStoreAnswered(stream: StreamName): void;
  /** Messages that left the outbox, acknowledged. */
  onRelayed(topic: string, messages: number): void;
}

export const NOBODY: StreamObserver = Object.freeze({
  onBatch: () => {},
  onScored: () => {},
  onAwaitedScored: () => {},
  onAssigned: () => {},
  onCommitRefused: () => {},
  onCrash: () => {},
  onRestart: () => {},
  onError: () => {},
  onStoreAnswered: () => {},
  onRelayed: () => {},
});

/** Tells several. */
export function observers(...all: readonly StreamObserver[]): StreamObserver {
  return {
    onBatch: (batch) => all.forEach((each) => void each.onBatch(batch)),
    onScored: (lagMillis) => all.forEach((each) => void each.onScored(lagMillis)),
    onAwaitedScored: (scores, alerts) => all.forEach((each) => void each.onAwaitedScored(scores, alerts)),
    onAssigned: (partitions) => all.forEach((each) => void each.onAssigned(partitions)),
    onCommitRefused: (stream) => all.forEach((each) => void each.onCommitRefused(stream)),
    onCrash: (error) => all.forEach((each) => void each.onCrash(error)),
    onRestart: () => all.forEach((each) => void each.onRestart()),
    onError: (stream, error) => all.forEach((each) => void each.onError(stream, error)),
    onStoreAnswered: (stream) => all.forEach((each) => void each.onStoreAnswered(stream)),
    onRelayed: (topic, messages) => all.forEach((each) => void each.onRelayed(topic, messages)),
  };
}
