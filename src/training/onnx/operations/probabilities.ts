/** Softmax and its logarithm over the last axis. */
import { Graph, type Tensor } from '../graph';
import { multiply, subtract } from './arithmetic';
import { reduceSum } from './broadcasting';
import { exp } from './elementwise';

export function softmax(logits: Tensor): Tensor {
  const output: Tensor = Graph.node('Softmax', [logits], {
    shape: logits.shape,
    attributes: { axis: -1 },
    gradients: [
      (up) => {
        const weighted = multiply(up, output);
        return subtract(weighted, multiply(output, reduceSum(weighted, [-1], { keepDimensions: true })));
      },
    ],
  });
  return output;
}

export function logSoftmax(logits: Tensor): Tensor {
  const output: Tensor = Graph.node('LogSoftmax', [logits], {
    shape: logits.shape,
    attributes: { axis: -1 },
    gradients: [(up) => subtract(up, multiply(exp(output), reduceSum(up, [-1], { keepDimensions: true })))],
  });
  return output;
}
