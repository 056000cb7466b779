import { Graph, type Tensor } from '../../../src/training/onnx/graph';
import { gather } from '../../../src/training/onnx/operations/shaping';
import { Random } from '../../../src/training/onnx/random';
import { Session } from '../../../src/training/onnx/session';
import { fullSoftmaxLoss, hitsOf, sampledSoftmaxLoss } from '../../../src/training/onnx/softmax-losses';
import { gradientError, TOLERANCE } from './finite-differences';

const [QUESTIONS, THINGS, DIMENSION] = [4, 6, 3];
const TARGETS = Int32Array.of(2, 0, 2, 5);
const WEIGHTS = Float32Array.of(1, 1, 0.5, 0);
const SHAPES = [[QUESTIONS, DIMENSION], [THINGS, DIMENSION], [THINGS]];

const integers = (graph: Graph, name: string, values: Int32Array) => graph.constant(name, [values.length], values);

function full([questions, table, bias]: Tensor[]): Tensor {
  const { graph } = questions;
  const targets = integers(graph, 'targets', TARGETS);
  return fullSoftmaxLoss(questions, { table, bias }, targets, graph.constant('shares', [QUESTIONS], WEIGHTS));
}

const sampledWith =
  (sample: Int32Array, logExpected: Float32Array) =>
  ([questions, table, bias]: Tensor[]): Tensor => {
    const { graph } = questions;
    const targets = integers(graph, 'targets', TARGETS);
    const drawn = integers(graph, 'sample', sample);
    const things = {
      targetRows: gather(table, targets),
      targetBias: gather(bias, targets),
      rows: gather(table, drawn),
      bias: gather(bias, drawn),
      logExpected: graph.constant('logExpected', [sample.length], logExpected),
      hits: hitsOf(targets, drawn),
    };
    return sampledSoftmaxLoss(questions, things, graph.constant('shares', [QUESTIONS], WEIGHTS));
  };

async function lossOf(op: (inputs: Tensor[]) => Tensor, values: Float32Array[]): Promise<number> {
  const graph = new Graph();
  graph.output(op(SHAPES.map((shape, i) => graph.constant(`x${i}`, shape, values[i]))), 'loss');
  const session = await Session.open(graph.model());
  const { loss } = await session.run({}, ['loss']);
  await session.close();
  return loss[0];
}

const drawn = (seed: number) => {
  const random = new Random(seed);
  return SHAPES.map((shape) => Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => random.normal()));
};

/** By the definition, in double precision. */
function definition([questions, table, bias]: Float32Array[]): number {
  let [sum, weight] = [0, 0];
  TARGETS.forEach((target, q) => {
    const scores = Array.from(bias, (own, thing) => {
      let score = own;
      for (let d = 0; d < DIMENSION; d++) score += questions[q * DIMENSION + d] * table[thing * DIMENSION + d];
      return score;
    });
    const total = Math.log(scores.reduce((mass, score) => mass + Math.exp(score), 0));
    sum += WEIGHTS[q] * (total - scores[target]);
    weight += WEIGHTS[q];
  });
  return sum / weight;
}

describe('the softmax loss over all things', () => {
  it('is the weighted mean of -log P(target)', async () => {
    const values = drawn(3);
    expect(await lossOf(full, values)).toBeCloseTo(definition(values), 5);
  });

  it('has gradients that agree with finite differences', async () => {
    expect(await gradientError({ shapes: SHAPES, op: full })).toBeLessThan(TOLERANCE);
  });

  it('stays finite for a hopeless guess', async () => {
    const values = drawn(3);
    values[2].set([1000], 1);
    const loss = await lossOf(full, values);
    expect(loss).toBeGreaterThan(60);
    expect(loss).toBeLessThan(80);
  });
});

describe('the softmax loss over a sample', () => {
  it('is the loss over all things where the sample is all of them, once each', async () => {
    const values = drawn(4);
    const everything = sampledWith(
      Int32Array.from({ length: THINGS }, (_, i) => i),
      new Float32Array(THINGS),
    );
    expect(await lossOf(everything, values)).toBeCloseTo(definition(values), 5);
  });

  it('counts a thing that is drawn twice as half a thing each time', async () => {
    const values = drawn(5);
    const twice = Int32Array.from({ length: 2 * THINGS }, (_, i) => i % THINGS);
    const op = sampledWith(twice, new Float32Array(2 * THINGS).fill(Math.log(2)));
    expect(await lossOf(op, values)).toBeCloseTo(definition(values), 5);
  });

  it('has gradients that agree with finite differences, targets in the sample included', async () => {
    const op = sampledWith(Int32Array.of(1, 2, 4, 4), Float32Array.of(0.1, -0.5, 0.3, 0.3));
    expect(await gradientError({ shapes: SHAPES, op })).toBeLessThan(TOLERANCE);
  });
});
