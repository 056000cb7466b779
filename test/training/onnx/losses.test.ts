import { Graph, type Tensor } from '../../../src/training/onnx/graph';
import * as losses from '../../../src/training/onnx/losses';
import { softmax } from '../../../src/training/onnx/operations/probabilities';
import { Session } from '../../../src/training/onnx/session';
import { gradientError, TOLERANCE } from './finite-differences';

async function evaluate(loss: (a: Tensor, b: Tensor) => Tensor, a: number[][], b: number[][]): Promise<number> {
  const graph = new Graph();
  const dims = [a.length, a[0].length];
  graph.output(loss(graph.input('a', dims), graph.input('b', dims)), 'loss');
  const session = await Session.open(graph.model());
  const feed = (rows: number[][]) => ({ data: Float32Array.from(rows.flat()), dims });
  const results = await session.run({ a: feed(a), b: feed(b) }, ['loss']);
  await session.close();
  return results.loss[0];
}

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('the losses', () => {
  const predicted = [
    [0.5, -2],
    [3, 0.1],
    [-0.7, 1],
  ];
  const observed = [
    [1, 0],
    [0, 1],
    [0, 1],
  ];
  const pairs = predicted.flat().map((p, i): [number, number] => [p, observed.flat()[i]]);

  it('give the mean square', async () => {
    const expected = mean(pairs.map(([p, t]) => (p - t) ** 2));
    expect(await evaluate(losses.meanSquaredError, predicted, observed)).toBeCloseTo(expected, 5);
  });

  it.each([0.5, 1, 2.5])('give the Huber loss with delta %d', async (delta) => {
    const expected = mean(
      pairs.map(([p, t]) => {
        const error = Math.abs(p - t);
        return error <= delta ? 0.5 * error ** 2 : delta * (error - delta / 2);
      }),
    );
    expect(await evaluate((a, b) => losses.huberLoss(a, b, delta), predicted, observed)).toBeCloseTo(expected, 5);
  });

  it('give the binary cross-entropy', async () => {
    const expected = mean(
      pairs.map(([z, t]) => -t * Math.log(1 / (1 + Math.exp(-z))) - (1 - t) * Math.log(1 / (1 + Math.exp(z)))),
    );
    expect(await evaluate(losses.binaryCrossEntropy, predicted, observed)).toBeCloseTo(expected, 5);
  });

  it('give the softmax cross-entropy', async () => {
    const expected = mean(
      predicted.map((row, i) => {
        const total = row.reduce((sum, z) => sum + Math.exp(z), 0);
        return -row.reduce((sum, z, j) => sum + observed[i][j] * Math.log(Math.exp(z) / total), 0);
      }),
    );
    expect(await evaluate(losses.softmaxCrossEntropy, predicted, observed)).toBeCloseTo(expected, 5);
  });

  it('stay finite for extreme logits', async () => {
    const extreme = [
      [200, -200],
      [-200, 200],
    ];
    expect(
      await evaluate(losses.binaryCrossEntropy, extreme, [
        [0, 0],
        [0, 0],
      ]),
    ).toBeCloseTo(100, 3);
    expect(
      await evaluate(losses.softmaxCrossEntropy, extreme, [
        [0, 1],
        [0, 1],
      ]),
    ).toBeCloseTo(200, 3);
  });

  const differentiable: Record<string, (a: Tensor, b: Tensor) => Tensor> = {
    meanSquaredError: losses.meanSquaredError,
    'huberLoss within delta': (a, b) => losses.huberLoss(a, b, 10),
    'huberLoss beyond delta': (a, b) => losses.huberLoss(a, b, 0.01),
    binaryCrossEntropy: losses.binaryCrossEntropy,
    softmaxCrossEntropy: (a, b) => losses.softmaxCrossEntropy(a, softmax(b)),
  };

  it.each(Object.entries(differentiable))('have the gradient of finite differences: %s', async (_, loss) => {
    // Predictions on one side of 0, targets on the other, so that no error crosses a kink.
    let drawn = 0;
    const draw: Parameters<typeof gradientError>[0]['draw'] = (random) =>
      (drawn++ < 12 ? 1 : -1) * (0.2 + random.uniform());
    expect(
      await gradientError({
        shapes: [
          [4, 3],
          [4, 3],
        ],
        op: ([a, b]) => loss(a, b),
        draw,
      }),
    ).toBeLessThan(TOLERANCE);
  });
});
