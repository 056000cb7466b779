/** Random numbers drawn while a graph runs. */
import type { Graph, Tensor } from '../graph';
import { type Shape, sizeOf } from '../shape';

/**
 * Uniform in [0, 1). The generator starts from the seed when a session opens and goes on from call to call, so the same
 * calls in the same order see the same numbers.
 */
export function randomUniform(graph: Graph, shape: Shape, seed: number): Tensor {
  sizeOf(shape, 'randomUniform');
  return graph.append(
    'RandomUniform',
    [],
    [
      {
        shape,
        attributes: { shape: shape as number[], low: { float: 0 }, high: { float: 1 }, seed: { float: seed } },
      },
    ],
  )[0];
}
