/**
 * Multi-head self-attention (Vaswani et al. 2017) in which an event sees itself and what came before it in its own
 * sequence. A row of slots may hold several sequences one after the other: the mask keeps them apart, so that short
 * sequences share rows instead of being filled up with nothing.
 */
import { Graph, type Tensor } from './graph';
import { add, scale, subtract } from './operations/arithmetic';
import { reshape } from './operations/broadcasting';
import { gemm, matMul } from './operations/matrices';
import { softmax } from './operations/probabilities';
import { cast, transpose } from './operations/shaping';
import { ShapeError } from './shape';

/** Added to the score of what must not be seen: its share becomes exactly 0 in single precision. */
const UNSEEN = -1e9;

/** (slots, slots): 0 where the column is no later than the row, UNSEEN where it is. One a graph. */
export function futureMask(graph: Graph, slots: number): Tensor {
  const isLater = (i: number) => i % slots > Math.floor(i / slots);
  const values = Float32Array.from({ length: slots * slots }, (_, i) => (isLater(i) ? UNSEEN : 0));
  return graph.constant('mask.future', [slots, slots], values);
}

/**
 * What to add to the scores where rows are shared. Two slots are of one sequence where slot number less position, which is
 * where the sequence starts, is the same. One a graph.
 * @param positions (rows, slots) int32: an event's place in its own sequence
 * @returns (rows, 1, slots, slots): the slot that looks, the slot that is seen
 */
export function sequenceMask(positions: Tensor): Tensor {
  const [rows, slots] = positions.shape;
  if (positions.shape.length !== 2 || typeof slots !== 'number')
    throw new ShapeError('sequenceMask', 'needs rows of a known number of slots', [positions.shape]);
  const { graph } = positions;
  const numbers = graph.constant(
    'mask.slots',
    [slots],
    Float32Array.from({ length: slots }, (_, slot) => slot),
  );
  const starts = subtract(numbers, cast(positions, 'float32'));
  const same = Graph.node('Equal', [reshape(starts, [rows, 1, slots, 1]), reshape(starts, [rows, 1, 1, slots])], {
    shape: [rows, 1, slots, slots],
    type: 'bool',
  });
  const apart = scale(subtract(graph.scalar(1), cast(same, 'float32')), UNSEEN);
  return add(apart, futureMask(graph, slots));
}

export interface AttentionWeights {
  /** Weights (dimension, dimension) and bias (dimension) of each. */
  readonly query: readonly [Tensor, Tensor];
  readonly key: readonly [Tensor, Tensor];
  readonly value: readonly [Tensor, Tensor];
  readonly output: readonly [Tensor, Tensor];
}

/**
 * @param x (rows, slots, dimension)
 * @param mask stretches to (rows, heads, slots, slots)
 * @returns (rows, slots, dimension)
 */
export function selfAttention(x: Tensor, mask: Tensor, weights: AttentionWeights, heads: number): Tensor {
  const [rows, slots, dimension] = x.shape;
  if (x.shape.length !== 3 || typeof dimension !== 'number' || dimension % heads !== 0)
    throw new ShapeError('selfAttention', `${heads} heads do not divide the dimension`, [x.shape]);
  const size = dimension / heads;
  const split = (projection: readonly [Tensor, Tensor]) => reshape(project(x, projection), [rows, slots, heads, size]);
  const query = transpose(split(weights.query), [0, 2, 1, 3]); // (rows, heads, slots, size)
  const key = transpose(split(weights.key), [0, 2, 3, 1]); // (rows, heads, size, slots)
  const value = transpose(split(weights.value), [0, 2, 1, 3]);
  // Scaling the query is cheaper than scaling the scores, which are as many as slots are wide.
  const scores = matMul(scale(query, 1 / Math.sqrt(size)), key); // (rows, heads, slots, slots)
  const seen = matMul(softmax(add(scores, mask)), value); // (rows, heads, slots, size)
  return project(reshape(transpose(seen, [0, 2, 1, 3]), [rows, slots, dimension]), weights.output);
}

/** A dense layer for every slot: (rows, slots, inputs) x (inputs, outputs) + (outputs). */
export function project(x: Tensor, [weights, bias]: readonly [Tensor, Tensor]): Tensor {
  const [rows, slots, inputs] = x.shape;
  // How many rows there are is not always known while the graph is built; then a stack of products does it, more slowly.
  if (typeof rows !== 'number' || typeof slots !== 'number') return add(matMul(x, weights), bias);
  const flat = gemm(reshape(x, [rows * slots, inputs]), weights, { bias });
  return reshape(flat, [rows, slots, weights.shape[1]]);
}
