/** How good a model is, beside plain rivals on the same held-out data. Every evaluation in this room returns this. */
export interface Evaluation {
  /** What was held out, what was ranked against what, and with which seed: enough to repeat it. */
  readonly protocol: string;
  /** Whether ranks are among a sample of candidates rather than all of them; sampled metrics flatter. */
  readonly sampled: boolean;
  /** By name: `hr@10`, `ndcg@10`. The higher, the better. */
  readonly metrics: Readonly<Record<string, number>>;
  /** The metric that decides whether the model earns promotion. */
  readonly primary: string;
  readonly baselines: readonly Baseline[];
}

export interface Baseline {
  readonly name: string;
  /** The plain one of its pair: a model that loses to it is not promoted. The other one is a stronger rival. */
  readonly plain: boolean;
  readonly metrics: Readonly<Record<string, number>>;
}
