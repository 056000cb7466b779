/** Runs a served network over rows, and what its misses amount to: squared errors of features, errors of rows. */
import { Session, type SessionOptions } from '../onnx/session';
import type { AutoencoderModel } from './model';
import { CODE, INPUT, RECONSTRUCTION } from './network';
import { type Scaling, standardise } from './scaling';

/** What scoring needs of a model, so that training can score with one that is not yet calibrated. */
export type ServedNetwork = Pick<AutoencoderModel, 'columns' | 'codeDimension' | 'network' | 'scaling'>;

export interface Reconstruction {
  /** (rows, columns), standardised. */
  readonly expected: Float32Array;
  /** (rows, codeDimension) */
  readonly codes: Float32Array;
}

/** Rows in one call of the runtime: bounds the memory of its intermediate results. */
const ROWS_PER_CALL = 4096;

export class Reconstructor {
  private constructor(
    readonly model: ServedNetwork,
    private readonly session: Session,
  ) {}

  static async load(model: ServedNetwork, options: SessionOptions = {}): Promise<Reconstructor> {
    return new Reconstructor(model, await Session.open(model.network, options));
  }

  /** @param values (rows, columns), row-major, finite, in the features' own units */
  async reconstruct(values: Float32Array): Promise<Reconstruction> {
    const { columns, codeDimension, scaling } = this.model;
    const width = columns.length;
    const rows = values.length / width;
    const expected = new Float32Array(rows * width);
    const codes = new Float32Array(rows * codeDimension);
    for (let start = 0; start < rows; start += ROWS_PER_CALL) {
      const end = Math.min(rows, start + ROWS_PER_CALL);
      const data = standardise(values.subarray(start * width, end * width), scaling);
      const outputs = await this.session.run({ [INPUT]: { data, dims: [end - start, width] } }, [RECONSTRUCTION, CODE]);
      expected.set(outputs[RECONSTRUCTION], start * width);
      codes.set(outputs[CODE], start * codeDimension);
    }
    return { expected, codes };
  }

  close(): Promise<void> {
    return this.session.close();
  }
}

/** Squared standardised error of each value, from the uncut observation: (rows, columns). */
export function squaredErrors(values: Float32Array, { means, deviations }: Scaling, expected: Float32Array) {
  const width = means.length;
  const squares = new Float64Array(values.length);
  for (let i = 0; i < values.length; i += width)
    for (let j = 0; j < width; j++) {
      const error = (values[i + j] - means[j]) / deviations[j] - expected[i + j];
      squares[i + j] = error * error;
    }
  return squares;
}

/** Each row's error: the weighted sum of its squared errors. */
export function rowErrors(squares: Float64Array, weights: Float64Array): Float64Array {
  const width = weights.length;
  const errors = new Float64Array(squares.length / width);
  for (let row = 0; row < errors.length; row++)
    for (let j = 0; j < width; j++) errors[row] += weights[j] * squares[row * width + j];
  return errors;
}
