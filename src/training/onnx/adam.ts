/**
 * Adam (Kingma & Ba 2015) with decoupled weight decay (Loshchilov & Hutter 2019), as graph nodes.
 *
 * The moments are kept divided by (1 - beta), so that a step is m <- beta1 m + g and v <- beta2 v + g², two nodes fewer a
 * parameter; the bias correction, a scalar anyway, multiplies that factor back.
 */
import type { Tensor } from './graph';
import { Graph } from './graph';
import { add, divide, multiply, scale, subtract } from './operations/arithmetic';
import { sqrt, square } from './operations/elementwise';

export interface AdamOptions {
  /** @default 0.9 */
  readonly beta1?: number;
  /** @default 0.999 */
  readonly beta2?: number;
  /** @default 1e-8 */
  readonly epsilon?: number;
  /** Share of a weight lost at each step, times the learning rate. @default 0 */
  readonly weightDecay?: number;
}

export interface AdamState {
  readonly parameter: Tensor;
  /** Sum of past gradients, each weighing beta1 to the power of its age. */
  readonly momentum: Tensor;
  /** The same of squared gradients, with beta2. */
  readonly variance: Tensor;
}

/** One step's scalars, the same for all parameters. */
export interface AdamStep {
  readonly learningRate: Tensor;
  /** learningRate x (1 - beta1) / (1 - beta1^t), over the root that belongs to the variance. */
  readonly rate: Tensor;
  readonly epsilon: Tensor;
  readonly beta1: number;
  readonly beta2: number;
  readonly weightDecay: number;
}

/** @param step scalar, 1 for the first step */
export function adamStep(learningRate: Tensor, step: Tensor, options: AdamOptions = {}): AdamStep {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0 } = options;
  const correction = (beta: number): Tensor => {
    const { graph } = step;
    const power = Graph.node('Pow', [graph.scalar(beta), step], { shape: [] });
    return scale(subtract(graph.scalar(1), power), 1 / (1 - beta));
  };
  // p -= lr (m / c1) / (sqrt(v / c2) + e)  =  (lr sqrt(c2) / c1) m / (sqrt(v) + e sqrt(c2))
  const root = sqrt(correction(beta2));
  return {
    learningRate,
    rate: divide(multiply(learningRate, root), correction(beta1)),
    epsilon: scale(root, epsilon),
    beta1,
    beta2,
    weightDecay,
  };
}

/**
 * Added to both moments at each step. A moment whose gradients have become 0 would otherwise fade into denormals, on which
 * arithmetic is many times slower; this is far below epsilon and lost in any moment that matters. (The runtime's own switch,
 * set_denormal_as_zero, would change the arithmetic of the whole calling thread, JavaScript's included, for good.)
 */
const LEAST_MOMENT = 1e-30;

export function adamUpdate(state: AdamState, gradient: Tensor, step: AdamStep, decays: boolean): AdamState {
  const least = gradient.graph.scalar(LEAST_MOMENT);
  const momentum = add(scale(state.momentum, step.beta1), add(gradient, least));
  const variance = add(scale(state.variance, step.beta2), add(square(gradient), least));
  const change = multiply(divide(momentum, add(sqrt(variance), step.epsilon)), step.rate);
  const moved = subtract(state.parameter, change);
  if (!decays || step.weightDecay === 0) return { parameter: moved, momentum, variance };
  const decay = multiply(state.parameter, scale(step.learningRate, step.weightDecay));
  return { parameter: subtract(moved, decay), momentum, variance };
}
