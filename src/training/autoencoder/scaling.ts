/**
 * Standardisation, which is part of the model: features come and go in their own units, the network sees them less their mean
 * and over their standard deviation, in training and scoring alike.
 */
import { InputError } from '../../errors';
import type { FeatureMatrix } from '../feature-matrix';

export interface Scaling {
  readonly means: Float64Array;
  /** Standard deviations; 1 for a column that never varied, so that a later change shows in its own unit. */
  readonly deviations: Float64Array;
  /** What the network sees is cut at this many deviations on either side. */
  readonly clip: number;
}

/** Below this share of its mean, a deviation is single-precision noise around a constant. */
const CONSTANT = 1e-6;

/** @throws InputError naming the column where a value is not a finite number */
export function requireFinite(values: Float32Array, columns: readonly string[]): void {
  const width = columns.length;
  if (width === 0 || values.length % width !== 0)
    throw new InputError('values', `${values.length} values do not make rows of ${width} columns.`, {
      remedy: 'Give one value a column for each row.',
    });
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i])) continue;
    const column = columns[i % width];
    throw new InputError(column, `Feature "${column}" is ${values[i]} in row ${Math.floor(i / width)}.`, {
      remedy: 'Every feature must be a finite number; fill in or leave out what is unknown.',
      facts: { column, row: Math.floor(i / width) },
    });
  }
}

/** @param rows numbers of the rows to learn from */
export function fitScaling(data: FeatureMatrix, rows: Int32Array, clip: number): Scaling {
  const width = data.columns.length;
  const means = new Float64Array(width);
  const deviations = new Float64Array(width);
  for (const row of rows) for (let j = 0; j < width; j++) means[j] += data.values[row * width + j] / rows.length;
  for (const row of rows)
    for (let j = 0; j < width; j++) deviations[j] += (data.values[row * width + j] - means[j]) ** 2 / rows.length;
  for (let j = 0; j < width; j++) {
    const deviation = Math.sqrt(deviations[j]);
    deviations[j] = deviation > CONSTANT * Math.abs(means[j]) ? deviation : 1;
  }
  return { means, deviations, clip };
}

/** @returns (rows, columns) as the network sees them: standardised and cut */
export function standardise(values: Float32Array, { means, deviations, clip }: Scaling): Float32Array {
  const width = means.length;
  const standardised = new Float32Array(values.length);
  for (let i = 0; i < values.length; i += width)
    for (let j = 0; j < width; j++) {
      const deviation = (values[i + j] - means[j]) / deviations[j];
      standardised[i + j] = Math.min(clip, Math.max(-clip, deviation));
    }
  return standardised;
}
