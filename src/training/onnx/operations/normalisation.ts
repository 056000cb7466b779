/** Rows brought to mean 0 and variance 1: the heart of layer normalisation (Ba et al. 2016). */
import type { Tensor } from '../graph';
import { type Shape, ShapeError, sizeOf } from '../shape';
import { add, multiply, reduceMean, subtract } from './arithmetic';
import { expand } from './broadcasting';

/** Added to a row's variance, so that a constant row becomes zeros. */
const EPSILON = 1e-5;

/** Over the last axis: (..., dimension) -> the same shape. */
export function normalise(x: Tensor): Tensor {
  if (x.shape.length === 0) throw new ShapeError('normalise', 'a scalar has no rows', [x.shape]);
  const dimension = sizeOf(x.shape.slice(-1), 'normalise');
  const ones = expand(x.graph.scalar(1), [dimension]);
  const perRow: Shape = [...x.shape.slice(0, -1), 1];
  const { graph } = x;
  const [output, , inverse]: Tensor[] = graph.append(
    'LayerNormalization',
    [x, ones],
    [
      {
        shape: x.shape,
        attributes: { axis: -1, epsilon: { float: EPSILON } },
        // With y = (x - mean) / deviation: dx = (dy - mean(dy) - y mean(dy y)) / deviation.
        gradients: [(up) => slope(up, output, inverse), undefined],
      },
      { shape: perRow },
      { shape: perRow },
    ],
  );
  return output;
}

function slope(up: Tensor, output: Tensor, inverse: Tensor): Tensor {
  const mean = reduceMean(up, [-1], { keepDimensions: true });
  const along = reduceMean(multiply(up, output), [-1], { keepDimensions: true });
  return multiply(subtract(subtract(up, mean), multiply(output, along)), inverse);
}

/** Layer normalisation proper: the normalised rows times `gain`, plus `bias`; both (dimension). */
export function layerNorm(x: Tensor, gain: Tensor, bias: Tensor): Tensor {
  return add(multiply(normalise(x), gain), bias);
}
