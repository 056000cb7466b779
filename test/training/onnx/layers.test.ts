import { Graph } from '../../../src/training/onnx/graph';
import { type Activation, denseParameters, dropout } from '../../../src/training/onnx/layers';
import { randomUniform } from '../../../src/training/onnx/operations/random-uniform';
import { Random } from '../../../src/training/onnx/random';
import { Session } from '../../../src/training/onnx/session';
import { gradientError, TOLERANCE } from './finite-differences';

describe('dropout', () => {
  it('has the gradient of finite differences where its random numbers are given', async () => {
    const uniform = Float32Array.from({ length: 12 }, (_, i) => (i % 5) / 5);
    const op: Parameters<typeof gradientError>[0]['op'] = ([x]) =>
      dropout(x, 0.5, x.graph.constant('uniform', [3, 4], uniform));
    expect(await gradientError({ shapes: [[3, 4]], op })).toBeLessThan(TOLERANCE);
  });

  async function drop(rate: number, seed: number): Promise<Float32Array[]> {
    const graph = new Graph();
    const x = graph.input('x', [100, 100]);
    graph.output(dropout(x, rate, randomUniform(graph, [100, 100], seed)), 'y');
    const session = await Session.open(graph.model());
    const feed = { x: { data: new Float32Array(10_000).fill(1), dims: [100, 100] } };
    const runs = [(await session.run(feed, ['y'])).y, (await session.run(feed, ['y'])).y];
    await session.close();
    return runs;
  }

  it.each([0.1, 0.5, 0.8])('leaves out the share %d and keeps the mean', async (rate) => {
    const [y] = await drop(rate, 1);
    const kept = y.filter((value) => value !== 0);
    // Five standard deviations of a binomial count.
    expect(Math.abs(kept.length / y.length - (1 - rate))).toBeLessThan(5 * Math.sqrt((rate * (1 - rate)) / y.length));
    expect([...new Set(kept)]).toEqual([Math.fround(1 / (1 - rate))]);
  });

  it('draws anew at each run, and the same again from the same seed', async () => {
    const [first, second] = await drop(0.5, 3);
    expect(first).not.toEqual(second);
    expect(await drop(0.5, 3)).toEqual([first, second]);
    expect((await drop(0.5, 4))[0]).not.toEqual(first);
  });
});

describe('a dense layer', () => {
  const deviation = (values: Float32Array) =>
    Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
  const expected: [Activation, number][] = [
    ['relu', Math.sqrt(2 / 200)],
    ['gelu', Math.sqrt(2 / 200)],
    ['selu', Math.sqrt(1 / 200)],
    ['tanh', Math.sqrt(2 / 500)],
    ['linear', Math.sqrt(2 / 500)],
  ];

  it.each(expected)('before %s starts with the deviation that its paper asks for', (activation, wanted) => {
    const [weights, bias] = denseParameters('layer', { inputs: 200, outputs: 300, activation }, new Random(1));
    expect(weights).toMatchObject({ name: 'layer.weights', shape: [200, 300], decays: true });
    expect(deviation(weights.initial) / wanted).toBeCloseTo(1, 1);
    expect(bias).toMatchObject({ shape: [300], decays: false, initial: new Float32Array(300) });
  });

  it('starts the same from the same seed', () => {
    const draw = (seed: number) =>
      denseParameters('layer', { inputs: 5, outputs: 4, activation: 'relu' }, new Random(seed))[0].initial;
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
  });
});
