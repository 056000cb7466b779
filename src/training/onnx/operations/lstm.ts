/**
 * The LSTM over time (Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000), its gradient written by
 * hand: backpropagation through time, with the gradient of the weights as one product over all steps.
 */
import type { Tensor } from '../graph';
import { ShapeError } from '../shape';
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

export interface RecurrenceOptions {
  /** (time, batch), 1 or 0: where it is 0 the state is 0 after the step, so that what follows starts anew. */
  readonly mask?: Tensor;
  /** From the last step to the first. @default false */
  readonly backward?: boolean;
}

/** A step's values that its gradient needs, each (units, batch); the joint input is (inputs + units, batch). */
interface Step {
  readonly joint: Tensor;
  readonly input: Tensor;
  readonly forget: Tensor;
  readonly output: Tensor;
  readonly candidate: Tensor;
  /** The cell's value before the step; undefined where it was 0. */
  readonly before: Tensor | undefined;
  readonly squashed: Tensor;
  readonly mask: Tensor | undefined;
}

/**
 * @param x (time, batch, inputs)
 * @param weights (4 units, inputs + units): rows of input, forget and output gate and of the candidate, on [x; h]
 * @param bias (4 units)
 * @returns the states (time, batch, units); they start from 0
 */
export function lstm(x: Tensor, weights: Tensor, bias: Tensor, options: RecurrenceOptions = {}): Tensor {
  const [rows, columns] = weights.shape as number[];
  const units = rows / 4;
  const inputs = columns - units;
  if (!Number.isInteger(units) || inputs < 1 || bias.shape[0] !== rows)
    throw new ShapeError('lstm', 'needs weights (4 units, inputs + units) and a bias', [weights.shape, bias.shape]);
  requireSequence('lstm', x, inputs, options.mask);
  const { steps, states } = unroll(x, weights, bias, options);
  return differentiable(overTime(states), [x, weights, bias], (upstream) =>
    backpropagate(upstream, steps, weights, options.backward ?? false),
  );
}

function unroll(x: Tensor, weights: Tensor, bias: Tensor, { mask, backward = false }: RecurrenceOptions) {
  const [rows, columns] = weights.shape as number[];
  const units = rows / 4;
  const batch = x.shape[1] as number;
  const column = plain('Reshape', [bias, bias.graph.integers([rows, 1])], [rows, 1]);
  const parts = [units, units, units, units];
  const gates = blocks(weights, parts);
  const biases = blocks(column, parts);
  const masks = maskSteps(mask);
  const xs = stepsOf(x);
  const steps: Step[] = new Array(xs.length);
  const states: Tensor[] = new Array(xs.length);
  let state = zeros(x.graph, [units, batch]);
  let cell: Tensor | undefined;
  for (const t of orderOf(xs.length, backward)) {
    const joint = plain('Concat', [xs[t], state], [columns, batch], { axis: 0 });
    const [input, forget, output, candidate] = gates.map((gate, i) =>
      plain(i === 3 ? 'Tanh' : 'Sigmoid', [plain('Gemm', [gate, joint, biases[i]], [units, batch])], [units, batch]),
    );
    const added = times(input, candidate);
    const before = cell;
    cell = before ? plus(times(forget, before), added) : added;
    if (masks) cell = times(cell, masks[t]);
    const squashed = plain('Tanh', [cell], cell.shape);
    // A masked cell is 0, and so is its state.
    state = times(output, squashed);
    steps[t] = { joint, input, forget, output, candidate, before, squashed, mask: masks?.[t] };
    states[t] = state;
  }
  return { steps, states };
}

function backpropagate(upstream: Tensor, steps: readonly Step[], weights: Tensor, backward: boolean): Tensor[] {
  const [rows, columns] = weights.shape as number[];
  const units = rows / 4;
  const slopes = stepsOf(upstream);
  const batch = upstream.shape[1] as number;
  const turned = plain('Transpose', [weights], [columns, rows], { perm: [1, 0] });
  const toX: Tensor[] = new Array(steps.length);
  const toGates: Tensor[] = new Array(steps.length);
  let toState: Tensor | undefined;
  let toCell: Tensor | undefined;
  for (const t of orderOf(steps.length, !backward)) {
    const { input, forget, output, candidate, before, squashed, mask } = steps[t];
    const state = toState ? plus(slopes[t], toState) : slopes[t];
    let cell = times(times(output, tangentSlope(squashed)), state);
    if (toCell) cell = plus(cell, toCell);
    if (mask) cell = times(cell, mask);
    toGates[t] = below([
      times(times(logisticSlope(input), candidate), cell),
      before ? times(times(logisticSlope(forget), before), cell) : zeros(cell.graph, [units, batch]),
      times(times(logisticSlope(output), squashed), state),
      times(times(tangentSlope(candidate), input), cell),
    ]);
    toCell = times(cell, forget);
    const toJoint = plain('Gemm', [turned, toGates[t]], [columns, batch]);
    [toX[t], toState] = blocks(toJoint, [columns - units, units]);
  }
  const all = beside(toGates);
  const toWeights = plain('Gemm', [all, beside(steps.map(({ joint }) => joint))], [rows, columns], { transB: 1 });
  const toBias = plain('ReduceSum', [all, all.graph.integers([1])], [rows], { keepdims: 0 });
  return [overTime(toX), toWeights, toBias];
}

/** Numbers of the steps in the order in which they are taken. */
export function orderOf(steps: number, backward: boolean): number[] {
  return Array.from({ length: steps }, (_, i) => (backward ? steps - 1 - i : i));
}
