/** Sums, differences, products and quotients that stretch their operands, and means. */
import { Graph, type Tensor } from '../graph';
import { broadcastShapes, normaliseAxes, ShapeError, sizeOf } from '../shape';
import { type ReductionOptions, reduceSum, unbroadcast } from './broadcasting';

export function add(a: Tensor, b: Tensor): Tensor {
  return binary('Add', a, b, [(up) => unbroadcast(up, a.shape), (up) => unbroadcast(up, b.shape)]);
}

export function subtract(a: Tensor, b: Tensor): Tensor {
  return binary('Sub', a, b, [(up) => unbroadcast(up, a.shape), (up) => unbroadcast(negate(up), b.shape)]);
}

export function multiply(a: Tensor, b: Tensor): Tensor {
  return binary('Mul', a, b, [
    (up) => unbroadcast(multiply(up, b), a.shape),
    (up) => unbroadcast(multiply(up, a), b.shape),
  ]);
}

export function divide(a: Tensor, b: Tensor): Tensor {
  const quotient: Tensor = binary('Div', a, b, [
    (up) => unbroadcast(divide(up, b), a.shape),
    (up) => unbroadcast(negate(divide(multiply(up, quotient), b)), b.shape),
  ]);
  return quotient;
}

export function negate(a: Tensor): Tensor {
  return Graph.node('Neg', [a], { shape: a.shape, gradients: [negate] });
}

export function scale(a: Tensor, factor: number): Tensor {
  return multiply(a, a.graph.scalar(factor));
}

/**
 * The number of values averaged must be known, because the gradient divides by it.
 * @param axes all of them where left out
 */
export function reduceMean(a: Tensor, axes?: readonly number[], options: ReductionOptions = {}): Tensor {
  const over = normaliseAxes('reduceMean', axes ?? [...a.shape.keys()], a.shape);
  const count = sizeOf(
    over.map((axis) => a.shape[axis]),
    'reduceMean',
  );
  return scale(reduceSum(a, over, options), 1 / count);
}

function binary(op: string, a: Tensor, b: Tensor, gradients: [(up: Tensor) => Tensor, (up: Tensor) => Tensor]): Tensor {
  if (a.type !== b.type) throw new ShapeError(op, `cannot combine ${a.type} with ${b.type}`, [a.shape, b.shape]);
  return Graph.node(op, [a, b], { shape: broadcastShapes(op, a.shape, b.shape), type: a.type, gradients });
}
