/**
 * The ops that broadcasting rests on, each the gradient of another: a sum over axes stretches its gradient back, and what
 * was stretched sums its gradient.
 */
import { Graph, type Tensor } from '../graph';
import { broadcastShapes, normaliseAxes, type Shape, ShapeError, sameShape, sizeOf } from '../shape';

export interface ReductionOptions {
  /** Leave a size of 1 where an axis was. @default false */
  readonly keepDimensions?: boolean;
}

/** @param axes all of them where left out */
export function reduceSum(
  a: Tensor,
  axes?: readonly number[],
  { keepDimensions = false }: ReductionOptions = {},
): Tensor {
  const over = normaliseAxes('reduceSum', axes ?? [...a.shape.keys()], a.shape);
  if (over.length === 0) return a;
  const kept = a.shape.map((size, axis) => (over.includes(axis) ? 1 : size));
  return Graph.node('ReduceSum', [a, a.graph.integers(over)], {
    shape: keepDimensions ? kept : a.shape.filter((_, axis) => !over.includes(axis)),
    attributes: { keepdims: keepDimensions ? 1 : 0 },
    gradients: [(up) => expand(reshape(up, kept), a.shape), undefined],
  });
}

/** At most one dimension may be known only when the graph runs, and it must be in both shapes. */
export function reshape(a: Tensor, shape: Shape): Tensor {
  if (sameShape(a.shape, shape)) return a;
  const named = (of: Shape) => of.filter((size) => typeof size === 'string');
  const known = (of: Shape) =>
    sizeOf(
      of.filter((size) => typeof size === 'number'),
      'reshape',
    );
  if (named(shape).length > 1 || !sameShape(named(a.shape), named(shape)) || known(a.shape) !== known(shape))
    throw new ShapeError('reshape', 'the shapes do not hold the same numbers', [a.shape, shape]);
  const target = a.graph.integers(shape.map((size) => (typeof size === 'string' ? -1 : size)));
  return Graph.node('Reshape', [a, target], {
    shape,
    type: a.type,
    gradients: [(up) => reshape(up, a.shape), undefined],
  });
}

export function expand(a: Tensor, shape: Shape): Tensor {
  if (sameShape(a.shape, shape)) return a;
  if (!sameShape(broadcastShapes('expand', a.shape, shape), shape))
    throw new ShapeError('expand', 'cannot stretch one to the other', [a.shape, shape]);
  sizeOf(shape, 'expand');
  return Graph.node('Expand', [a, a.graph.integers(shape as number[])], {
    shape,
    gradients: [(up) => unbroadcast(up, a.shape), undefined],
  });
}

/** Sums a gradient over what broadcasting stretched, so that it has the shape of the operand it belongs to. */
export function unbroadcast(upstream: Tensor, shape: Shape): Tensor {
  if (sameShape(upstream.shape, shape)) return upstream;
  const extra = upstream.shape.length - shape.length;
  const stretched = shape.flatMap((size, axis) =>
    size === 1 && upstream.shape[axis + extra] !== 1 ? [axis + extra] : [],
  );
  const kept = reduceSum(upstream, stretched, { keepDimensions: true });
  return reduceSum(kept, [...Array(extra).keys()]);
}
