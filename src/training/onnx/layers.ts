/** Layers and how their weights start. A parameter is a name, a shape and its first values; a graph decides how it enters. */
import type { Tensor } from './graph';
import { multiply, scale } from './operations/arithmetic';
import { elu, gelu, greater, leakyRelu, relu, selu, sigmoid, softplus, tanh } from './operations/elementwise';
import { gemm } from './operations/matrices';
import type { Random } from './random';
import { ShapeError, sameShape } from './shape';

export const ACTIVATIONS = {
  linear: (a: Tensor) => a,
  relu,
  leakyRelu: (a: Tensor) => leakyRelu(a),
  elu,
  selu,
  gelu,
  sigmoid,
  tanh,
  softplus,
} as const;

export type Activation = keyof typeof ACTIVATIONS;

export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  /** Row-major, of the shape's size. */
  readonly initial: Float32Array;
  /** Whether weight decay pulls at it: weights yes, biases no. */
  readonly decays: boolean;
}

/** The weights (inputs, outputs) and the bias of a dense layer, drawn for the activation that follows it. */
export function denseParameters(
  name: string,
  { inputs, outputs, activation }: { inputs: number; outputs: number; activation: Activation },
  random: Random,
): [weights: Parameter, bias: Parameter] {
  const deviation = initialDeviation(activation, inputs, outputs);
  const weights = Float32Array.from({ length: inputs * outputs }, () => random.normal() * deviation);
  return [
    { name: `${name}.weights`, shape: [inputs, outputs], initial: weights, decays: true },
    { name: `${name}.bias`, shape: [outputs], initial: new Float32Array(outputs), decays: false },
  ];
}

/** (batch, inputs) x (inputs, outputs) + (outputs) -> (batch, outputs) */
export function dense(x: Tensor, weights: Tensor, bias: Tensor): Tensor {
  return gemm(x, weights, { bias });
}

/**
 * Srivastava et al. 2014, inverted: keeps each number with probability 1 - rate and divides it by that, so that nothing
 * changes where dropout is left out. Randomness enters only through `uniform`, of x's shape and in [0, 1): fed by the
 * caller, or drawn in the graph from a seed by `randomUniform`.
 */
export function dropout(x: Tensor, rate: number, uniform: Tensor): Tensor {
  if (!(rate >= 0 && rate < 1)) throw new ShapeError('dropout', `the rate ${rate} is not in 0..1`, [x.shape]);
  if (!sameShape(x.shape, uniform.shape))
    throw new ShapeError('dropout', 'needs one random number a value', [x.shape, uniform.shape]);
  if (rate === 0) return x;
  const keep = greater(uniform, uniform.graph.scalar(rate));
  return scale(multiply(x, keep), 1 / (1 - rate));
}

/** He et al. 2015 for rectifiers, LeCun et al. 1998 for SELU, Glorot & Bengio 2010 for the rest. */
function initialDeviation(activation: Activation, inputs: number, outputs: number): number {
  switch (activation) {
    case 'relu':
    case 'leakyRelu':
    case 'elu':
    case 'gelu':
    case 'softplus':
      return Math.sqrt(2 / inputs);
    case 'selu':
      return Math.sqrt(1 / inputs);
    case 'linear':
    case 'sigmoid':
    case 'tanh':
      return Math.sqrt(2 / (inputs + outputs));
  }
}
