/**
 * The contrastive losses over a batch in which each sequence has the same number of slices, one after the other: slices of
 * one sequence are to be near, those of others far. Vectors have length 1, so squared distances are 2 - 2 x cosine and all
 * pairs come from one matrix product.
 */
import type { Tensor } from '../../onnx/graph';
import { add, multiply, scale, subtract } from '../../onnx/operations/arithmetic';
import { reduceSum } from '../../onnx/operations/broadcasting';
import { greater, relu, sqrt, square } from '../../onnx/operations/elementwise';
import { gemm } from '../../onnx/operations/matrices';
import { logSoftmax } from '../../onnx/operations/probabilities';
import { slice } from '../../onnx/operations/shaping';
import { ShapeError } from '../../onnx/shape';

export interface ContrastiveLossOptions {
  /** Slices of one sequence in a batch. */
  readonly slices: number;
  /** `margin`: Hadsell et al. 2006, as CoLES has it; `softmax`: the slice's kin among all others (van den Oord et al. 2018). */
  readonly loss: 'margin' | 'softmax';
  /** Distance beyond which a slice of another sequence is far enough. */
  readonly margin: number;
  /** Nearest slices of other sequences that each slice is pushed from. */
  readonly hardNegatives: number;
  /** Cosines are divided by it before the softmax. */
  readonly temperature: number;
}

/** Keeps the slope of a distance finite where two slices fall together. */
const LEAST_SQUARED_DISTANCE = 1e-6;
/** Added to squared distances (at most 4) of pairs that are no negatives. */
const OUT_OF_REACH = 100;
/** Subtracted from the logit of a slice with itself. */
const IMPOSSIBLE = 1e9;

/**
 * @param vectors (sequences x slices, dimension), each of length 1
 * @returns a scalar: the mean over slices
 */
export function contrastiveLoss(vectors: Tensor, options: ContrastiveLossOptions): Tensor {
  const rows = vectors.shape[0] as number;
  const { slices } = options;
  if (vectors.shape.length !== 2 || rows % slices !== 0 || rows / slices < 2 || slices < 2)
    throw new ShapeError('contrastiveLoss', `needs two sequences of ${slices} slices or more`, [vectors.shape]);
  return options.loss === 'margin' ? marginLoss(vectors, rows, options) : softmaxLoss(vectors, rows, options);
}

/** Sum over pairs of a sequence's slices of d², plus over each slice's hard negatives of max(0, margin - d)². */
function marginLoss(vectors: Tensor, rows: number, { slices, margin, hardNegatives }: ContrastiveLossOptions): Tensor {
  const { graph } = vectors;
  const squares = relu(add(scale(gemm(vectors, vectors, { transposeB: true }), -2), graph.scalar(2)));
  const kin = pairs(vectors, 'kin', (a, b) => same(a, b, slices) && a < b);
  const near = reduceSum(multiply(squares, kin));
  const distances = sqrt(add(squares, graph.scalar(LEAST_SQUARED_DISTANCE)));
  const hinge = square(relu(subtract(graph.scalar(margin), distances)));
  const hard = nearestMask(
    add(
      squares,
      pairs(vectors, 'own', (a, b) => same(a, b, slices), OUT_OF_REACH),
    ),
    hardNegatives,
  );
  return scale(add(near, reduceSum(multiply(hinge, hard))), 1 / rows);
}

/** 1 for the `count` smallest of each row, else 0 (where several are equally small, all of them). Nothing flows back. */
function nearestMask(values: Tensor, count: number): Tensor {
  const rows = values.shape[0];
  const [smallest] = values.graph.append(
    'TopK',
    [values, values.graph.integers([count])],
    [
      { shape: [rows, count], attributes: { axis: 1, largest: 0, sorted: 1 } },
      { shape: [rows, count], type: 'int64' },
    ],
  );
  const limit = slice(smallest, { axis: 1, start: count - 1, end: count });
  return subtract(values.graph.scalar(1), greater(values, limit));
}

function softmaxLoss(vectors: Tensor, rows: number, { slices, temperature }: ContrastiveLossOptions): Tensor {
  const cosines = gemm(vectors, vectors, { transposeB: true });
  const self = pairs(vectors, 'self', (a, b) => a === b, IMPOSSIBLE);
  const logarithms = logSoftmax(subtract(scale(cosines, 1 / temperature), self));
  const kin = pairs(vectors, 'kin', (a, b) => same(a, b, slices) && a !== b);
  return scale(reduceSum(multiply(logarithms, kin)), -1 / (rows * (slices - 1)));
}

const same = (a: number, b: number, slices: number): boolean => Math.floor(a / slices) === Math.floor(b / slices);

/** (rows, rows): `value` for the pairs that are meant, else 0. */
function pairs({ graph, shape }: Tensor, name: string, isMeant: (a: number, b: number) => boolean, value = 1): Tensor {
  const rows = shape[0] as number;
  const values = new Float32Array(rows * rows);
  for (let a = 0; a < rows; a++) for (let b = 0; b < rows; b++) if (isMeant(a, b)) values[a * rows + b] = value;
  return graph.constant(`pairs ${name}`, [rows, rows], values);
}
