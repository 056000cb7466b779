/**
 * Scores rows with a trained autoencoder. The higher the error (and its calibrated value), the less the row is like normal
 * traffic. It runs on the calling thread: a row takes some microseconds, so the serving thread may use it.
 */
import { InputError } from '../../errors';
import type { SessionOptions } from '../onnx/session';
import { shareBelow } from './calibration';
import type { AutoencoderModel } from './model';
import { Reconstructor, rowErrors, squaredErrors } from './reconstruction';
import { requireFinite } from './scaling';

/** A feature's part in a row's error. */
export interface Reason {
  readonly feature: string;
  /** In the feature's own unit. */
  readonly observed: number;
  /** What the network expected in view of the other features, in the same unit. */
  readonly expected: number;
  /** Of the row's error, 0..1; the shares of all features add up to 1 (to 0 for a row without any error). */
  readonly share: number;
}

/** Scores of some rows, in the rows' order. */
export class Scores {
  constructor(
    private readonly model: AutoencoderModel,
    private readonly observed: Float32Array,
    private readonly expected: Float32Array,
    private readonly squares: Float64Array,
    /** Reconstruction error of each row. */
    readonly errors: Float64Array,
    /** Share of normal traffic whose error is below each row's, 0..1. */
    readonly values: Float64Array,
    /** (rows, codeDimension): each row's bottleneck activations. */
    readonly codes: Float32Array,
  ) {}

  /** Whether the row's value reaches the model's threshold. */
  isAlert(row: number): boolean {
    return this.values[row] >= this.model.threshold.value;
  }

  /** The features that drove a row's error, the largest share first. @param first how many at most */
  reasons(row: number, first = this.model.columns.length): Reason[] {
    const { columns, errorWeights, scaling } = this.model;
    const total = this.errors[row];
    const start = row * columns.length;
    return this.largest(row, Math.min(first, columns.length)).map((j): Reason => {
      const at = start + j;
      return {
        feature: columns[j],
        observed: this.observed[at],
        expected: scaling.means[j] + scaling.deviations[j] * this.expected[at],
        share: total > 0 ? (errorWeights[j] * this.squares[at]) / total : 0,
      };
    });
  }

  /** Columns with the largest parts of a row's error, in order; of equal parts the earlier column. Most rows need few: no sort. */
  private largest(row: number, count: number): number[] {
    const { columns, errorWeights } = this.model;
    const start = row * columns.length;
    const part = (j: number): number => errorWeights[j] * this.squares[start + j];
    const chosen: number[] = [];
    for (let j = 0; j < columns.length; j++) {
      let place = chosen.length;
      while (place > 0 && part(chosen[place - 1]) < part(j)) place--;
      if (place >= count) continue;
      chosen.splice(place, 0, j);
      if (chosen.length > count) chosen.pop();
    }
    return chosen;
  }
}

export class AutoencoderScorer {
  private constructor(
    readonly model: AutoencoderModel,
    private readonly network: Reconstructor,
  ) {}

  static async load(model: AutoencoderModel, options: SessionOptions = {}): Promise<AutoencoderScorer> {
    return new AutoencoderScorer(model, await Reconstructor.load(model, options));
  }

  /**
   * @param values (rows, columns), row-major, in the features' own units
   * @throws InputError naming the column where a value is not finite
   */
  async score(values: Float32Array): Promise<Scores> {
    const { columns, scaling, errorWeights, calibration } = this.model;
    if (values.length === 0) throw new InputError('values', 'There are no rows to score.');
    requireFinite(values, columns);
    const { expected, codes } = await this.network.reconstruct(values);
    const squares = squaredErrors(values, scaling, expected);
    const errors = rowErrors(squares, errorWeights);
    const shares = errors.map((error) => shareBelow(calibration, error));
    return new Scores(this.model, values, expected, squares, errors, shares, codes);
  }

  /** Releases the network; twice without harm. */
  close(): Promise<void> {
    return this.network.close();
  }
}
