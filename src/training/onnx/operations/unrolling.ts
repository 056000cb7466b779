/**
 * What recurrent layers are unrolled with: nodes that the layer differentiates by itself, steps taken out of a tensor over
 * time and put together again, and an op whose gradient is written by hand.
 *
 * Inside an unrolled layer a step is (size, batch): the gates of a step are then whole blocks of rows, which cost little to
 * tell apart, and a product takes the weights as they lie.
 */
import { type AttributeValue, Graph, Tensor } from '../graph';
import { type Shape, ShapeError, sizeOf } from '../shape';

type Attributes = Readonly<Record<string, AttributeValue>>;

/** A node without a gradient of its own. */
export function plain(op: string, inputs: readonly Tensor[], shape: Shape, attributes: Attributes = {}): Tensor {
  return Graph.node(op, inputs, { shape, attributes });
}

export const times = (a: Tensor, b: Tensor): Tensor => plain('Mul', [a, b], a.shape);
export const plus = (a: Tensor, b: Tensor): Tensor => plain('Add', [a, b], a.shape);
/** a - a², the slope of a logistic function at its value a. */
export const logisticSlope = (a: Tensor): Tensor => plain('Sub', [a, times(a, a)], a.shape);
/** 1 - a², the slope of a hyperbolic tangent at its value a. */
export const tangentSlope = (a: Tensor): Tensor => plain('Sub', [a.graph.scalar(1), times(a, a)], a.shape);

/** Blocks of rows, one below the other. */
export function blocks(a: Tensor, sizes: readonly number[]): Tensor[] {
  return a.graph.append(
    'Split',
    [a, a.graph.integers(sizes)],
    sizes.map((rows, i) => ({
      shape: [rows, ...a.shape.slice(1)],
      ...(i === 0 && { attributes: { axis: 0 } }),
    })),
  );
}

export function below(parts: readonly Tensor[]): Tensor {
  const rows = parts.reduce((sum, { shape }) => sum + sizeOf([shape[0]], 'below'), 0);
  return plain('Concat', parts, [rows, ...parts[0].shape.slice(1)], { axis: 0 });
}

export function beside(parts: readonly Tensor[]): Tensor {
  const columns = parts.reduce((sum, { shape }) => sum + sizeOf([shape[1]], 'beside'), 0);
  return plain('Concat', parts, [parts[0].shape[0], columns], { axis: 1 });
}

/** (time, batch, size) -> for each step (size, batch) */
export function stepsOf(a: Tensor): Tensor[] {
  const [time, batch, size] = a.shape.map((one) => sizeOf([one], 'recurrent layer'));
  const turned = plain('Transpose', [a], [time, size, batch], { perm: [0, 2, 1] });
  return blocks(plain('Reshape', [turned, a.graph.integers([time * size, batch])], [time * size, batch]), [
    ...Array(time).fill(size),
  ]);
}

/** For each step (size, batch) -> (time, batch, size) */
export function overTime(steps: readonly Tensor[]): Tensor {
  const [size, batch] = steps[0].shape;
  const shape = [steps.length, size, batch];
  const { graph } = steps[0];
  const stacked = plain('Reshape', [below(steps), graph.integers(shape as number[])], shape);
  return plain('Transpose', [stacked], [steps.length, batch, size], { perm: [0, 2, 1] });
}

export function zeros(graph: Graph, shape: readonly number[]): Tensor {
  return plain('Expand', [graph.scalar(0), graph.integers(shape)], shape);
}

/**
 * The output as an op with these inputs, whose gradients come together from one pass backwards.
 * @param backward given dLoss/dOutput, dLoss/dInput for each input
 */
export function differentiable(
  output: Tensor,
  inputs: readonly Tensor[],
  backward: (upstream: Tensor) => readonly Tensor[],
): Tensor {
  const passes = new Map<Tensor, readonly Tensor[]>();
  const pass = (upstream: Tensor): readonly Tensor[] => {
    const known = passes.get(upstream) ?? backward(upstream);
    passes.set(upstream, known);
    return known;
  };
  return new Tensor(
    output.graph,
    output.name,
    output.shape,
    output.type,
    inputs,
    inputs.map((_, i) => (upstream) => pass(upstream)[i]),
  );
}

/** The layer's input over time, with the sizes of the layer checked. */
export function requireSequence(op: string, x: Tensor, inputs: number, mask: Tensor | undefined): void {
  if (x.shape.length !== 3 || x.shape[2] !== inputs)
    throw new ShapeError(op, `needs (time, batch, ${inputs})`, [x.shape]);
  if (mask && (mask.shape.length !== 2 || mask.shape.some((size, axis) => size !== x.shape[axis])))
    throw new ShapeError(op, 'the mask is not (time, batch)', [mask.shape, x.shape]);
}

/** (time, batch) -> for each step (1, batch), or nothing where there is no mask. */
export function maskSteps(mask: Tensor | undefined): Tensor[] | undefined {
  return mask && blocks(mask, Array(sizeOf([mask.shape[0]], 'mask')).fill(1));
}
