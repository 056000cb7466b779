/**
 * A linear model on frozen columns, as people put vectors to use: every column standardised by the rows it learns from, then
 * a logistic regression. What it finds was in the columns already; it adds nothing of its own.
 */
import { decision, fitLogisticRegression } from './logistic-regression';

/** (rows, width), row-major f32 */
export interface Columns {
  readonly width: number;
  readonly values: Float32Array;
}

export interface ProbeOptions {
  /** Weight of the data against the penalty (C of LIBLINEAR). @default 1 */
  readonly strength?: number;
}

/** Columns of wider rows, side by side. */
export interface ColumnRange {
  readonly from: number;
  readonly width: number;
}

export interface FittedProbe {
  /**
   * Above 0 where the class is the likelier answer.
   * @param columns as wide as those that it learned from, standardised by the same scale
   */
  score(columns: Columns, row: number): number;
}

/** @param columns standardised rows to learn from; it looks at those of `range` alone */
export function fitProbe(
  { width: stride, values }: Columns,
  { from, width }: ColumnRange,
  positive: Uint8Array,
  { strength = 1 }: ProbeOptions = {},
): FittedProbe {
  const weights = fitLogisticRegression(
    {
      vectors: values.subarray(from),
      dimension: width,
      stride,
      rows: Int32Array.from({ length: positive.length }, (_, row) => row),
      positive,
    },
    { strength },
  );
  return { score: (columns, row) => decision(weights, columns.values.subarray(from), row, stride) };
}

/** Of each column, by the rows that are learned from. */
export interface Scale {
  readonly means: Float64Array;
  readonly deviations: Float64Array;
}

export function standardiseInPlace({ values, width }: Columns): Scale {
  const rows = values.length / width;
  const means = new Float64Array(width);
  const deviations = new Float64Array(width);
  for (let i = 0; i < values.length; i++) means[i % width] += values[i] / rows;
  for (let i = 0; i < values.length; i++) deviations[i % width] += (values[i] - means[i % width]) ** 2 / rows;
  for (let column = 0; column < width; column++) {
    const deviation = Math.sqrt(deviations[column]);
    // A column that never changes says nothing: it becomes 0, whatever it is later.
    deviations[column] = deviation > 1e-7 * Math.abs(means[column]) && deviation > 0 ? deviation : Infinity;
  }
  const scale = { means, deviations };
  applyInPlace({ values, width }, scale);
  return scale;
}

export function applyInPlace({ values, width }: Columns, { means, deviations }: Scale): void {
  for (let i = 0; i < values.length; i++) values[i] = (values[i] - means[i % width]) / deviations[i % width];
}
