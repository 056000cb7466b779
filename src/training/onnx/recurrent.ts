/**
 * Recurrent layers: their weights and how they are drawn, the training form (unrolled, with gradients) and the served form
 * (the runtime's fused op, any number of steps). Tensors are time-major: (time, batch, …).
 */
import type { Tensor } from './graph';
import type { Parameter } from './layers';
import { reshape } from './operations/broadcasting';
import { gru } from './operations/gru';
import { lstm, type RecurrenceOptions } from './operations/lstm';
import { gather, transpose } from './operations/shaping';
import type { Random } from './random';
import { ShapeError, sizeOf } from './shape';

export type { RecurrenceOptions } from './operations/lstm';

export type Cell = 'lstm' | 'gru';

/** Numbers that a unit keeps of each event for going back, about: gates, products, states and their slopes. */
export const KEPT_A_UNIT = 16;

export interface RecurrentLayer {
  /** Prefix of its parameters' names. */
  readonly name: string;
  readonly cell: Cell;
  readonly inputs: number;
  readonly units: number;
}

/**
 * Uniform within 1 / sqrt(units), as PyTorch draws them, except that an LSTM starts by remembering: a forget bias of 1
 * (Jozefowicz et al. 2015).
 */
export function recurrentParameters({ name, cell, inputs, units }: RecurrentLayer, random: Random): Parameter[] {
  const reach = 1 / Math.sqrt(units);
  const weights = (part: string, rows: number, columns: number): Parameter => ({
    name: `${name}.${part}`,
    shape: [rows, columns],
    initial: Float32Array.from({ length: rows * columns }, () => (2 * random.uniform() - 1) * reach),
    decays: true,
  });
  const bias = new Float32Array(4 * units);
  if (cell === 'lstm') bias.fill(1, units, 2 * units);
  const biases: Parameter = { name: `${name}.bias`, shape: [4 * units], initial: bias, decays: false };
  if (cell === 'lstm') return [weights('weights', 4 * units, inputs + units), biases];
  return [
    weights('gates', 2 * units, inputs + units),
    weights('fromInput', units, inputs),
    weights('fromState', units, units),
    biases,
  ];
}

/**
 * @param x (time, batch, inputs), of known size
 * @param parameters the layer's, by name; others may be among them
 * @returns the states (time, batch, units); they start from 0
 */
export function recurrent(
  x: Tensor,
  { name, cell }: RecurrentLayer,
  parameters: Readonly<Record<string, Tensor>>,
  options: RecurrenceOptions = {},
): Tensor {
  const of = (part: string): Tensor => parameters[`${name}.${part}`];
  if (cell === 'lstm') return lstm(x, of('weights'), of('bias'), options);
  const weights = { gates: of('gates'), fromInput: of('fromInput'), fromState: of('fromState'), bias: of('bias') };
  return gru(x, weights, options);
}

/** (batch, time) as tables hold sequences -> (time, batch) */
export function timeMajor(table: Tensor): Tensor {
  if (table.shape.length !== 2) throw new ShapeError('timeMajor', 'needs (batch, time)', [table.shape]);
  return transpose(table, [1, 0]);
}

/**
 * The state of each sequence at a step of its own, such as its last.
 * @param states (time, batch, units)
 * @param steps int64 (batch)
 * @returns (batch, units)
 */
export function stateAt(states: Tensor, steps: Tensor): Tensor {
  const [time, batch, units] = states.shape;
  const count = sizeOf([batch], 'stateAt');
  const { graph } = states;
  const rows = graph.append(
    'Add',
    [
      graph.append('Mul', [steps, graph.integers([count])], [{ shape: [count], type: 'int64' }])[0],
      graph.integers([...Array(count).keys()]),
    ],
    [{ shape: [count], type: 'int64' }],
  )[0];
  return gather(reshape(states, [sizeOf([time], 'stateAt') * count, units]), rows);
}
