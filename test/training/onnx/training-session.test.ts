import { once } from 'node:events';
import { join } from 'node:path';
import { startThread } from '../../../src/threads';
import type { AdamOptions } from '../../../src/training/onnx/adam';
import { dense, denseParameters, dropout } from '../../../src/training/onnx/layers';
import { meanSquaredError, softmaxCrossEntropy } from '../../../src/training/onnx/losses';
import { add, multiply, scale } from '../../../src/training/onnx/operations/arithmetic';
import { reduceSum } from '../../../src/training/onnx/operations/broadcasting';
import { tanh } from '../../../src/training/onnx/operations/elementwise';
import { randomUniform } from '../../../src/training/onnx/operations/random-uniform';
import { gather } from '../../../src/training/onnx/operations/shaping';
import { Random } from '../../../src/training/onnx/random';
import type { TrainingGraphOptions } from '../../../src/training/onnx/training-graph';
import { TrainingSession } from '../../../src/training/onnx/training-session';
import { trainSample } from './sample-training';

/** y = x w + b by gradient descent: small enough to follow by hand. */
function regression(batchSize: number, adam: AdamOptions): TrainingGraphOptions {
  return {
    parameters: denseParameters('line', { inputs: 3, outputs: 1, activation: 'linear' }, new Random(2)),
    tables: { x: [3], y: [1] },
    batchSize,
    adam,
    loss: ({ batch, parameters }) =>
      meanSquaredError(dense(batch.x, parameters['line.weights'], parameters['line.bias']), batch.y),
  };
}

const random = new Random(9);
const ROWS = 32;
const x = Float32Array.from({ length: ROWS * 3 }, () => random.normal());
const y = Float32Array.from({ length: ROWS }, (_, i) => x[3 * i] - 2 * x[3 * i + 1] + 0.5 * x[3 * i + 2] + 3);

/** AdamW as its papers write it, in double precision: the twin that the graph is held against. */
function scalarAdam(batches: number[][], learningRate: number, adam: Required<AdamOptions>): number[] {
  const { parameters } = regression(1, adam);
  const p = [...parameters[0].initial, 0];
  const m = [0, 0, 0, 0];
  const v = [0, 0, 0, 0];
  batches.forEach((rows, step) => {
    const gradient = [0, 0, 0, 0];
    for (const row of rows) {
      const at = [x[3 * row], x[3 * row + 1], x[3 * row + 2], 1];
      const error = at.reduce((sum, value, j) => sum + value * p[j], 0) - y[row];
      at.forEach((value, j) => {
        gradient[j] += (2 * error * value) / rows.length;
      });
    }
    gradient.forEach((g, j) => {
      m[j] = adam.beta1 * m[j] + (1 - adam.beta1) * g;
      v[j] = adam.beta2 * v[j] + (1 - adam.beta2) * g * g;
      const mean = m[j] / (1 - adam.beta1 ** (step + 1));
      const variance = v[j] / (1 - adam.beta2 ** (step + 1));
      const decay = j < 3 ? adam.weightDecay * p[j] : 0;
      p[j] -= learningRate * (mean / (Math.sqrt(variance) + adam.epsilon) + decay);
    });
  });
  return p;
}

function batchesOf(steps: number, batchSize: number): Int32Array {
  const rows = new Random(4);
  return Int32Array.from({ length: steps * batchSize }, () => rows.below(ROWS));
}

describe('Adam in a loop', () => {
  it.each([
    { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 },
    { beta1: 0.8, beta2: 0.95, epsilon: 1e-3, weightDecay: 0.1 },
  ])('takes the steps of its papers with %j', async (adam) => {
    const session = await TrainingSession.open(regression(8, adam), { x, y });
    const batches = batchesOf(40, 8);
    await session.train(batches.slice(0, 25 * 8), 0.05);
    await session.train(batches.slice(25 * 8), 0.05);
    const rows = Array.from({ length: 40 }, (_, i) => [...batches.subarray(i * 8, i * 8 + 8)]);
    const found = [...session.values().values()].flatMap((values) => [...values]);
    scalarAdam(rows, 0.05, adam).forEach((expected, j) => {
      expect(found[j]).toBeCloseTo(expected, 4);
    });
    await session.close();
  });

  it('comes to the same bytes in one call as in many', async () => {
    const options = regression(8, { weightDecay: 0.01 });
    const batches = batchesOf(12, 8);
    const together = await TrainingSession.open(options, { x, y });
    const losses = await together.train(batches, 0.01);
    const apart = await TrainingSession.open(options, { x, y });
    const single: number[] = [];
    for (let i = 0; i < 12; i++) single.push((await apart.train(batches.slice(i * 8, i * 8 + 8), 0.01))[0]);
    expect(single).toEqual([...losses]);
    expect([...apart.values()]).toEqual([...together.values()]);
    expect([together.steps, apart.steps]).toEqual([12, 12]);
    await Promise.all([together.close(), apart.close()]);
  });

  it('looks at its signal between calls of the runtime, and has made whole steps alone', async () => {
    const stop = new AbortController();
    const session = await TrainingSession.open(regression(8, {}), { x, y }, { signal: stop.signal });
    const training = session.train(batchesOf(200_000, 8), 0.01);
    const watching = setInterval(() => session.steps > 0 && stop.abort(), 1);
    await expect(training).rejects.toMatchObject({ code: 'CANCELLED' });
    clearInterval(watching);
    expect(session.steps).toBeGreaterThan(0);
    expect(session.steps).toBeLessThan(200_000);
    const apart = await TrainingSession.open(regression(8, {}), { x, y });
    await apart.train(batchesOf(200_000, 8).slice(0, 8 * session.steps), 0.01);
    expect([...apart.values()]).toEqual([...session.values()]);
    await Promise.all([session.close(), apart.close()]);
  });

  it('finds the line that made the data', async () => {
    const session = await TrainingSession.open(regression(ROWS, {}), { x, y });
    const everything = Int32Array.from({ length: 400 * ROWS }, (_, i) => i % ROWS);
    await session.train(everything, 0.1);
    const [weights, bias] = [...session.values().values()];
    for (const [j, expected] of [1, -2, 0.5].entries()) expect(weights[j]).toBeCloseTo(expected, 2);
    expect(bias[0]).toBeCloseTo(3, 2);
    await session.close();
  });
});

describe('a network with a hidden layer', () => {
  /** Exclusive or, as two classes; no line separates it. */
  const corners = Float32Array.of(0, 0, 0, 1, 1, 0, 1, 1);
  const classes = Float32Array.of(1, 0, 0, 1, 0, 1, 1, 0);

  function exclusiveOr(rate: number): TrainingGraphOptions {
    const start = new Random(3);
    const first = denseParameters('first', { inputs: 2, outputs: 16, activation: 'tanh' }, start);
    const second = denseParameters('second', { inputs: 16, outputs: 2, activation: 'linear' }, start);
    return {
      parameters: [...first, ...second],
      tables: { x: [2], target: [2] },
      batchSize: 4,
      loss: ({ batch, parameters: p, graph }) => {
        const hidden = tanh(dense(batch.x, p['first.weights'], p['first.bias']));
        const dropped = dropout(hidden, rate, randomUniform(graph, hidden.shape, 11));
        return softmaxCrossEntropy(dense(dropped, p['second.weights'], p['second.bias']), batch.target);
      },
    };
  }

  async function learn(rate: number, steps: number): Promise<Float32Array> {
    const session = await TrainingSession.open(exclusiveOr(rate), { x: corners, target: classes });
    const losses = await session.train(
      Int32Array.from({ length: 4 * steps }, (_, i) => i % 4),
      0.05,
    );
    await session.close();
    return losses;
  }

  it('learns exclusive or', async () => {
    const losses = await learn(0, 300);
    expect(losses[0]).toBeGreaterThan(0.5);
    expect(losses.at(-1)).toBeLessThan(0.02);
  });

  it('draws other units to drop at each step of the loop, the same ones in each run', async () => {
    const losses = await learn(0.5, 50);
    const differences = losses.slice(1).map((loss, i) => loss - losses[i]);
    expect(differences.some((difference) => difference > 0.02)).toBe(true);
    expect(await learn(0.5, 50)).toEqual(losses);
  });
});

describe('training in worker threads', () => {
  async function inThread(): Promise<Float32Array> {
    const thread = startThread(join(__dirname, 'sample-training.worker'));
    // Both from the start: a thread that ends hands over its last message and says that it ended in one go.
    const [[result]] = await Promise.all([once(thread, 'message'), once(thread, 'exit')]);
    return result;
  }

  it('gives the bytes of the calling thread, in two threads at once and in a later one', async () => {
    const here = await trainSample();
    const [first, second] = await Promise.all([inThread(), inThread()]);
    const third = await inThread();
    for (const there of [first, second, third]) expect([...there]).toEqual([...here]);
  });
});

describe('a run that is taken out and in again', () => {
  /** Dropout, an embedding by integers, something given with every step: all that a state must bring back. */
  function settings(): TrainingGraphOptions {
    const start = new Random(8);
    return {
      parameters: [
        {
          name: 'table',
          shape: [6, 4],
          initial: Float32Array.from({ length: 24 }, () => start.normal()),
          decays: false,
        },
        ...denseParameters('head', { inputs: 4, outputs: 3, activation: 'linear' }, start),
      ],
      tables: { thing: { row: [], type: 'int32' }, target: [3] },
      given: { strength: [] },
      batchSize: 4,
      clipNorm: 0.5,
      seed: 7,
      loss: ({ batch, parameters: p, given, uniform }) => {
        const vectors = gather(p.table, batch.thing);
        const hidden = dropout(vectors, 0.4, uniform(vectors.shape));
        const logits = dense(hidden, p['head.weights'], p['head.bias']);
        return multiply(softmaxCrossEntropy(logits, batch.target), given.strength);
      },
    };
  }
  const tables = {
    thing: Int32Array.from({ length: 12 }, (_, row) => row % 6),
    target: Float32Array.from({ length: 36 }, (_, i) => (i % 3 === Math.floor(i / 3) % 3 ? 1 : 0)),
  };
  const batches = Int32Array.from({ length: 80 }, (_, i) => (i * 5) % 12);
  const strength = Float32Array.from({ length: 20 }, (_, step) => 1 + step / 20);

  it('takes the steps that it would have taken, dropout included', async () => {
    const whole = await TrainingSession.open(settings(), tables);
    const losses = await whole.train(batches, 0.05, { strength });
    const first = await TrainingSession.open(settings(), tables);
    await first.train(batches.slice(0, 48), 0.05, { strength: strength.slice(0, 12) });
    const kept = Object.fromEntries(Object.entries(first.state()).map(([name, values]) => [name, values.slice()]));
    await first.close();
    const second = await TrainingSession.open(settings(), tables);
    second.restore(kept, 12);
    const rest = await second.train(batches.slice(48), 0.05, { strength: strength.slice(12) });
    expect([...rest]).toEqual([...losses.slice(12)]);
    expect(second.state()).toEqual(whole.state());
    expect(second.steps).toBe(20);
    await Promise.all([whole.close(), second.close()]);
  });

  it('refuses a state of another network', async () => {
    const session = await TrainingSession.open(settings(), tables);
    const state = { ...session.state(), table: new Float32Array(5) };
    expect(() => session.restore(state, 1)).toThrow(
      expect.objectContaining({ code: 'BAD_USER_INPUT', field: 'table' }),
    );
    await session.close();
  });

  it('learns from other rows once it is given them', async () => {
    const session = await TrainingSession.open(settings(), tables);
    session.setTables({ thing: Int32Array.of(5, 5), target: Float32Array.of(0, 1, 0, 0, 1, 0) });
    const before = session.values().get('table')!.slice();
    await session.train(Int32Array.of(0, 1, 0, 1), 0.05, { strength: Float32Array.of(1) });
    const after = session.values().get('table')!;
    const moved = Array.from({ length: 6 }, (_, row) => after.subarray(4 * row, 4 * row + 4)).map((vector, row) =>
      vector.some((value, i) => Math.abs(value - before[4 * row + i]) > 1e-4),
    );
    expect(moved).toEqual([false, false, false, false, false, true]);
    await session.close();
  });
});

describe('clipping', () => {
  it('shortens a gradient to the norm and leaves a shorter one alone', async () => {
    /** The loss is 3 a + 4 b, whose gradient is (3, 4): 5 long. */
    const options = (clipNorm: number): TrainingGraphOptions => ({
      parameters: [
        { name: 'a', shape: [], initial: Float32Array.of(0), decays: false },
        { name: 'b', shape: [], initial: Float32Array.of(0), decays: false },
      ],
      tables: { x: [1], y: [1] },
      batchSize: 1,
      clipNorm,
      loss: ({ parameters: p }) => add(scale(p.a, 3), scale(p.b, 4)),
    });
    for (const [norm, expected] of [
      [1, [0.6, 0.8]],
      [50, [3, 4]],
    ] as const) {
      const session = await TrainingSession.open(options(norm), { x, y });
      await session.train(Int32Array.of(0), 0.1);
      // The first momentum is the gradient.
      expect(session.state()['a.momentum'][0]).toBeCloseTo(expected[0], 5);
      expect(session.state()['b.momentum'][0]).toBeCloseTo(expected[1], 5);
      await session.close();
    }
  });
});

describe('the noise of a step', () => {
  it('is uniform, differs from step to step, and follows from seed and step alone', async () => {
    /** The gradient of each parameter is its own noise, so the first moment shows it. */
    const options = (seed: number): TrainingGraphOptions => ({
      parameters: [{ name: 'p', shape: [5000], initial: new Float32Array(5000), decays: false }],
      tables: { x: [1], y: [1] },
      batchSize: 1,
      seed,
      loss: ({ parameters: { p }, uniform }) => reduceSum(multiply(p, uniform([5000]))),
    });
    const drawn = async (seed: number, stepsBefore: number) => {
      const session = await TrainingSession.open(options(seed), { x, y });
      session.restore(session.state(), stepsBefore);
      await session.train(Int32Array.of(0), 0.1);
      await session.close();
      return session.state()['p.momentum'];
    };
    const first = await drawn(1, 0);
    const mean = first.reduce((sum, value) => sum + value, 0) / 5000;
    expect(mean).toBeCloseTo(0.5, 1);
    expect(first.every((value) => value >= 0 && value < 1)).toBe(true);
    expect(await drawn(1, 0)).toEqual(first);
    expect(await drawn(1, 1)).not.toEqual(first);
    expect(await drawn(2, 0)).not.toEqual(first);
  });
});
