import { Graph } from '../../../src/training/onnx/graph';
import { multiply } from '../../../src/training/onnx/operations/arithmetic';
import { Session } from '../../../src/training/onnx/session';

describe('a session', () => {
  it("leaves the calling thread's own arithmetic as it was", async () => {
    const graph = new Graph();
    graph.output(multiply(graph.input('a', [8]), graph.input('b', [8])), 'product');
    const session = await Session.open(graph.model());
    const feed = (value: number) => ({ data: new Float32Array(8).fill(value), dims: [8] });
    expect((await session.run({ a: feed(2), b: feed(3) }, ['product'])).product[0]).toBe(6);
    // A denormal, which a thread that flushes them would make 0.
    expect(Math.fround(1e-30 * Number('1e-10'))).toBeGreaterThan(0);
    await session.close();
  });

  it('refuses what is not a model', async () => {
    await expect(Session.open(Uint8Array.of(1, 2, 3))).rejects.toThrow(/protobuf/i);
  });
});
