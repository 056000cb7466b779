/**
 * Functions of one number, applied to each: activations and what losses are made of. At a kink (0 for ReLU and abs, the
 * bounds of clip) the gradient is that of the flat side.
 */
import { Graph, type Tensor } from '../graph';
import { ShapeError } from '../shape';
import { add, divide, multiply, scale, subtract } from './arithmetic';
import { cast } from './shaping';

type Attributes = Readonly<Record<string, { readonly float: number }>>;

export function exp(a: Tensor): Tensor {
  return unary('Exp', a, (up, y) => multiply(up, y));
}

export function log(a: Tensor): Tensor {
  return unary('Log', a, (up) => divide(up, a));
}

export function sqrt(a: Tensor): Tensor {
  return unary('Sqrt', a, (up, y) => divide(scale(up, 0.5), y));
}

export function square(a: Tensor): Tensor {
  return Graph.node('Mul', [a, a], {
    shape: a.shape,
    gradients: [(up) => multiply(scale(up, 2), a), undefined],
  });
}

export function abs(a: Tensor): Tensor {
  return unary('Abs', a, (up) => multiply(up, sign(a)));
}

/** a to a fixed power. */
export function pow(a: Tensor, exponent: number): Tensor {
  return Graph.node('Pow', [a, a.graph.scalar(exponent)], {
    shape: a.shape,
    gradients: [(up) => multiply(up, scale(pow(a, exponent - 1), exponent)), undefined],
  });
}

export function clip(a: Tensor, low: number, high: number): Tensor {
  if (!(low < high)) throw new ShapeError('clip', `${low} is not below ${high}`, [a.shape]);
  return Graph.node('Clip', [a, a.graph.scalar(low), a.graph.scalar(high)], {
    shape: a.shape,
    gradients: [
      (up) => multiply(up, multiply(greater(a, a.graph.scalar(low)), greater(a.graph.scalar(high), a))),
      undefined,
      undefined,
    ],
  });
}

export function relu(a: Tensor): Tensor {
  // The output is never negative, so its sign is the mask.
  return unary('Relu', a, (up, y) => multiply(up, sign(y)));
}

/** @param slope below 0 */
export function leakyRelu(a: Tensor, slope = 0.01): Tensor {
  return unary('LeakyRelu', a, (up) => multiply(up, add(scale(positive(a), 1 - slope), a.graph.scalar(slope))), {
    alpha: { float: slope },
  });
}

/** Clevert et al. 2016: exp(a) - 1 below 0. */
export function elu(a: Tensor): Tensor {
  return unary('Elu', a, (up, y) => multiply(up, select(positive(a), a.graph.scalar(1), add(y, a.graph.scalar(1)))), {
    alpha: { float: 1 },
  });
}

/** Klambauer et al. 2017; the two constants are the fixed point of its section 2. */
const SELU_ALPHA = 1.6732632423543772;
const SELU_SCALE = 1.0507009873554805;

export function selu(a: Tensor): Tensor {
  return unary(
    'Selu',
    a,
    (up, y) =>
      multiply(up, select(positive(a), a.graph.scalar(SELU_SCALE), add(y, a.graph.scalar(SELU_SCALE * SELU_ALPHA)))),
    { alpha: { float: SELU_ALPHA }, gamma: { float: SELU_SCALE } },
  );
}

export function sigmoid(a: Tensor): Tensor {
  return unary('Sigmoid', a, (up, y) => multiply(up, multiply(y, subtract(a.graph.scalar(1), y))));
}

export function tanh(a: Tensor): Tensor {
  return unary('Tanh', a, (up, y) => multiply(up, subtract(a.graph.scalar(1), square(y))));
}

/** log(1 + exp(a)). */
export function softplus(a: Tensor): Tensor {
  return unary('Softplus', a, (up) => multiply(up, sigmoid(a)));
}

/** Hendrycks & Gimpel 2016, exact: a times the normal distribution function of a. */
export function gelu(a: Tensor): Tensor {
  return unary('Gelu', a, (up) => {
    const cumulative = scale(add(erf(scale(a, Math.SQRT1_2)), a.graph.scalar(1)), 0.5);
    const density = scale(exp(scale(square(a), -0.5)), 1 / Math.sqrt(2 * Math.PI));
    return multiply(up, add(cumulative, multiply(a, density)));
  });
}

export function erf(a: Tensor): Tensor {
  return unary('Erf', a, (up) => multiply(up, scale(exp(scale(square(a), -1)), 2 / Math.sqrt(Math.PI))));
}

/** 1 where a > b, else 0. Nothing flows back. */
export function greater(a: Tensor, b: Tensor): Tensor {
  const shape = a.shape.length > 0 ? a.shape : b.shape;
  return cast(Graph.node('Greater', [a, b], { shape, type: 'bool' }), 'float32');
}

function positive(a: Tensor): Tensor {
  return greater(a, a.graph.scalar(0));
}

function sign(a: Tensor): Tensor {
  return Graph.node('Sign', [a], { shape: a.shape });
}

/** `a` where the mask is 1, `b` where it is 0. Nothing flows back through the mask. */
function select(mask: Tensor, a: Tensor, b: Tensor): Tensor {
  return add(multiply(mask, a), multiply(subtract(mask.graph.scalar(1), mask), b));
}

function unary(
  op: string,
  a: Tensor,
  gradient: (upstream: Tensor, output: Tensor) => Tensor,
  attributes: Attributes = {},
): Tensor {
  const output: Tensor = Graph.node(op, [a], {
    shape: a.shape,
    attributes,
    gradients: [(up) => gradient(up, output)],
  });
  return output;
}
