import { convolution } from '../../../src/training/onnx/convolution';
import { Graph } from '../../../src/training/onnx/graph';
import { Session } from '../../../src/training/onnx/session';
import { unitLength } from '../../../src/training/onnx/unit-length';
import { gradientError, TOLERANCE } from './finite-differences';

describe('a convolution along sequences', () => {
  it('sees the neighbours of each event within its own sequence, and zeros beyond the ends', async () => {
    const graph = new Graph();
    const x = graph.input('x', [2, 3, 1]);
    const weights = graph.constant('weights', [3, 1], Float32Array.of(100, 10, 1));
    graph.output(convolution(x, weights, graph.constant('bias', [1], Float32Array.of(0.5))), 'y');
    const session = await Session.open(graph.model());
    const { y } = await session.run({ x: { data: Float32Array.of(1, 2, 3, 4, 5, 6), dims: [2, 3, 1] } }, ['y']);
    await session.close();
    expect([...y]).toEqual([12.5, 123.5, 230.5, 45.5, 456.5, 560.5]);
  });

  it.each([1, 3, 5, 9])('%d wide has the gradient of finite differences', async (width) => {
    const error = await gradientError({
      shapes: [[2, 3, 2], [width * 2, 3], [3]],
      op: ([x, weights, bias]) => convolution(x, weights, bias),
    });
    expect(error).toBeLessThan(TOLERANCE);
  });

  it('needs an odd width and rows of the right length', () => {
    const graph = new Graph();
    const x = graph.input('x', [2, 3, 2]);
    const bias = graph.input('bias', [3]);
    for (const [name, rows] of [['even', 4] as const, ['none', 3] as const])
      expect(() => convolution(x, graph.input(name, [rows, 3]), bias)).toThrow(
        expect.objectContaining({ code: 'SHAPE_MISMATCH' }),
      );
  });
});

describe('rows of length 1', () => {
  it('keep zeros, and have the gradient of finite differences', async () => {
    const graph = new Graph();
    graph.output(unitLength(graph.input('x', [2, 2])), 'y');
    const session = await Session.open(graph.model());
    const { y } = await session.run({ x: { data: Float32Array.of(3, -4, 0, 0), dims: [2, 2] } }, ['y']);
    await session.close();
    expect([...y].map((value) => Number(value.toFixed(6)))).toEqual([0.6, -0.8, 0, 0]);
    expect(await gradientError({ shapes: [[3, 4]], op: ([x]) => unitLength(x) })).toBeLessThan(TOLERANCE);
  });
});
