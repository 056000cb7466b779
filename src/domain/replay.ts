/** A replay: a range of an input topic read again, into tables of its own beside the live ones. */
import type { StreamName } from './events';

/** `reading` takes records in, `scoring` follows where a model was chosen; both go on where they stopped. */
export type ReplayState = 'reading' | 'scoring' | 'done';

/** What was asked for. A second run under the same name must ask for the same. */
export interface ReplaySpec {
  /** Lower-case letters, digits and underscores; the Postgres schema is `replay_<name>`. */
  readonly name: string;
  readonly topic: string;
  readonly stream: StreamName;
  /** The ends of the range as they were typed. */
  readonly from: string;
  readonly to: string;
  /** The version that scores what was read. */
  readonly modelId?: string;
}

/** One partition's part of the range: [from, to), settled when the replay began. */
export interface ReplayPartition {
  readonly partition: number;
  readonly from: number;
  readonly to: number;
  /** Offset that is read next. */
  readonly next: number;
  /** Records that were neither decodable nor valid. */
  readonly rejected: number;
  /** Offsets of the range that the topic does not have any more. */
  readonly lost: number;
}

/** A record that live intake would have sent to the dead letters. */
export interface ReplayReject {
  readonly partition: number;
  readonly offset: number;
  readonly code: string;
  readonly field?: string;
  readonly reason: string;
}

export interface ReplayStatus extends ReplaySpec {
  readonly state: ReplayState;
  readonly partitions: readonly ReplayPartition[];
  /** Valid records, and those of them that added or changed nothing. */
  readonly records: number;
  readonly duplicates: number;
  readonly rejected: number;
  readonly scored: number;
  readonly startedAt: Date;
  readonly finishedAt?: Date;
}

export interface ListedReplay extends ReplayStatus {
  /** Tables and indexes together. */
  readonly bytes: number;
}

/** How the rebuilt table lies beside the live one. */
export interface RowComparison {
  readonly rows: number;
  readonly same: number;
  readonly different: number;
  /** Keys that the live table does not have. */
  readonly missing: number;
}

/** How the new scores lie beside the newest live score of the same transactions. */
export interface ScoreComparison {
  readonly scores: number;
  /** Those that have a live score to be compared with. */
  readonly compared: number;
  readonly decisionsChanged: number;
  /** REVIEW here. */
  readonly alerts: number;
  /** REVIEW here and not there; the other way round. Transactions without a live score are not counted. */
  readonly alertsGained: number;
  readonly alertsLost: number;
  readonly meanAbsoluteDifference?: number;
  readonly largestDifference?: number;
  /** Pearson's, of the values; undefined where one side does not vary. */
  readonly correlation?: number;
}
