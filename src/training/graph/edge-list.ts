/**
 * What graph trainers learn from: undirected ties, as indexes into `ids`. On SharedArrayBuffers, threads share the columns.
 * @typeParam Id what names a node; training looks at none of them, so numbers may stand for names that stay elsewhere
 */
export interface EdgeList<Id = string> {
  readonly ids: readonly Id[];
  /** One entry a tie; (sources[i], targets[i]) and its mirror are the same tie. */
  readonly sources: Int32Array;
  readonly targets: Int32Array;
  /** Greater than 0; without it every tie weighs 1. */
  readonly weights?: Float32Array;
}
