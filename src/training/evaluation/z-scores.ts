/** The plain rival of a fraud model: how far a row's features are from their means, as the mean of their squared z-scores. */
import { fitScaling } from '../autoencoder/scaling';
import type { FeatureMatrix } from '../feature-matrix';

/** @returns one score a row of `data`; the higher, the more unlike the training rows */
export function zScores(training: FeatureMatrix, data: FeatureMatrix): Float64Array {
  const all = Int32Array.from({ length: training.rows }, (_, row) => row);
  const { means, deviations } = fitScaling(training, all, Number.POSITIVE_INFINITY);
  const width = means.length;
  const scores = new Float64Array(data.rows);
  for (let row = 0; row < data.rows; row++)
    for (let j = 0; j < width; j++)
      scores[row] += ((data.values[row * width + j] - means[j]) / deviations[j]) ** 2 / width;
  return scores;
}
