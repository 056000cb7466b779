/**
 * A linear model on frozen columns, as people put vectors to use: every column standardised by the rows it learns from, then
 * a logistic regression. What it finds was in the columns already; it adds nothing of its own.
 */
import { decision, fitLogisticRegression } from './logistic-regression';

/** (rows, width) row-major f32, one of the parts that stand side by side. */
export interface Columns {
  readonly width: number;
  readonly values: Float32Array;
}

export interface ProbeRows {
  /** Rows to learn from, with `positive` for each. */
  readonly training: Int32Array;
  readonly positive: Uint8Array;
  /** Rows to score. */
  readonly test: Int32Array;
}

export interface ProbeOptions {
  /** Weight of the data against the penalty (C of LIBLINEAR). @default 1 */
  readonly strength?: number;
}

/** @returns one score a test row: above 0 where the class is the likelier answer */
export function probeScores(
  parts: readonly Columns[],
  { training, positive, test }: ProbeRows,
  options?: ProbeOptions,
) {
  const learnt = sideBySide(parts, training);
  const scale = standardiseInPlace(learnt);
  const probe = fitProbe(learnt, { from: 0, width: learnt.width }, positive, options);
  const asked = sideBySide(parts, test);
  applyInPlace(asked, scale);
  return Float64Array.from(test, (_, row) => probe.score(asked, row));
}

/** Columns that stand side by side in wider rows. */
export interface ColumnRange {
  readonly from: number;
  readonly width: number;
}

export interface FittedProbe {
  /** @param columns as wide as those that it learned from, standardised by the same scale */
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

function sideBySide(parts: readonly Columns[], rows: Int32Array): Columns {
  const width = parts.reduce((sum, part) => sum + part.width, 0);
  const values = new Float32Array(rows.length * width);
  rows.forEach((row, i) => {
    let at = i * width;
    for (const part of parts) {
      values.set(part.values.subarray(row * part.width, (row + 1) * part.width), at);
      at += part.width;
    }
  });
  return { width, values };
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
