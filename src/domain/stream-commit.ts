/** How a batch of a stream moves the partitions that it came from, and what came of it. */

export interface PartitionAdvance {
  readonly topic: string;
  readonly partition: number;
  /** Offset that the partition must stand at: that of the batch's first record, or of a gap before it. */
  readonly expected: number;
  /** Offset that it stands at from then on. */
  readonly next: number;
  /** Valid records of the batch, repeats included. */
  readonly records: number;
  /** Records of the batch that went to the dead-letter topic. */
  readonly deadLetters: number;
  /** Records a second, lately. */
  readonly rate: number;
  /** What went wrong with the partition and is worth seeing; absent: what was seen before stays. */
  readonly lastError?: string;
}

export interface StreamCommit {
  /** Records that added or changed something. */
  readonly accepted: number;
  /** Records that said what the store knew already. */
  readonly duplicates: number;
  /** Scores kept: of transactions that were new, by the model that was live. */
  readonly scores: number;
  /** Alerts that those scores raised. */
  readonly alerts: number;
  /** New transactions without a score, to be scored once a model that can is live. */
  readonly awaiting: number;
  /** The live model, where transactions were to be scored. */
  readonly modelId?: string;
  /** Why the live model could not score these transactions; they are among `awaiting`. */
  readonly problem?: Error;
}
