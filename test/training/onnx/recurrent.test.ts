import { Graph, type Tensor } from '../../../src/training/onnx/graph';
import { dense, denseParameters } from '../../../src/training/onnx/layers';
import { softmaxCrossEntropy } from '../../../src/training/onnx/losses';
import { multiply } from '../../../src/training/onnx/operations/arithmetic';
import { gru } from '../../../src/training/onnx/operations/gru';
import { lstm } from '../../../src/training/onnx/operations/lstm';
import { gather } from '../../../src/training/onnx/operations/shaping';
import { Random } from '../../../src/training/onnx/random';
import {
  type Cell,
  type RecurrentLayer,
  recurrent,
  recurrentParameters,
  stateAt,
  timeMajor,
} from '../../../src/training/onnx/recurrent';
import { type Feed, Session } from '../../../src/training/onnx/session';
import { TrainingSession } from '../../../src/training/onnx/training-session';
import { gradientError, TOLERANCE } from './finite-differences';
import { gruTwin, lstmTwin, type Sizes, type TwinOptions } from './recurrent-twins';

/** Single precision over a few steps: the runtime's sigmoid and tanh err by less than 1e-6 each. */
const PRECISION = 1e-5;

const drawn = (size: number, seed: number, scale = 1) => {
  const random = new Random(seed);
  return Float32Array.from({ length: size }, () => random.normal() * scale);
};

/** Sizes that fill no vector register evenly, a single unit, a single step. */
const SIZES: readonly Sizes[] = [
  { time: 4, batch: 3, inputs: 2, units: 5 },
  { time: 1, batch: 1, inputs: 1, units: 1 },
  { time: 7, batch: 17, inputs: 19, units: 33 },
];
/** Padding on the left of one sequence and on the right of another; the others are whole. */
const maskOf = ({ time, batch }: Sizes) =>
  Float32Array.from({ length: time * batch }, (_, i) => {
    const [t, b] = [Math.floor(i / batch), i % batch];
    return (b === 0 && t < Math.floor(time / 2)) || (b === 1 && t === time - 1) ? 0 : 1;
  });

async function statesOf(cell: Cell, sizes: Sizes, { backward, mask }: TwinOptions, values: Map<string, Float32Array>) {
  const graph = new Graph();
  const { time, batch, inputs, units } = sizes;
  const layer: RecurrentLayer = { name: 'layer', cell, inputs, units };
  const shapes = recurrentParameters(layer, new Random(1));
  const feeds: Record<string, Feed> = { x: { dims: [time, batch, inputs], data: values.get('x')! } };
  const x = graph.input('x', [time, batch, inputs]);
  const parameters: Record<string, Tensor> = {};
  for (const { name, shape } of shapes) {
    parameters[name] = graph.input(name, shape);
    feeds[name] = { dims: shape, data: values.get(name)! };
  }
  const maskTensor = mask && graph.constant('mask', [time, batch], mask as Float32Array);
  graph.output(recurrent(x, layer, parameters, { backward, mask: maskTensor }), 'states');
  const session = await Session.open(graph.model());
  const { states } = await session.run(feeds, ['states']);
  await session.close();
  return states;
}

describe.each(['lstm', 'gru'] as const)('%s', (cell) => {
  const variants = SIZES.flatMap((sizes) =>
    [false, true].flatMap((backward) => [
      { sizes, backward, mask: undefined },
      { sizes, backward, mask: maskOf(sizes) },
    ]),
  );
  it.each(variants)('gives the states of its scalar twin (variant %#)', async ({ sizes, backward, mask }) => {
    const layer: RecurrentLayer = { name: 'layer', cell, inputs: sizes.inputs, units: sizes.units };
    const values = new Map(
      recurrentParameters(layer, new Random(1)).map(({ name, initial }, i) => [name, drawn(initial.length, i, 0.7)]),
    );
    values.set('x', drawn(sizes.time * sizes.batch * sizes.inputs, 9));
    const of = (part: string) => values.get(`layer.${part}`)!;
    const options = { backward, mask };
    const expected =
      cell === 'lstm'
        ? lstmTwin(values.get('x')!, of('weights'), of('bias'), sizes, options)
        : gruTwin(
            values.get('x')!,
            { gates: of('gates'), fromInput: of('fromInput'), fromState: of('fromState'), bias: of('bias') },
            sizes,
            options,
          );
    const found = await statesOf(cell, sizes, options, values);
    expect(found.length).toBe(expected.length);
    const worst = found.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i])), 0);
    expect(worst).toBeLessThan(PRECISION);
  });

  it.each([
    { backward: false, masked: false },
    { backward: true, masked: false },
    { backward: false, masked: true },
    { backward: true, masked: true },
  ])('has the gradient of finite differences with %j', async ({ backward, masked }) => {
    const sizes = { time: 3, batch: 2, inputs: 2, units: 3 };
    const { time, batch, inputs, units } = sizes;
    const mask = (graph: Graph) => (masked ? graph.constant('mask', [time, batch], maskOf(sizes)) : undefined);
    const options = (x: Tensor) => ({ backward, mask: mask(x.graph) });
    const error = await gradientError(
      cell === 'lstm'
        ? {
            shapes: [[time, batch, inputs], [4 * units, inputs + units], [4 * units]],
            op: ([x, weights, bias]) => lstm(x, weights, bias, options(x)),
          }
        : {
            shapes: [[time, batch, inputs], [2 * units, inputs + units], [units, inputs], [units, units], [4 * units]],
            op: ([x, gates, fromInput, fromState, bias]) => gru(x, { gates, fromInput, fromState, bias }, options(x)),
          },
    );
    expect(error).toBeLessThan(TOLERANCE);
  });

  it('learns which of two things came first, which no bag of them tells', async () => {
    const embedding = { name: 'table', shape: [3, 4], initial: drawn(12, 2, 0.5), decays: false };
    const layer: RecurrentLayer = { name: 'layer', cell, inputs: 4, units: 8 };
    const head = denseParameters('head', { inputs: 8, outputs: 2, activation: 'linear' }, new Random(5));
    // Things 1 and 2 in either order, padded on the right by 0.
    const things = Int32Array.of(1, 2, 0, 0, 2, 1, 0, 0, 1, 0, 2, 0, 2, 0, 1, 0);
    const session = await TrainingSession.open(
      {
        parameters: [embedding, ...recurrentParameters(layer, new Random(3)), ...head],
        tables: { things: { row: [4], type: 'int32' }, last: { row: [], type: 'int64' }, target: [2] },
        batchSize: 4,
        loss: ({ batch, parameters: p }) => {
          const states = recurrent(gather(p.table, timeMajor(batch.things)), layer, p);
          return softmaxCrossEntropy(
            dense(stateAt(states, batch.last), p['head.weights'], p['head.bias']),
            batch.target,
          );
        },
      },
      { things, last: BigInt64Array.of(1n, 1n, 2n, 2n), target: Float32Array.of(1, 0, 0, 1, 1, 0, 0, 1) },
    );
    const losses = await session.train(
      Int32Array.from({ length: 400 }, (_, i) => i % 4),
      0.05,
    );
    expect(losses[0]).toBeGreaterThan(0.5);
    expect(losses.at(-1)).toBeLessThan(0.05);
    await session.close();
  });

  it('refuses weights and masks that do not fit', () => {
    const graph = new Graph();
    const layer: RecurrentLayer = { name: 'layer', cell, inputs: 4, units: 8 };
    const parameters = Object.fromEntries(
      recurrentParameters(layer, new Random(1)).map(({ name, shape }) => [name, graph.input(name, shape)]),
    );
    const x = graph.input('x', [3, 2, 5]);
    expect(() => recurrent(x, layer, parameters)).toThrow(expect.objectContaining({ code: 'SHAPE_MISMATCH' }));
    const fitting = graph.input('fitting', [3, 2, 4]);
    const mask = graph.input('mask', [2, 3]);
    expect(() => recurrent(fitting, layer, parameters, { mask })).toThrow(/mask/);
  });
});

describe('the state at a step', () => {
  it('has the gradient of finite differences', async () => {
    const error = await gradientError({
      shapes: [[4, 3, 2]],
      op: ([states]) => stateAt(states, states.graph.constant('steps', [3], BigInt64Array.of(3n, 0n, 2n))),
    });
    expect(error).toBeLessThan(TOLERANCE);
  });
});

describe('a gradient written by hand', () => {
  it('adds up where two losses ask for it', async () => {
    const error = await gradientError({
      shapes: [[2, 2, 2], [12, 5], [12]],
      op: ([x, weights, bias]) => {
        const states = lstm(x, weights, bias);
        return multiply(states, states);
      },
    });
    expect(error).toBeLessThan(TOLERANCE);
  });
});
