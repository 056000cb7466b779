/** Ops that move numbers without computing any: transpose, concat, slice, gather. */
import { Graph, type Tensor } from '../graph';
import { normaliseAxes, type Shape, ShapeError, sameShape, sizeOf } from '../shape';
import { expand, reshape } from './broadcasting';

/** @param order the axes of `a` in their new order */
export function transpose(a: Tensor, order: readonly number[]): Tensor {
  const counted = normaliseAxes('transpose', order, a.shape);
  if (counted.length !== a.shape.length) throw new ShapeError('transpose', 'the order must name every axis', [a.shape]);
  const inverse = order.map((_, axis) => order.indexOf(axis));
  return Graph.node('Transpose', [a], {
    shape: order.map((axis) => a.shape[axis]),
    type: a.type,
    attributes: { perm: order },
    gradients: [(up) => transpose(up, inverse)],
  });
}

export function concat(parts: readonly Tensor[], axis: number): Tensor {
  if (parts.length === 0) throw new ShapeError('concat', 'needs at least one tensor', []);
  const [at] = normaliseAxes('concat', [axis], parts[0].shape);
  const others = (shape: Shape) => shape.filter((_, i) => i !== at);
  const shapes = parts.map(({ shape }) => shape);
  if (!shapes.every((shape) => sameShape(others(shape), others(shapes[0]))))
    throw new ShapeError('concat', `sizes differ outside axis ${at}`, shapes);
  const sizes = shapes.map((shape) => sizeOf([shape[at]], 'concat'));
  const starts = sizes.map((_, i) => sizes.slice(0, i).reduce((sum, size) => sum + size, 0));
  return Graph.node('Concat', parts, {
    shape: shapes[0].map((size, i) => (i === at ? sizes.reduce((sum, part) => sum + part) : size)),
    attributes: { axis: at },
    gradients: parts.map((_, i) => (up) => slice(up, { axis: at, start: starts[i], end: starts[i] + sizes[i] })),
  });
}

export interface SliceRange {
  readonly axis: number;
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
}

export function slice(a: Tensor, { axis, start, end }: SliceRange): Tensor {
  const [at] = normaliseAxes('slice', [axis], a.shape);
  const size = sizeOf([a.shape[at]], 'slice');
  if (!(start >= 0 && start < end && end <= size))
    throw new ShapeError('slice', `${start} to ${end} is not a range within ${size}`, [a.shape]);
  const integers = (value: number) => a.graph.integers([value]);
  return Graph.node('Slice', [a, integers(start), integers(end), integers(at)], {
    shape: a.shape.map((whole, i) => (i === at ? end - start : whole)),
    gradients: [(up) => pad(up, { axis: at, before: start, after: size - end }), undefined, undefined, undefined],
  });
}

/** Rows of a table by index. Its gradient adds into the rows, so a row taken twice learns twice. */
export function gather(table: Tensor, indices: Tensor): Tensor {
  if (indices.type !== 'int32' && indices.type !== 'int64')
    throw new ShapeError('gather', `indices must be integers, not ${indices.type}`, [indices.shape]);
  if (table.shape.length === 0) throw new ShapeError('gather', 'a scalar has no rows', [table.shape]);
  return Graph.node('Gather', [table, indices], {
    shape: [...indices.shape, ...table.shape.slice(1)],
    type: table.type,
    attributes: { axis: 0 },
    gradients: [(up) => scatterAdd(up, indices, table.shape), undefined],
  });
}

function scatterAdd(updates: Tensor, indices: Tensor, shape: Shape): Tensor {
  sizeOf(shape, 'gradient of gather');
  const zeros = expand(updates.graph.scalar(0), shape);
  const wide = indices.type === 'int64' ? indices : cast(indices, 'int64');
  // ScatterND wants each index as a vector of one coordinate.
  const coordinates = reshape(wide, [...indices.shape, 1]);
  return Graph.node('ScatterND', [zeros, coordinates, updates], {
    shape,
    attributes: { reduction: 'add' },
    gradients: [undefined, undefined, (up) => gather(up, indices)],
  });
}

/** Integer and boolean casts; nothing flows back through them. */
export function cast(a: Tensor, type: 'float32' | 'int64'): Tensor {
  return Graph.node('Cast', [a], { shape: a.shape, type, attributes: { to: type === 'float32' ? 1 : 7 } });
}

function pad(a: Tensor, { axis, before, after }: { axis: number; before: number; after: number }): Tensor {
  const rank = a.shape.length;
  const pads = Array.from({ length: 2 * rank }, (_, i) => (i === axis ? before : i === axis + rank ? after : 0));
  const size = sizeOf([a.shape[axis]], 'pad');
  return Graph.node('Pad', [a, a.graph.integers(pads)], {
    shape: a.shape.map((whole, i) => (i === axis ? before + size + after : whole)),
    gradients: [(up) => slice(up, { axis, start: before, end: before + size }), undefined],
  });
}
