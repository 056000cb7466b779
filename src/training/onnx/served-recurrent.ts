/**
 * Recurrent layers as they are served: the runtime's fused LSTM and GRU ops, with the trained weights as constants. Unlike
 * the training form (recurrent.ts) they take any number of steps and sequences, and know nothing of gradients.
 */
import type { Tensor } from './graph';
import { reshape } from './operations/broadcasting';
import type { RecurrentLayer } from './recurrent';

export interface ServedOptions {
  /** int32 (batch): steps of each sequence, from the first; the states after its end are 0. */
  readonly lengths: Tensor;
  /** From each sequence's last step to its first. @default false */
  readonly backward?: boolean;
}

/** Order of the gates in the ops' rows, as numbers of ours: they want input, output, forget, candidate. */
const LSTM_GATES = [0, 2, 1, 3];

/**
 * @param x (time, batch, inputs); time and batch may be known only when the graph runs
 * @param values trained parameters by name
 * @returns the states (time, batch, units)
 */
export function servedRecurrent(
  x: Tensor,
  layer: RecurrentLayer,
  values: ReadonlyMap<string, Float32Array>,
  { lengths, backward = false }: ServedOptions,
): Tensor {
  const { cell, units, inputs, name } = layer;
  const { fromInput, fromState, bias } = cell === 'lstm' ? lstmWeights(layer, values) : gruWeights(layer, values);
  const { graph } = x;
  const gates = cell === 'lstm' ? 4 : 3;
  const weights = [
    graph.constant(`${name}.served.fromInput`, [1, gates * units, inputs], fromInput),
    graph.constant(`${name}.served.fromState`, [1, gates * units, units], fromState),
    graph.constant(`${name}.served.bias`, [1, 2 * gates * units], bias),
  ];
  const [time, batch] = x.shape;
  const [states] = graph.append(
    cell === 'lstm' ? 'LSTM' : 'GRU',
    [x, ...weights, lengths],
    [
      {
        shape: [time, 1, batch, units],
        attributes: {
          hidden_size: units,
          direction: backward ? 'reverse' : 'forward',
          ...(cell === 'gru' && { linear_before_reset: 1 }),
        },
      },
    ],
  );
  // One direction: the axis of directions goes.
  return typeof time === 'number' && typeof batch === 'number'
    ? reshape(states, [time, batch, units])
    : graph.append('Squeeze', [states, graph.integers([1])], [{ shape: [time, batch, units] }])[0];
}

interface OpWeights {
  readonly fromInput: Float32Array;
  readonly fromState: Float32Array;
  /** Of the input's part, then of the state's. */
  readonly bias: Float32Array;
}

function lstmWeights({ name, units, inputs }: RecurrentLayer, values: ReadonlyMap<string, Float32Array>): OpWeights {
  const weights = values.get(`${name}.weights`)!;
  const ours = values.get(`${name}.bias`)!;
  const rows = LSTM_GATES.flatMap((gate) => Array.from({ length: units }, (_, unit) => gate * units + unit));
  const bias = new Float32Array(8 * units);
  bias.set(rows.map((row) => ours[row]));
  const width = inputs + units;
  return {
    fromInput: columns(weights, { rows, width, start: 0, count: inputs }),
    fromState: columns(weights, { rows, width, start: inputs, count: units }),
    bias,
  };
}

function gruWeights({ name, units, inputs }: RecurrentLayer, values: ReadonlyMap<string, Float32Array>): OpWeights {
  const of = (part: string) => values.get(`${name}.${part}`)!;
  const gates = of('gates');
  const ours = of('bias');
  const rows = [...Array(2 * units).keys()];
  const width = inputs + units;
  const bias = new Float32Array(6 * units);
  bias.set(ours.subarray(0, 3 * units));
  bias.set(ours.subarray(3 * units), 5 * units);
  return {
    fromInput: joined(columns(gates, { rows, width, start: 0, count: inputs }), of('fromInput')),
    fromState: joined(columns(gates, { rows, width, start: inputs, count: units }), of('fromState')),
    bias,
  };
}

/** Some columns of some rows, in that order. */
function columns(
  values: Float32Array,
  { rows, width, start, count }: { rows: readonly number[]; width: number; start: number; count: number },
): Float32Array {
  const picked = new Float32Array(rows.length * count);
  rows.forEach((row, i) => {
    picked.set(values.subarray(row * width + start, row * width + start + count), i * count);
  });
  return picked;
}

function joined(above: Float32Array, below: Float32Array): Float32Array {
  const both = new Float32Array(above.length + below.length);
  both.set(above);
  both.set(below, above.length);
  return both;
}
