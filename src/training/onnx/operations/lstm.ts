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
  maskSteps,
  overTime,
  plain,
  plus,
  requireSequence,
  stepsOf,
  times,
  zeros,
} from './unrolling';

export interface RecurrenceOptions {
  /** (time, batch), 1 or 0: where it is 0 the state is 0 after the step, so that what follows starts anew. */
  readonly mask?: Tensor;
  /** From the last step to the first. @default false */
  readonly backward?: boolean;
}

/** A step's values that its gradient needs, each (units, batch). */
interface Step {
  readonly input: Tensor;
  readonly forget: Tensor;
  readonly output: Tensor;
  readonly candidate: Tensor;
  /** What the input gate lets in, and what the forget gate keeps; undefined where there was nothing to keep. */
  readonly added: Tensor;
  readonly kept: Tensor | undefined;
  readonly squashed: Tensor;
  readonly state: Tensor;
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
  const output = overTime(states);
  return differentiable(output, [x, weights, bias], (upstream) =>
    backpropagate(upstream, { x, weights, steps, states: output, backward: options.backward ?? false }),
  );
}

function unroll(x: Tensor, weights: Tensor, bias: Tensor, { mask, backward = false }: RecurrenceOptions) {
  const [rows, columns] = weights.shape as number[];
  const units = rows / 4;
  const batch = x.shape[1] as number;
  const column = plain('Reshape', [bias, bias.graph.integers([rows, 1])], [rows, 1]);
  const parts = [3 * units, units];
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
    const open = plain(
      'Sigmoid',
      [plain('Gemm', [gates[0], joint, biases[0]], [3 * units, batch])],
      [3 * units, batch],
    );
    const [input, forget, output] = blocks(open, [units, units, units]);
    const candidate = plain('Tanh', [plain('Gemm', [gates[1], joint, biases[1]], [units, batch])], [units, batch]);
    const added = times(input, candidate);
    const kept = cell && times(forget, cell);
    cell = kept ? plus(kept, added) : added;
    if (masks) cell = times(cell, masks[t]);
    const squashed = plain('Tanh', [cell], cell.shape);
    // A masked cell is 0, and so is its state.
    state = times(output, squashed);
    steps[t] = { input, forget, output, candidate, added, kept, squashed, state, mask: masks?.[t] };
    states[t] = state;
  }
  return { steps, states };
}

/**
 * A gate's slope s (1 - s) times what the gate lets through is through - through x s, and through was computed on the way
 * forward: one product fewer for each of the five.
 */
function backpropagate(
  upstream: Tensor,
  {
    x,
    weights,
    steps,
    states,
    backward,
  }: { x: Tensor; weights: Tensor; steps: readonly Step[]; states: Tensor; backward: boolean },
): Tensor[] {
  const [rows, columns] = weights.shape as number[];
  const units = rows / 4;
  const inputs = columns - units;
  const slopes = stepsOf(upstream);
  const [time, batch] = upstream.shape as number[];
  const turned = plain('Transpose', [weights], [columns, rows], { perm: [1, 0] });
  const [fromX, fromState] = blocks(turned, [inputs, units]);
  const toGates: Tensor[] = new Array(time);
  const order = orderOf(time, !backward);
  let toState = slopes[order[0]];
  let toCell: Tensor | undefined;
  order.forEach((t, i) => {
    const { input, forget, output, candidate, added, kept, squashed, state, mask } = steps[t];
    let cell = times(without(output, state, squashed), toState);
    if (toCell) cell = plus(cell, toCell);
    if (mask) cell = times(cell, mask);
    toGates[t] = below([
      times(without(added, added, input), cell),
      kept ? times(without(kept, kept, forget), cell) : zeros(cell.graph, [units, batch]),
      times(without(state, state, output), toState),
      times(without(input, added, candidate), cell),
    ]);
    if (i + 1 === time) return;
    toCell = times(cell, forget);
    toState = plain('Gemm', [fromState, toGates[t], slopes[order[i + 1]]], [units, batch]);
  });
  const all = beside(toGates); // (4 units, time x batch)
  const flat = (a: Tensor, size: number) =>
    plain('Reshape', [a, a.graph.integers([time * batch, size])], [time * batch, size]);
  // Each step's state beside the gates of the step after it: moved by one step, 0 moving in.
  const moved = plain(
    'Pad',
    [flat(states, units), states.graph.integers(backward ? [-batch, 0, batch, 0] : [batch, 0, -batch, 0])],
    [time * batch, units],
  );
  const toX = plain('Gemm', [all, fromX], [time * batch, inputs], { transA: 1, transB: 1 });
  return [
    plain('Reshape', [toX, x.graph.integers([time, batch, inputs])], [time, batch, inputs]),
    beside([plain('Gemm', [all, flat(x, inputs)], [rows, inputs]), plain('Gemm', [all, moved], [rows, units])]),
    plain('ReduceSum', [all, all.graph.integers([1])], [rows], { keepdims: 0 }),
  ];
}

/** a - b c */
const without = (a: Tensor, b: Tensor, c: Tensor): Tensor => plain('Sub', [a, times(b, c)], a.shape);

/** Numbers of the steps in the order in which they are taken. */
export function orderOf(steps: number, backward: boolean): number[] {
  return Array.from({ length: steps }, (_, i) => (backward ? steps - 1 - i : i));
}
