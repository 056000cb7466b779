/**
 * Isolation forest (Liu, Ting and Zhou 2008): trees that split at random separate a row unlike the others after few splits. The
 * stronger rival of a fraud model. Score 2^(-mean path length / c(sample size)), between 0 and 1, the higher the more unlike.
 */
import type { FeatureMatrix } from '../feature-matrix';
import { Random } from '../kernels/random';

export interface IsolationForestOptions {
  /** @default 100, as in the paper */
  readonly trees?: number;
  /** Rows that each tree sees, drawn without replacement. @default 256, as in the paper */
  readonly sampleSize?: number;
  /** @default 1 */
  readonly seed?: number;
}

const EULER = 0.577_215_664_901_532_9;

/** Mean path length of an unsuccessful search in a binary search tree of n rows: what a path of a leaf with n rows still lacks. */
export function meanPathLength(n: number): number {
  if (n <= 1) return 0;
  if (n === 2) return 1;
  return 2 * (Math.log(n - 1) + EULER) - (2 * (n - 1)) / n;
}

/** One tree; node 0 is the root. */
interface Tree {
  /** Column that the node splits by; -1 for a leaf. */
  readonly columns: Int32Array;
  /** Rows at or below it go left. */
  readonly thresholds: Float64Array;
  readonly left: Int32Array;
  readonly right: Int32Array;
  /** Of a leaf: its depth, and what its rows would still need to be apart. */
  readonly pathLengths: Float64Array;
}

export class IsolationForest {
  private constructor(
    private readonly trees: readonly Tree[],
    private readonly sampleSize: number,
    private readonly width: number,
  ) {}

  static fit(data: FeatureMatrix, options: IsolationForestOptions = {}): IsolationForest {
    const { trees = 100, sampleSize = 256, seed = 1 } = options;
    const size = Math.min(sampleSize, data.rows);
    const grown = Array.from({ length: trees }, (_, tree) => {
      const random = Random.seeded(seed, tree);
      return new Grower(data, random).grow(sample(data.rows, size, random));
    });
    return new IsolationForest(grown, size, data.columns.length);
  }

  /** @returns one score a row */
  score({ values, rows }: FeatureMatrix): Float64Array {
    const scores = new Float64Array(rows);
    for (const { columns, thresholds, left, right, pathLengths } of this.trees) {
      for (let row = 0; row < rows; row++) {
        const start = row * this.width;
        let node = 0;
        while (columns[node] >= 0) node = values[start + columns[node]] <= thresholds[node] ? left[node] : right[node];
        scores[row] += pathLengths[node];
      }
    }
    const scale = this.trees.length * meanPathLength(this.sampleSize);
    return scores.map((sum) => (scale > 0 ? 2 ** (-sum / scale) : 0.5));
  }
}

/** Distinct rows, by the first steps of a shuffle. */
function sample(rows: number, size: number, random: Random): Int32Array {
  const moved = new Map<number, number>();
  return Int32Array.from({ length: size }, (_, i) => {
    const j = i + random.below(rows - i);
    const chosen = moved.get(j) ?? j;
    moved.set(j, moved.get(i) ?? i);
    return chosen;
  });
}

class Grower {
  private readonly columns: number[] = [];
  private readonly thresholds: number[] = [];
  private readonly left: number[] = [];
  private readonly right: number[] = [];
  private readonly pathLengths: number[] = [];

  constructor(
    private readonly data: FeatureMatrix,
    private readonly random: Random,
  ) {}

  grow(rows: Int32Array): Tree {
    this.node(rows, 0, Math.ceil(Math.log2(Math.max(2, rows.length))));
    return {
      columns: Int32Array.from(this.columns),
      thresholds: Float64Array.from(this.thresholds),
      left: Int32Array.from(this.left),
      right: Int32Array.from(this.right),
      pathLengths: Float64Array.from(this.pathLengths),
    };
  }

  /** @returns the new node's number */
  private node(rows: Int32Array, depth: number, limit: number): number {
    const node = this.columns.length;
    this.columns.push(-1);
    this.thresholds.push(0);
    this.left.push(-1);
    this.right.push(-1);
    this.pathLengths.push(depth + meanPathLength(rows.length));
    if (depth >= limit || rows.length <= 1) return node;
    const split = this.split(rows);
    if (!split) return node;
    const { column, threshold } = split;
    const isLeft = (row: number) => this.value(row, column) <= threshold;
    this.columns[node] = column;
    this.thresholds[node] = threshold;
    this.left[node] = this.node(rows.filter(isLeft), depth + 1, limit);
    this.right[node] = this.node(
      rows.filter((row) => !isLeft(row)),
      depth + 1,
      limit,
    );
    return node;
  }

  /** A random column that varies among the rows, and a random value between its ends; undefined when all rows are equal. */
  private split(rows: Int32Array): { column: number; threshold: number } | undefined {
    const untried = Int32Array.from(this.data.columns.keys());
    for (let left = untried.length; left > 0; left--) {
      const drawn = this.random.below(left);
      const column = untried[drawn];
      untried[drawn] = untried[left - 1];
      let least = Number.POSITIVE_INFINITY;
      let largest = Number.NEGATIVE_INFINITY;
      for (const row of rows) {
        const value = this.value(row, column);
        if (value < least) least = value;
        if (value > largest) largest = value;
      }
      if (largest > least) return { column, threshold: least + this.random.fraction() * (largest - least) };
    }
    return undefined;
  }

  private value(row: number, column: number): number {
    return this.data.values[row * this.data.columns.length + column];
  }
}
