import { Graph } from '../../../src/training/onnx/graph';
import { multiply } from '../../../src/training/onnx/operations/arithmetic';
import { Session } from '../../../src/training/onnx/session';

describe('a session', () => {
  it('takes what is too small for normal numbers for 0, which keeps fading moments fast', async () => {
    const graph = new Graph();
    graph.output(multiply(graph.input('a', [8]), graph.input('b', [8])), 'product');
    const session = await Session.open(graph.model());
    const feed = (value: number) => ({ data: new Float32Array(8).fill(value), dims: [8] });
    expect([...(await session.run({ a: feed(1e-30), b: feed(1e-10) }, ['product'])).product]).toEqual(Array(8).fill(0));
    expect((await session.run({ a: feed(1e-20), b: feed(1e-10) }, ['product'])).product[0]).toBeCloseTo(1e-30, 36);
    await session.close();
  });

  it('refuses what is not a model', async () => {
    await expect(Session.open(Uint8Array.of(1, 2, 3))).rejects.toThrow(/protobuf/i);
  });
});
