/**
 * Shapes of tensors, checked while a graph is being built. A dimension is a size, or the name of one that is known only when
 * the graph runs (`'batch'`); two named dimensions agree when they have the same name.
 */
import { KindredError } from '../../errors';

export type Dimension = number | string;
export type Shape = readonly Dimension[];

/** The graph being built cannot work: the shapes that meet in one op do not fit. */
export class ShapeError extends KindredError {
  constructor(op: string, message: string, shapes: readonly Shape[]) {
    super('SHAPE_MISMATCH', `${op}: ${message} (${shapes.map(describeShape).join(' and ')}).`, {
      facts: { op, shapes },
      remedy: 'Correct the layer sizes or the data that meet in this operation.',
    });
  }
}

export function describeShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

/** @returns how many numbers a tensor of this shape holds */
export function sizeOf(shape: Shape, op: string): number {
  return shape.reduce<number>((size, dimension) => {
    if (typeof dimension === 'string')
      throw new ShapeError(op, `needs a known size, but "${dimension}" is known only when the graph runs`, [shape]);
    return size * dimension;
  }, 1);
}

/** The shape two operands stretch to, by ONNX's (and NumPy's) rule: from the right, sizes are equal or one of them is 1. */
export function broadcastShapes(op: string, a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const left = a[axis - rank + a.length] ?? 1;
    const right = b[axis - rank + b.length] ?? 1;
    if (left !== right && left !== 1 && right !== 1)
      throw new ShapeError(op, `cannot stretch ${left} against ${right}`, [a, b]);
    return left === 1 ? right : left;
  });
}

/** @returns the axes counted from 0, checked, in ascending order */
export function normaliseAxes(op: string, axes: readonly number[], shape: Shape): readonly number[] {
  const counted = axes.map((axis) => (axis < 0 ? axis + shape.length : axis)).sort((a, b) => a - b);
  if (counted.some((axis, i) => !Number.isInteger(axis) || axis < 0 || axis >= shape.length || axis === counted[i - 1]))
    throw new ShapeError(op, `axes ${axes.join(', ')} are not axes of a tensor of rank ${shape.length}`, [shape]);
  return counted;
}
