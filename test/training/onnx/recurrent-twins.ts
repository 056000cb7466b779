/** Recurrent layers one number at a time, in double precision: the twins that the graphs are held against. */

export interface Sizes {
  readonly time: number;
  readonly batch: number;
  readonly inputs: number;
  readonly units: number;
}

export interface TwinOptions {
  readonly backward?: boolean;
  /** (time, batch), 1 or 0. */
  readonly mask?: ArrayLike<number>;
}

type Numbers = ArrayLike<number>;

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** One row of a matrix times [x; h]. */
function dot(weights: Numbers, row: number, vector: readonly number[]): number {
  return vector.reduce((sum, value, column) => sum + weights[row * vector.length + column] * value, 0);
}

/** Walks each sequence by itself; `step` gives the state after it, and keeps what else it remembers in `memory`. */
function walk(
  x: Numbers,
  { time, batch, inputs, units }: Sizes,
  { backward = false, mask }: TwinOptions,
  step: (input: number[], state: number[], memory: number[]) => { state: number[]; memory: number[] },
): Float32Array {
  const states = new Float32Array(time * batch * units);
  for (let b = 0; b < batch; b++) {
    let state = Array(units).fill(0);
    let memory = Array(units).fill(0);
    for (let i = 0; i < time; i++) {
      const t = backward ? time - 1 - i : i;
      const input = Array.from({ length: inputs }, (_, j) => x[(t * batch + b) * inputs + j]);
      ({ state, memory } = step(input, state, memory));
      if (mask && mask[t * batch + b] === 0) {
        state = state.map(() => 0);
        memory = memory.map(() => 0);
      }
      states.set(state, (t * batch + b) * units);
    }
  }
  return states;
}

export function lstmTwin(x: Numbers, weights: Numbers, bias: Numbers, sizes: Sizes, options: TwinOptions = {}) {
  const { units } = sizes;
  return walk(x, sizes, options, (input, state, memory) => {
    const joint = [...input, ...state];
    const gate = (part: number, unit: number) => dot(weights, part * units + unit, joint) + bias[part * units + unit];
    const cell = memory.map(
      (before, unit) => sigmoid(gate(1, unit)) * before + sigmoid(gate(0, unit)) * Math.tanh(gate(3, unit)),
    );
    return { memory: cell, state: cell.map((value, unit) => sigmoid(gate(2, unit)) * Math.tanh(value)) };
  });
}

export interface GruTwinWeights {
  readonly gates: Numbers;
  readonly fromInput: Numbers;
  readonly fromState: Numbers;
  readonly bias: Numbers;
}

export function gruTwin(x: Numbers, weights: GruTwinWeights, sizes: Sizes, options: TwinOptions = {}) {
  const { units } = sizes;
  const { gates, fromInput, fromState, bias } = weights;
  return walk(x, sizes, options, (input, state, memory) => {
    const joint = [...input, ...state];
    const next = state.map((before, unit) => {
      const update = sigmoid(dot(gates, unit, joint) + bias[unit]);
      const reset = sigmoid(dot(gates, units + unit, joint) + bias[units + unit]);
      const seen = dot(fromInput, unit, input) + bias[2 * units + unit];
      const candidate = Math.tanh(seen + reset * (dot(fromState, unit, state) + bias[3 * units + unit]));
      return (1 - update) * candidate + update * before;
    });
    return { state: next, memory };
  });
}
