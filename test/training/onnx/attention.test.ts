import { futureMask, selfAttention, sequenceMask } from '../../../src/training/onnx/attention';
import { Graph, type Tensor } from '../../../src/training/onnx/graph';
import { layerNorm, normalise } from '../../../src/training/onnx/operations/normalisation';
import { Session } from '../../../src/training/onnx/session';
import { gradientError, TOLERANCE } from './finite-differences';

const [ROWS, SLOTS, DIMENSION] = [2, 3, 4];

/** x, then weights and bias of query, key, value and output. */
const SHAPES = [
  [ROWS, SLOTS, DIMENSION],
  ...Array.from({ length: 4 }, () => [[DIMENSION, DIMENSION], [DIMENSION]]).flat(),
];

function attention(inputs: Tensor[], mask: (graph: Graph) => Tensor): Tensor {
  const [x, q, qBias, k, kBias, v, vBias, o, oBias] = inputs;
  const weights = { query: [q, qBias], key: [k, kBias], value: [v, vBias], output: [o, oBias] } as const;
  return selfAttention(x, mask(x.graph), weights, 2);
}

const positionsOf = (graph: Graph, rows: readonly number[][]) =>
  graph.constant('positions', [rows.length, rows[0].length], Int32Array.from(rows.flat()));

/** One head whose projections leave everything as it is. */
async function attend(values: number[][], positions: number[][]): Promise<Float32Array> {
  const graph = new Graph();
  const [slots, dimension] = [values.length, values[0].length];
  const x = graph.constant('x', [1, slots, dimension], Float32Array.from(values.flat()));
  const identity = graph.constant(
    'identity',
    [dimension, dimension],
    Float32Array.from({ length: dimension ** 2 }, (_, i) => (i % (dimension + 1) === 0 ? 1 : 0)),
  );
  const projection = [identity, graph.constant('nothing', [dimension], new Float32Array(dimension))] as const;
  const weights = { query: projection, key: projection, value: projection, output: projection };
  graph.output(selfAttention(x, sequenceMask(positionsOf(graph, positions)), weights, 1), 'seen');
  const session = await Session.open(graph.model());
  const { seen } = await session.run({}, ['seen']);
  await session.close();
  return seen;
}

describe('self-attention', () => {
  it('has gradients that agree with finite differences, where the future is hidden', async () => {
    const op = (inputs: Tensor[]) => attention(inputs, (graph) => futureMask(graph, SLOTS));
    expect(await gradientError({ shapes: SHAPES, op })).toBeLessThan(TOLERANCE);
  });

  it('has gradients that agree with finite differences, where sequences share a row', async () => {
    const rows = [
      [0, 1, 0],
      [0, 1, 2],
    ];
    const op = (inputs: Tensor[]) => attention(inputs, (graph) => sequenceMask(positionsOf(graph, rows)));
    expect(await gradientError({ shapes: SHAPES, op })).toBeLessThan(TOLERANCE);
  });

  it('sees nothing of what comes later', async () => {
    const before = await attend([[1, 0], [0, 2], [3, 1]], [[0, 1, 2]]); // biome-ignore format: one slot a pair
    const after = await attend([[1, 0], [0, 2], [-5, 9]], [[0, 1, 2]]); // biome-ignore format: one slot a pair
    expect([...before.slice(0, 4)]).toEqual([...after.slice(0, 4)]);
    expect([...before.slice(4)]).not.toEqual([...after.slice(4)]);
  });

  it('sees nothing of another sequence in the same row', async () => {
    const shared = await attend([[1, 0], [0, 2], [3, 1], [1, 1]], [[0, 1, 0, 1]]); // biome-ignore format: one slot a pair
    const alone = await attend([[3, 1], [1, 1]], [[0, 1]]); // biome-ignore format: one slot a pair
    expect([...shared.slice(4)]).toEqual([...alone]);
  });

  it('refuses heads that do not divide the dimension', () => {
    const graph = new Graph();
    const x = graph.input('x', [1, 2, 5]);
    expect(() => selfAttention(x, futureMask(graph, 2), {} as never, 2)).toThrow('2 heads');
  });
});

describe('layer normalisation', () => {
  it('has gradients that agree with finite differences', async () => {
    expect(await gradientError({ shapes: [[2, 3, 5]], op: ([x]) => normalise(x) })).toBeLessThan(TOLERANCE);
    const op = ([x, gain, bias]: Tensor[]) => layerNorm(x, gain, bias);
    expect(await gradientError({ shapes: [[4, 6], [6], [6]], op })).toBeLessThan(TOLERANCE);
  });

  it('brings rows to mean 0 and variance 1, and a constant row to zeros', async () => {
    const graph = new Graph();
    graph.output(normalise(graph.constant('x', [2, 4], Float32Array.of(1, 2, 3, 6, 7, 7, 7, 7))), 'y');
    const session = await Session.open(graph.model());
    const { y } = await session.run({}, ['y']);
    await session.close();
    const deviation = Math.sqrt(3.5);
    [-2, -1, 0, 3].forEach((distance, i) => {
      expect(y[i]).toBeCloseTo(distance / deviation, 4);
    });
    expect([...y.slice(4)]).toEqual([0, 0, 0, 0]);
  });
});
