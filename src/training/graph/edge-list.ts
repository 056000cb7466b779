/** What graph trainers learn from: undirected ties, as indexes into `ids`. */
export interface EdgeList {
  readonly ids: readonly string[];
  /** One entry a tie; (sources[i], targets[i]) and its mirror are the same tie. */
  readonly sources: Int32Array;
  readonly targets: Int32Array;
  /** Greater than 0; without it every tie weighs 1. */
  readonly weights?: Float32Array;
}
