/** Matrix products. `gemm` is the one that dense layers use: two matrices, either transposed, and a bias in one node. */
import { Graph, type Tensor } from '../graph';
import { broadcastShapes, ShapeError } from '../shape';
import { unbroadcast } from './broadcasting';
import { transpose } from './shaping';

export interface GemmOptions {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  /** Stretched to the product's shape and added. */
  readonly bias?: Tensor;
}

export function gemm(a: Tensor, b: Tensor, { transposeA = false, transposeB = false, bias }: GemmOptions = {}): Tensor {
  if (a.shape.length !== 2 || b.shape.length !== 2)
    throw new ShapeError('gemm', 'needs two matrices', [a.shape, b.shape]);
  const [rows, inner] = transposeA ? [a.shape[1], a.shape[0]] : a.shape;
  const [innerB, columns] = transposeB ? [b.shape[1], b.shape[0]] : b.shape;
  if (inner !== innerB) throw new ShapeError('gemm', `inner sizes ${inner} and ${innerB} differ`, [a.shape, b.shape]);
  const shape = [rows, columns];
  if (bias && broadcastShapes('gemm bias', bias.shape, shape).some((size, axis) => size !== shape[axis]))
    throw new ShapeError('gemm', 'the bias does not stretch to the product', [bias.shape, shape]);
  return Graph.node('Gemm', bias ? [a, b, bias] : [a, b], {
    shape,
    attributes: { transA: transposeA ? 1 : 0, transB: transposeB ? 1 : 0 },
    gradients: [
      (up) =>
        transposeA
          ? gemm(b, up, { transposeA: transposeB, transposeB: true })
          : gemm(up, b, { transposeB: !transposeB }),
      (up) =>
        transposeB
          ? gemm(up, a, { transposeA: true, transposeB: transposeA })
          : gemm(a, up, { transposeA: !transposeA }),
      ...(bias ? [(up: Tensor) => unbroadcast(up, bias.shape)] : []),
    ],
  });
}

/** Products of stacks of matrices: the last two axes multiply, those before them stretch. */
export function matMul(a: Tensor, b: Tensor): Tensor {
  if (a.shape.length < 2 || b.shape.length < 2)
    throw new ShapeError('matMul', 'needs matrices or stacks of them', [a.shape, b.shape]);
  const [rows, inner] = a.shape.slice(-2);
  const [innerB, columns] = b.shape.slice(-2);
  if (inner !== innerB) throw new ShapeError('matMul', `inner sizes ${inner} and ${innerB} differ`, [a.shape, b.shape]);
  return Graph.node('MatMul', [a, b], {
    shape: [...broadcastShapes('matMul', a.shape.slice(0, -2), b.shape.slice(0, -2)), rows, columns],
    gradients: [
      (up) => unbroadcast(matMul(up, transposeLast(b)), a.shape),
      (up) => unbroadcast(matMul(transposeLast(a), up), b.shape),
    ],
  });
}

function transposeLast(a: Tensor): Tensor {
  const rank = a.shape.length;
  return transpose(a, [...Array(rank - 2).keys(), rank - 1, rank - 2]);
}
