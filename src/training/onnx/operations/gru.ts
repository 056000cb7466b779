/**
 * The GRU over time (Cho et al. 2014), the reset gate applied after the state's product as cuDNN and PyTorch do, its
 * gradient written by hand.
 *
 *     z, r = sigmoid(gates [x; h] + b)    n = tanh(fromInput x + b_n + r (fromState h + b_s))    h' = n + z (h - n)
 */
import type { Tensor } from '../graph';
import { ShapeError } from '../shape';
import { orderOf, type RecurrenceOptions } from './lstm';
import {
  below,
  beside,
  blocks,
  differentiable,
  logisticSlope,
  maskSteps,
  overTime,
  plain,
  plus,
  requireSequence,
  stepsOf,
  tangentSlope,
  times,
  zeros,
} from './unrolling';

export interface GruWeights {
  /** (2 units, inputs + units): rows of the update and the reset gate, on [x; h] */
  readonly gates: Tensor;
  /** (units, inputs) */
  readonly fromInput: Tensor;
  /** (units, units) */
  readonly fromState: Tensor;
  /** (4 units): of update and reset gate, of the input's and of the state's part of the candidate */
  readonly bias: Tensor;
}

interface Step {
  readonly x: Tensor;
  readonly joint: Tensor;
  readonly before: Tensor;
  readonly update: Tensor;
  readonly reset: Tensor;
  readonly candidate: Tensor;
  /** fromState h + b_s */
  readonly recalled: Tensor;
  readonly mask: Tensor | undefined;
}

/**
 * @param x (time, batch, inputs)
 * @returns the states (time, batch, units); they start from 0
 */
export function gru(x: Tensor, weights: GruWeights, options: RecurrenceOptions = {}): Tensor {
  const [units, inputs] = weights.fromInput.shape as number[];
  const { gates, fromState, bias } = weights;
  if (gates.shape[0] !== 2 * units || gates.shape[1] !== inputs + units || fromState.shape[1] !== units)
    throw new ShapeError('gru', 'the weights do not fit each other', [gates.shape, fromState.shape]);
  if (bias.shape[0] !== 4 * units) throw new ShapeError('gru', 'needs a bias of (4 units)', [bias.shape]);
  requireSequence('gru', x, inputs, options.mask);
  const { steps, states } = unroll(x, weights, options);
  return differentiable(
    overTime(states),
    [x, weights.gates, weights.fromInput, weights.fromState, weights.bias],
    (upstream) => backpropagate(upstream, steps, weights, options.backward ?? false),
  );
}

function unroll(x: Tensor, weights: GruWeights, { mask, backward = false }: RecurrenceOptions) {
  const [units, inputs] = weights.fromInput.shape as number[];
  const batch = x.shape[1] as number;
  const shape = [units, batch];
  const column = plain('Reshape', [weights.bias, weights.bias.graph.integers([4 * units, 1])], [4 * units, 1]);
  const [gateBias, inputBias, stateBias] = blocks(column, [2 * units, units, units]);
  const masks = maskSteps(mask);
  const xs = stepsOf(x);
  const steps: Step[] = new Array(xs.length);
  const states: Tensor[] = new Array(xs.length);
  let state = zeros(x.graph, shape);
  for (const t of orderOf(xs.length, backward)) {
    const before = state;
    const joint = plain('Concat', [xs[t], before], [inputs + units, batch], { axis: 0 });
    const open = plain(
      'Sigmoid',
      [plain('Gemm', [weights.gates, joint, gateBias], [2 * units, batch])],
      [2 * units, batch],
    );
    const [update, reset] = blocks(open, [units, units]);
    const recalled = plain('Gemm', [weights.fromState, before, stateBias], shape);
    const seen = plain('Gemm', [weights.fromInput, xs[t], inputBias], shape);
    const candidate = plain('Tanh', [plus(seen, times(reset, recalled))], shape);
    state = plus(candidate, times(update, plain('Sub', [before, candidate], shape)));
    if (masks) state = times(state, masks[t]);
    steps[t] = { x: xs[t], joint, before, update, reset, candidate, recalled, mask: masks?.[t] };
    states[t] = state;
  }
  return { steps, states };
}

function backpropagate(upstream: Tensor, steps: readonly Step[], weights: GruWeights, backward: boolean): Tensor[] {
  const [units, inputs] = weights.fromInput.shape as number[];
  const batch = upstream.shape[1] as number;
  const shape = [units, batch];
  const slopes = stepsOf(upstream);
  const toX: Tensor[] = new Array(steps.length);
  const [toGates, toSeen, toRecalled] = [0, 0, 0].map(() => new Array<Tensor>(steps.length));
  let toState: Tensor | undefined;
  for (const t of orderOf(steps.length, !backward)) {
    const { before, update, reset, candidate, recalled, mask } = steps[t];
    let state = toState ? plus(slopes[t], toState) : slopes[t];
    if (mask) state = times(state, mask);
    const kept = times(state, update);
    toSeen[t] = times(plain('Sub', [state, kept], shape), tangentSlope(candidate));
    toRecalled[t] = times(toSeen[t], reset);
    toGates[t] = below([
      times(times(plain('Sub', [before, candidate], shape), logisticSlope(update)), state),
      times(times(recalled, logisticSlope(reset)), toSeen[t]),
    ]);
    const toJoint = plain('Gemm', [weights.gates, toGates[t]], [inputs + units, batch], { transA: 1 });
    const [gatesToX, gatesToState] = blocks(toJoint, [inputs, units]);
    toX[t] = plain('Gemm', [weights.fromInput, toSeen[t], gatesToX], [inputs, batch], { transA: 1 });
    toState = plus(kept, plain('Gemm', [weights.fromState, toRecalled[t], gatesToState], shape, { transA: 1 }));
  }
  return [overTime(toX), ...toWeights(steps, { toGates, toSeen, toRecalled }, [units, inputs])];
}

/** Each of the weights' gradients as one product over all steps. */
function toWeights(
  steps: readonly Step[],
  slopes: { toGates: readonly Tensor[]; toSeen: readonly Tensor[]; toRecalled: readonly Tensor[] },
  [units, inputs]: readonly number[],
): Tensor[] {
  const product = (a: Tensor, of: readonly Tensor[], columns: number) =>
    plain('Gemm', [a, beside(of)], [a.shape[0], columns], { transB: 1 });
  const [gates, seen, recalled] = [slopes.toGates, slopes.toSeen, slopes.toRecalled].map(beside);
  const biases = [gates, seen, recalled].map((a) =>
    plain('ReduceSum', [a, a.graph.integers([1])], [a.shape[0]], { keepdims: 0 }),
  );
  return [
    product(
      gates,
      steps.map(({ joint }) => joint),
      inputs + units,
    ),
    product(
      seen,
      steps.map(({ x }) => x),
      inputs,
    ),
    product(
      recalled,
      steps.map(({ before }) => before),
      units,
    ),
    below(biases),
  ];
}
