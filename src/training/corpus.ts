/** What sequence trainers learn from: sequences of things, as indexes into `ids`. */
export interface SequenceCorpus {
  readonly ids: readonly string[];
  /** Indexes into `ids`; -1 ends a sequence. */
  readonly tokens: Int32Array;
}
