/**
 * The cross-entropy of "which of many things comes next", where a thing's score is question . row + bias: over all things,
 * or over a sample that the whole batch shares. Losses in one piece, because the chance of every thing for every question
 * is the largest tensor of a training step: computed once, it serves the loss and all its gradients.
 *
 * With P = softmax of the scores and 1 the target, dLoss/dScore = weight (P - 1[target]).
 */
import { Graph, Tensor } from './graph';
import { add, divide, multiply, scale, subtract } from './operations/arithmetic';
import { expand, reduceSum, reshape } from './operations/broadcasting';
import { clip, log } from './operations/elementwise';
import { gemm } from './operations/matrices';
import { softmax } from './operations/probabilities';
import { cast, concat, gather, slice } from './operations/shaping';

/** A chance below this counts as this, so that a hopeless guess costs much and not infinitely. */
const LEAST_CHANCE = 1e-30;

export interface AllThings {
  /** (things, dimension) */
  readonly table: Tensor;
  /** (things) */
  readonly bias: Tensor;
}

/**
 * The weighted mean of -log P(target) over all things.
 * @param questions (questions, dimension)
 * @param targets (questions) integers, rows of the table
 * @param weights (questions); those of weight 0 do not count
 */
export function fullSoftmaxLoss(
  questions: Tensor,
  { table, bias }: AllThings,
  targets: Tensor,
  weights: Tensor,
): Tensor {
  const shares = reshape(divide(weights, reduceSum(weights)), [...targets.shape, 1]); // (questions, 1)
  const chances = softmax(gemm(questions, table, { transposeB: true, bias })); // (questions, things)
  const targetRows = gather(table, targets);
  const loss = meanLoss(elementOfEachRow(chances, targets), shares);
  return withGradients(loss, [
    // Sums of shares times rows, so that the large tensor is not scaled: P x table - row of the target, then the share.
    [questions, (up) => multiply(multiply(subtract(gemm(chances, table), targetRows), shares), up)],
    [
      table,
      (up) => {
        const weighted = multiply(multiply(questions, shares), up);
        return subtract(gemm(chances, weighted, { transposeA: true }), scatterRows(weighted, targets, table));
      },
    ],
    [
      bias,
      (up) => {
        const weighted = multiply(shares, up);
        const sums = gemm(chances, weighted, { transposeA: true }); // (things, 1)
        return reshape(subtract(sums, scatterRows(weighted, targets, sums)), bias.shape);
      },
    ],
  ]);
}

export interface SampledThings {
  /** (questions, dimension) and (questions): the target's own row and bias. */
  readonly targetRows: Tensor;
  readonly targetBias: Tensor;
  /** (sample, dimension) and (sample): rows and biases of the sample. */
  readonly rows: Tensor;
  readonly bias: Tensor;
  /** (sample): log of how often each is expected in the sample. Subtracted, so that the sample stands for all things. */
  readonly logExpected: Tensor;
  /** (questions, sample): 1 where a sampled thing is the question's target, which then does not count twice; else 0. */
  readonly hits: Tensor;
}

/**
 * Sampled softmax (Jean et al. 2015; Bengio & Senecal 2008): exp(score - log expected count) summed over the sample has
 * the sum over all other things as its expectation.
 */
export function sampledSoftmaxLoss(questions: Tensor, things: SampledThings, weights: Tensor): Tensor {
  const { targetRows, targetBias, rows, bias, logExpected, hits } = things;
  const count = questions.shape[0] as number;
  const sample = rows.shape[0] as number;
  const column = (x: Tensor) => reshape(x, [count, 1]);
  const shares = column(divide(weights, reduceSum(weights)));
  const own = add(reduceSum(multiply(questions, targetRows), [1], { keepDimensions: true }), column(targetBias));
  const others = gemm(questions, rows, { transposeB: true, bias: subtract(bias, logExpected) });
  const chances = softmax(concat([own, subtract(others, scale(hits, HIT))], 1)); // (questions, 1 + sample)
  const ownChance = slice(chances, { axis: 1, start: 0, end: 1 });
  const otherChances = slice(chances, { axis: 1, start: 1, end: 1 + sample });
  const loss = meanLoss(ownChance, shares);
  const missing = multiply(subtract(ownChance, questions.graph.scalar(1)), shares); // (questions, 1)
  const weighted = multiply(questions, shares);
  return withGradients(loss, [
    [questions, (up) => multiply(add(multiply(gemm(otherChances, rows), shares), multiply(targetRows, missing)), up)],
    [targetRows, (up) => multiply(multiply(questions, missing), up)],
    [targetBias, (up) => reshape(multiply(missing, up), [count])],
    [rows, (up) => multiply(gemm(otherChances, weighted, { transposeA: true }), up)],
    [bias, (up) => reshape(multiply(gemm(otherChances, shares, { transposeA: true }), up), [sample])],
  ]);
}

/** Taken from the score of a sampled thing that is the target: its chance becomes exactly 0. */
const HIT = 1e9;

/** (questions) x (sample) integers -> (questions, sample): 1 where they are the same thing. */
export function hitsOf(targets: Tensor, sample: Tensor): Tensor {
  const [questions, things] = [targets.shape[0], sample.shape[0]];
  const same = Graph.node('Equal', [reshape(targets, [questions, 1]), reshape(sample, [1, things])], {
    shape: [questions, things],
    type: 'bool',
  });
  return cast(same, 'float32');
}

/** @param chance (questions, 1) of the targets */
function meanLoss(chance: Tensor, shares: Tensor): Tensor {
  return scale(reduceSum(multiply(log(clip(chance, LEAST_CHANCE, 2)), shares)), -1);
}

/** (rows, columns), (rows) integers -> (rows, 1) */
function elementOfEachRow(values: Tensor, columns: Tensor): Tensor {
  const shape = [...columns.shape, 1];
  return Graph.node('GatherElements', [values, reshape(columns, shape)], { shape, attributes: { axis: 1 } });
}

/** Rows added up where they belong: (like's shape). */
function scatterRows(rows: Tensor, indices: Tensor, like: Tensor): Tensor {
  const coordinates = reshape(cast(indices, 'int64'), [...indices.shape, 1]);
  const zeros = expand(rows.graph.scalar(0), like.shape);
  return Graph.node('ScatterND', [zeros, coordinates, rows], { shape: like.shape, attributes: { reduction: 'add' } });
}

/** The same number, differentiated as said here instead of through what it was computed from. */
function withGradients(
  loss: Tensor,
  gradients: readonly (readonly [of: Tensor, gradient: (upstream: Tensor) => Tensor])[],
): Tensor {
  return new Tensor(
    loss.graph,
    loss.name,
    loss.shape,
    loss.type,
    gradients.map(([of]) => of),
    gradients.map(([, gradient]) => gradient),
  );
}
