/**
 * A convolution along a sequence: each event sees its neighbours. The shifted copies of the rows stand side by side, and one
 * matrix product does the rest, so the gradients are those of the parts.
 */
import type { Tensor } from './graph';
import { scale } from './operations/arithmetic';
import { reshape } from './operations/broadcasting';
import { gemm } from './operations/matrices';
import { concat, slice } from './operations/shaping';
import { ShapeError } from './shape';

/**
 * Beyond both ends of a sequence there are zeros.
 * @param x (sequences, length, inputs)
 * @param weights (width x inputs, outputs), the leftmost neighbour's rows first
 * @param bias (outputs)
 * @returns (sequences, length, outputs)
 */
export function convolution(x: Tensor, weights: Tensor, bias: Tensor): Tensor {
  const [sequences, length, inputs] = x.shape as number[];
  const width = (weights.shape[0] as number) / inputs;
  if (x.shape.length !== 3 || !Number.isInteger(width) || width % 2 === 0)
    throw new ShapeError('convolution', 'needs sequences of rows and an odd number of neighbours', [
      x.shape,
      weights.shape,
    ]);
  const reach = (width - 1) / 2;
  const shifted = Array.from({ length: width }, (_, k) => shift(x, k - reach));
  const windows = reshape(concat(shifted, 2), [sequences * length, width * inputs]);
  return reshape(gemm(windows, weights, { bias }), [sequences, length, weights.shape[1]]);
}

/** Row t of each sequence becomes row t + by of it; zeros where there is none. */
function shift(x: Tensor, by: number): Tensor {
  const length = x.shape[1] as number;
  const beyond = Math.min(Math.abs(by), length);
  if (beyond === 0) return x;
  const zeros = scale(slice(x, { axis: 1, start: 0, end: beyond }), 0);
  if (beyond === length) return zeros;
  return by > 0
    ? concat([slice(x, { axis: 1, start: by, end: length }), zeros], 1)
    : concat([zeros, slice(x, { axis: 1, start: 0, end: length + by })], 1);
}
