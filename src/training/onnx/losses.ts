/** Losses: one number for a batch, the mean over everything in it. */
import type { Tensor } from './graph';
import { multiply, reduceMean, scale, subtract } from './operations/arithmetic';
import { reduceSum } from './operations/broadcasting';
import { clip, softplus, square } from './operations/elementwise';
import { logSoftmax } from './operations/probabilities';
import { type Shape, ShapeError, sameShape, sizeOf } from './shape';

export function meanSquaredError(predicted: Tensor, observed: Tensor): Tensor {
  agree('meanSquaredError', predicted.shape, observed.shape);
  return reduceMean(square(subtract(predicted, observed)));
}

/** Huber 1964: half the square up to `delta`, then a straight line, so that an outlier pulls no harder than `delta`. */
export function huberLoss(predicted: Tensor, observed: Tensor, delta = 1): Tensor {
  agree('huberLoss', predicted.shape, observed.shape);
  const error = subtract(predicted, observed);
  // With c = clip(e), both branches are c (e - c / 2), whose slope is c.
  const clipped = clip(error, -delta, delta);
  return reduceMean(multiply(clipped, subtract(error, scale(clipped, 0.5))));
}

/** @param targets in 0..1, of the logits' shape */
export function binaryCrossEntropy(logits: Tensor, targets: Tensor): Tensor {
  agree('binaryCrossEntropy', logits.shape, targets.shape);
  return reduceMean(subtract(softplus(logits), multiply(logits, targets)));
}

/** @param targets (…, classes), each row a distribution over the classes: one-hot, or softer */
export function softmaxCrossEntropy(logits: Tensor, targets: Tensor): Tensor {
  agree('softmaxCrossEntropy', logits.shape, targets.shape);
  const rows = sizeOf(logits.shape.slice(0, -1), 'softmaxCrossEntropy');
  return scale(reduceSum(multiply(logSoftmax(logits), targets)), -1 / rows);
}

function agree(loss: string, a: Shape, b: Shape): void {
  // Stretching would silently average over the wrong pairs.
  if (!sameShape(a, b)) throw new ShapeError(loss, 'prediction and target differ in shape', [a, b]);
}
