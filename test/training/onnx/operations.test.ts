import fc from 'fast-check';
import type { Tensor } from '../../../src/training/onnx/graph';
import * as arithmetic from '../../../src/training/onnx/operations/arithmetic';
import * as broadcasting from '../../../src/training/onnx/operations/broadcasting';
import * as elementwise from '../../../src/training/onnx/operations/elementwise';
import * as matrices from '../../../src/training/onnx/operations/matrices';
import * as probabilities from '../../../src/training/onnx/operations/probabilities';
import * as shaping from '../../../src/training/onnx/operations/shaping';
import { type GradientCase, gradientError, positive, TOLERANCE } from './finite-differences';

const one = (op: (a: Tensor) => Tensor) => (inputs: Tensor[]) => op(inputs[0]);
const two = (op: (a: Tensor, b: Tensor) => Tensor) => (inputs: Tensor[]) => op(inputs[0], inputs[1]);

/** Stretching on either side, both sides at once, by rank, by scalars and not at all. */
const STRETCHED = [
  [
    [2, 3],
    [2, 3],
  ],
  [[2, 3], [3]],
  [[3], [2, 3]],
  [
    [2, 1],
    [1, 3],
  ],
  [[2, 3], []],
  [
    [4, 1, 3],
    [2, 1],
  ],
];

const BINARY = {
  add: arithmetic.add,
  subtract: arithmetic.subtract,
  multiply: arithmetic.multiply,
  divide: arithmetic.divide,
};

const UNARY: Record<string, [(a: Tensor) => Tensor, GradientCase['draw']?]> = {
  negate: [arithmetic.negate],
  exp: [elementwise.exp],
  log: [elementwise.log, positive],
  sqrt: [elementwise.sqrt, positive],
  square: [elementwise.square],
  abs: [elementwise.abs],
  'pow 3': [(a) => elementwise.pow(a, 3)],
  'pow 0.5': [(a) => elementwise.pow(a, 0.5), positive],
  'pow -1': [(a) => elementwise.pow(a, -1), positive],
  // Multiples of 0.1 keep more than a step away from both bounds.
  clip: [(a) => elementwise.clip(a, -0.775, 0.775), (random) => (random.below(29) - 14) / 10],
  relu: [elementwise.relu],
  leakyRelu: [(a) => elementwise.leakyRelu(a, 0.1)],
  elu: [elementwise.elu],
  selu: [elementwise.selu],
  sigmoid: [elementwise.sigmoid],
  tanh: [elementwise.tanh],
  softplus: [elementwise.softplus],
  gelu: [elementwise.gelu],
  erf: [elementwise.erf],
  softmax: [probabilities.softmax],
  logSoftmax: [probabilities.logSoftmax],
};

describe.each(Object.entries(BINARY))('the gradient of %s', (_, op) => {
  it.each(STRETCHED)('agrees with finite differences on %j and %j', async (...shapes) => {
    expect(await gradientError({ shapes, op: two(op) })).toBeLessThan(TOLERANCE);
  });
});

describe.each(Object.entries(UNARY))('the gradient of %s', (_, [op, draw]) => {
  it.each([[[7]], [[3, 4]], [[2, 2, 3]]])('agrees with finite differences on %j', async (shape) => {
    expect(await gradientError({ shapes: [shape], op: one(op), draw })).toBeLessThan(TOLERANCE);
  });
});

describe('the gradients of matrix products', () => {
  it.each([
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ])('agree with finite differences for gemm (transposed: %s, %s), bias included', async (transposeA, transposeB) => {
    const shapes = [transposeA ? [4, 3] : [3, 4], transposeB ? [5, 4] : [4, 5], [5]];
    const op = ([a, b, bias]: Tensor[]) => matrices.gemm(a, b, { transposeA, transposeB, bias });
    expect(await gradientError({ shapes, op })).toBeLessThan(TOLERANCE);
  });

  it.each([
    [
      [3, 4],
      [4, 2],
    ],
    [
      [2, 3, 4],
      [2, 4, 2],
    ],
    [
      [2, 3, 4],
      [4, 2],
    ],
    [
      [2, 1, 3, 4],
      [3, 4, 2],
    ],
  ])('agree with finite differences for matMul of %j and %j', async (...shapes) => {
    expect(await gradientError({ shapes, op: two(matrices.matMul) })).toBeLessThan(TOLERANCE);
  });
});

describe('the gradients of reductions and of ops that move numbers', () => {
  const cases: Record<string, GradientCase> = {
    'reduceSum of everything': { shapes: [[3, 4]], op: one((a) => broadcasting.reduceSum(a)) },
    'reduceSum over the last axis': { shapes: [[3, 4]], op: one((a) => broadcasting.reduceSum(a, [-1])) },
    'reduceMean over two axes, kept': {
      shapes: [[2, 3, 4]],
      op: one((a) => arithmetic.reduceMean(a, [0, 2], { keepDimensions: true })),
    },
    reshape: { shapes: [[3, 4]], op: one((a) => broadcasting.reshape(a, [2, 6])) },
    expand: { shapes: [[3, 1]], op: one((a) => broadcasting.expand(a, [2, 3, 4])) },
    transpose: { shapes: [[2, 3, 4]], op: one((a) => shaping.transpose(a, [2, 0, 1])) },
    concat: {
      shapes: [
        [2, 3],
        [2, 1],
        [2, 2],
      ],
      op: (inputs) => shaping.concat(inputs, 1),
    },
    slice: { shapes: [[3, 5]], op: one((a) => shaping.slice(a, { axis: -1, start: 1, end: 4 })) },
    'gather with a row taken twice': {
      shapes: [[4, 3]],
      op: ([table]) => shaping.gather(table, table.graph.constant('indices', [5], Int32Array.of(2, 0, 2, 3, 2))),
    },
  };
  it.each(Object.entries(cases))('agree with finite differences for %s', async (_, gradientCase) => {
    expect(await gradientError(gradientCase)).toBeLessThan(TOLERANCE);
  });

  it('add up where a tensor is used more than once', async () => {
    const op = ([a]: Tensor[]) => arithmetic.multiply(elementwise.tanh(a), arithmetic.add(a, elementwise.sigmoid(a)));
    expect(await gradientError({ shapes: [[2, 3]], op })).toBeLessThan(TOLERANCE);
  });
});

describe('any chain of ops', () => {
  const names = ['elu', 'sigmoid', 'tanh', 'softplus', 'gelu', 'negate', 'softmax', 'square'] as const;

  it('has the gradient of the composed function', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...names), { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 5 }),
        fc.nat(1_000),
        async (chain, rows, columns, seed) => {
          const op = ([a, w]: Tensor[]) => chain.reduce((x, name) => UNARY[name][0](matrices.gemm(x, w)), a);
          const draw: GradientCase['draw'] = (random) => 0.4 * random.normal();
          const shapes = [
            [rows, columns],
            [columns, columns],
          ];
          expect(await gradientError({ shapes, op, draw, seed })).toBeLessThan(TOLERANCE);
        },
      ),
      { numRuns: 25, seed: 7 },
    );
  });
});
