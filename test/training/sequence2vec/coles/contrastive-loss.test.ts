/** The contrastive losses against the same written plainly, and their gradients against finite differences. */
import { Graph } from '../../../../src/training/onnx/graph';
import { Random } from '../../../../src/training/onnx/random';
import { Session } from '../../../../src/training/onnx/session';
import { unitLength } from '../../../../src/training/onnx/unit-length';
import {
  type ContrastiveLossOptions,
  contrastiveLoss,
} from '../../../../src/training/sequence2vec/coles/contrastive-loss';
import { gradientError, TOLERANCE } from '../../onnx/finite-differences';

const ROWS = 9;
const DIMENSION = 4;
const MARGIN: ContrastiveLossOptions = { slices: 3, loss: 'margin', margin: 0.9, hardNegatives: 2, temperature: 0.3 };
const SOFTMAX: ContrastiveLossOptions = { ...MARGIN, loss: 'softmax' };

function units(seed: number): Float32Array {
  const random = new Random(seed);
  const vectors = Float32Array.from({ length: ROWS * DIMENSION }, () => random.normal());
  for (let row = 0; row < ROWS; row++) {
    const length = Math.hypot(...vectors.subarray(row * DIMENSION, (row + 1) * DIMENSION));
    for (let d = 0; d < DIMENSION; d++) vectors[row * DIMENSION + d] /= length;
  }
  return vectors;
}

async function lossOf(vectors: Float32Array, options: ContrastiveLossOptions): Promise<number> {
  const graph = new Graph();
  graph.output(contrastiveLoss(graph.input('vectors', [ROWS, DIMENSION]), options), 'loss');
  const session = await Session.open(graph.model());
  const { loss } = await session.run({ vectors: { data: vectors, dims: [ROWS, DIMENSION] } }, ['loss']);
  await session.close();
  return loss[0];
}

const cosine = (vectors: Float32Array, a: number, b: number): number =>
  Array.from({ length: DIMENSION }, (_, d) => vectors[a * DIMENSION + d] * vectors[b * DIMENSION + d]).reduce(
    (sum, product) => sum + product,
  );
const kin = (a: number, b: number): boolean => Math.floor(a / 3) === Math.floor(b / 3);
const all = [...Array(ROWS).keys()];

describe('the contrastive loss', () => {
  it('with a margin is the squares of kin, and of what the nearest others lack to the margin', async () => {
    for (const seed of [1, 2, 3]) {
      const vectors = units(seed);
      const square = (a: number, b: number) => 2 - 2 * cosine(vectors, a, b);
      let expected = 0;
      for (const a of all) {
        for (const b of all) if (kin(a, b) && a < b) expected += square(a, b);
        const others = all.filter((b) => !kin(a, b)).map((b) => Math.sqrt(square(a, b)));
        for (const distance of others.sort((x, y) => x - y).slice(0, 2))
          expected += Math.max(0, MARGIN.margin - distance) ** 2;
      }
      expect(await lossOf(vectors, MARGIN)).toBeCloseTo(expected / ROWS, 4);
    }
  });

  it('with a softmax is the mean surprise at each kin among all the others', async () => {
    const vectors = units(5);
    let expected = 0;
    for (const a of all) {
      const others = all.filter((b) => b !== a);
      const total = others.reduce((sum, b) => sum + Math.exp(cosine(vectors, a, b) / 0.3), 0);
      for (const b of others)
        if (kin(a, b)) expected -= Math.log(Math.exp(cosine(vectors, a, b) / 0.3) / total) / (ROWS * 2);
    }
    expect(await lossOf(vectors, SOFTMAX)).toBeCloseTo(expected, 4);
  });

  it.each([
    ['margin', MARGIN],
    ['softmax', SOFTMAX],
  ])('with a %s has the gradient of finite differences', async (_, options) => {
    const error = await gradientError({
      shapes: [[ROWS, DIMENSION]],
      op: ([vectors]) => contrastiveLoss(unitLength(vectors), options),
      seed: 4,
    });
    expect(error).toBeLessThan(TOLERANCE);
  });

  it('refuses a batch without others', () => {
    const graph = new Graph();
    expect(() => contrastiveLoss(graph.input('vectors', [3, DIMENSION]), MARGIN)).toThrow(
      expect.objectContaining({ code: 'SHAPE_MISMATCH' }),
    );
  });
});
