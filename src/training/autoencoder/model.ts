/** What training an autoencoder gives: plain data, immutable, usable alone (by `AutoencoderScorer`). */
import type { Calibration } from './calibration';
import type { AutoencoderOptions } from './options';
import type { Scaling } from './scaling';
import { type Threshold, type ThresholdWish, thresholdFor } from './threshold';

export interface AutoencoderModel {
  /** Features in the order in which rows come. */
  readonly columns: readonly string[];
  /** Numbers in a code. */
  readonly codeDimension: number;
  /** ONNX: `standardised` (batch, columns) -> `reconstruction` (batch, columns), `code` (batch, codeDimension). */
  readonly network: Uint8Array;
  readonly scaling: Scaling;
  /** One a column: a row's error is the sum of weight x (standardised error)². */
  readonly errorWeights: Float64Array;
  readonly calibration: Calibration;
  readonly threshold: Threshold;
  /** Mean rows a day of the training data, where it was given. */
  readonly rowsPerDay?: number;
  readonly options: AutoencoderOptions;
  /** For the model card: steps, rowsSeen, epochs, trainingLoss, validationLoss … */
  readonly facts: Readonly<Record<string, number | string | boolean>>;
}

/** The same model with another threshold; nothing is fitted again. @throws OptionError unless the wish can be met */
export function withThreshold(model: AutoencoderModel, wish: ThresholdWish): AutoencoderModel {
  return Object.freeze({ ...model, threshold: thresholdFor(wish, model.calibration, model.rowsPerDay) });
}
