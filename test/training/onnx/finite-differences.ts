/**
 * Holds an op's gradient against central finite differences, both computed by the runtime in single precision.
 *
 * The scalar differentiated is the sum of weights x op(inputs) with random weights, so that no two outputs can hide each
 * other's mistakes. A difference quotient over f32 with step h errs by about |f| 2^-24 / h (rounding) + f''' h² / 6
 * (curvature): with h = 2^-7 and values near 1, below 2e-3; that, relative to the largest slope, is the tolerance claimed.
 */
import { gradients } from '../../../src/training/onnx/gradients';
import { Graph, type Tensor } from '../../../src/training/onnx/graph';
import { multiply } from '../../../src/training/onnx/operations/arithmetic';
import { reduceSum } from '../../../src/training/onnx/operations/broadcasting';
import { Random } from '../../../src/training/onnx/random';
import { type Feed, Session } from '../../../src/training/onnx/session';

const STEP = 2 ** -7;
export const TOLERANCE = 4e-3;

export interface GradientCase {
  /** Shape of each input that is differentiated. */
  readonly shapes: readonly (readonly number[])[];
  readonly op: (inputs: Tensor[]) => Tensor;
  /** Draws one input value; must keep more than a step away from kinks. @default away from 0, |x| in 0.2..1.5 */
  readonly draw?: (random: Random) => number;
  readonly seed?: number;
}

export const awayFromZero = (random: Random): number => (random.below(2) ? 1 : -1) * (0.2 + 1.3 * random.uniform());
export const positive = (random: Random): number => 0.5 + random.uniform();

/** @returns the largest difference between the two, relative to the largest slope (or 1, if that is larger) */
export async function gradientError({ shapes, op, draw = awayFromZero, seed = 1 }: GradientCase): Promise<number> {
  const random = new Random(seed);
  const graph = new Graph();
  const inputs = shapes.map((shape, i) => graph.input(`input${i}`, shape));
  const output = op(inputs);
  const size = (output.shape as number[]).reduce((all, one) => all * one, 1);
  const weights = graph.constant(
    'weights',
    output.shape,
    Float32Array.from({ length: size }, () => random.normal()),
  );
  const loss = reduceSum(multiply(output, weights));
  graph.output(loss, 'loss');
  const slopes = gradients(loss, inputs);
  slopes.forEach((slope, i) => {
    graph.output(slope, `slope${i}`);
  });
  const session = await Session.open(graph.model());
  const values = shapes.map((shape) =>
    Float32Array.from({ length: shape.reduce((all, one) => all * one, 1) }, () => draw(random)),
  );
  const feeds = () =>
    Object.fromEntries(values.map((data, i): [string, Feed] => [`input${i}`, { data, dims: shapes[i] }]));
  const found = await session.run(
    feeds(),
    slopes.map((_, i) => `slope${i}`),
  );
  let worst = 0;
  let steepest = 1;
  for (const [i, data] of values.entries())
    for (let j = 0; j < data.length; j++) {
      const kept = data[j];
      const at = async (value: number) => {
        data[j] = value;
        return (await session.run(feeds(), ['loss'])).loss[0];
      };
      const [above, below] = [await at(kept + STEP), await at(kept - STEP)];
      const width = Math.fround(kept + STEP) - Math.fround(kept - STEP);
      data[j] = kept;
      worst = Math.max(worst, Math.abs((above - below) / width - found[`slope${i}`][j]));
      steepest = Math.max(steepest, Math.abs(found[`slope${i}`][j]));
    }
  await session.close();
  return worst / steepest;
}
