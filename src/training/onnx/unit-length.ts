/** Rows scaled to length 1, so that inner products are cosines. */
import type { Tensor } from './graph';
import { add, divide, multiply } from './operations/arithmetic';
import { reduceSum } from './operations/broadcasting';
import { sqrt } from './operations/elementwise';

/** Keeps a row of zeros a row of zeros, and its slope finite. */
const LEAST_SQUARE = 1e-12;

/** (…, dimension) -> the same shape */
export function unitLength(x: Tensor): Tensor {
  const squares = reduceSum(multiply(x, x), [-1], { keepDimensions: true });
  return divide(x, sqrt(add(squares, x.graph.scalar(LEAST_SQUARE))));
}
