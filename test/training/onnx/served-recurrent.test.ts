import { Graph } from '../../../src/training/onnx/graph';
import { Random } from '../../../src/training/onnx/random';
import { type RecurrentLayer, recurrentParameters } from '../../../src/training/onnx/recurrent';
import { servedRecurrent } from '../../../src/training/onnx/served-recurrent';
import { Session } from '../../../src/training/onnx/session';
import { gruTwin, lstmTwin } from './recurrent-twins';

const sizes = { time: 6, batch: 5, inputs: 3, units: 7 };
const lengths = Int32Array.of(6, 1, 3, 5, 2);
const mask = Float32Array.from({ length: 30 }, (_, i) => (Math.floor(i / 5) < lengths[i % 5] ? 1 : 0));

describe.each(['lstm', 'gru'] as const)('a served %s', (cell) => {
  it.each([false, true])(
    'gives the states of its scalar twin, each sequence to its own end (backward: %s)',
    async (backward) => {
      const random = new Random(4);
      const layer: RecurrentLayer = { name: 'layer', cell, inputs: 3, units: 7 };
      const values = new Map(
        recurrentParameters(layer, random).map(({ name, initial }) => [name, initial.map(() => random.normal() * 0.6)]),
      );
      const x = Float32Array.from({ length: 90 }, () => random.normal());
      const graph = new Graph();
      const states = servedRecurrent(graph.input('x', ['time', 'batch', 3]), layer, values, {
        lengths: graph.input('lengths', ['batch'], 'int32'),
        backward,
      });
      graph.output(states, 'states');
      const session = await Session.open(graph.model());
      const feeds = { x: { dims: [6, 5, 3], data: x }, lengths: { dims: [5], data: lengths } };
      const found = (await session.run(feeds, ['states'])).states;
      const of = (part: string) => values.get(`layer.${part}`)!;
      const expected =
        cell === 'lstm'
          ? lstmTwin(x, of('weights'), of('bias'), sizes, { mask, backward })
          : gruTwin(
              x,
              { gates: of('gates'), fromInput: of('fromInput'), fromState: of('fromState'), bias: of('bias') },
              sizes,
              { mask, backward },
            );
      expect(expected.some((value) => Math.abs(value) > 0.3)).toBe(true);
      found.forEach((value, i) => {
        expect(Math.abs(value - expected[i])).toBeLessThan(1e-5);
      });
      await session.close();
    },
  );
});
