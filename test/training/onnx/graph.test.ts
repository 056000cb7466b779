import { gradients } from '../../../src/training/onnx/gradients';
import { Graph, type Tensor } from '../../../src/training/onnx/graph';
import { dense, dropout } from '../../../src/training/onnx/layers';
import * as losses from '../../../src/training/onnx/losses';
import { add, multiply, reduceMean } from '../../../src/training/onnx/operations/arithmetic';
import { expand, reduceSum, reshape } from '../../../src/training/onnx/operations/broadcasting';
import { clip, relu } from '../../../src/training/onnx/operations/elementwise';
import { gemm, matMul } from '../../../src/training/onnx/operations/matrices';
import { concat, gather, slice, transpose } from '../../../src/training/onnx/operations/shaping';
import { decodeModel } from '../../../src/training/onnx/protobuf';
import { Session } from '../../../src/training/onnx/session';
import type { Shape } from '../../../src/training/onnx/shape';

function inputs(...shapes: Shape[]): Tensor[] {
  const graph = new Graph();
  return shapes.map((shape, i) => graph.input(`input${i}`, shape));
}

describe('building a graph whose shapes do not fit', () => {
  const wrong: Record<string, [Shape[], (t: Tensor[]) => unknown, RegExp]> = {
    'adding [2, 3] and [2]': [[[2, 3], [2]], ([a, b]) => add(a, b), /Add: .*3 against 2 \(\[2, 3\] and \[2\]\)/],
    'adding two different named sizes': [
      [
        ['batch', 3],
        ['rows', 3],
      ],
      ([a, b]) => add(a, b),
      /batch against rows/,
    ],
    'multiplying matrices of different inner sizes': [
      [
        [2, 3],
        [4, 2],
      ],
      ([a, b]) => gemm(a, b),
      /inner sizes 3 and 4/,
    ],
    'a bias wider than the product': [[[2, 3], [3, 4], [5]], ([x, w, b]) => dense(x, w, b), /5 against 4/],
    'a bias with more rows than a batch of one': [
      [
        [1, 3],
        [3, 4],
        [2, 4],
      ],
      ([x, w, b]) => dense(x, w, b),
      /bias/,
    ],
    'stacks that do not stretch': [
      [
        [2, 3, 4],
        [3, 4, 2],
      ],
      ([a, b]) => matMul(a, b),
      /2 against 3/,
    ],
    'reshaping to another size': [[[2, 3]], ([a]) => reshape(a, [4]), /do not hold the same numbers/],
    'expanding to a smaller shape': [[[2, 3]], ([a]) => expand(a, [3]), /cannot stretch/],
    'an axis that is not there': [[[2, 3]], ([a]) => reduceSum(a, [2]), /axes 2/],
    'an axis named twice': [[[2, 3]], ([a]) => reduceSum(a, [1, -1]), /axes 1, -1/],
    'a mean over a size known only at run time': [[['batch', 3]], ([a]) => reduceMean(a), /"batch" is known only/],
    'a transpose without all axes': [[[2, 3]], ([a]) => transpose(a, [0]), /every axis/],
    'joining parts of different height': [
      [
        [2, 3],
        [3, 3],
      ],
      (parts) => concat(parts, 1),
      /sizes differ/,
    ],
    'slicing past the end': [[[2, 3]], ([a]) => slice(a, { axis: 1, start: 1, end: 4 }), /1 to 4/],
    'gathering by fractions': [[[2, 3], [2]], ([a, b]) => gather(a, b), /must be integers, not float32/],
    'bounds in the wrong order': [[[2]], ([a]) => clip(a, 1, 0), /1 is not below 0/],
    'a target of another shape': [[[4, 1], [4]], ([a, b]) => losses.meanSquaredError(a, b), /differ in shape/],
    'a dropout rate of 1': [[[2], [2]], ([a, u]) => dropout(a, 1, u), /rate 1/],
    'dropout with too few random numbers': [[[2, 3], [3]], ([a, u]) => dropout(a, 0.5, u), /one random number a value/],
    'a gradient of something that is no scalar': [[[2]], ([a]) => gradients(relu(a), [a]), /only a scalar/],
    'an input name used twice': [[[2]], ([a]) => a.graph.input('input0', [2]), /"input0" is taken/],
    'a constant with too few values': [[[2]], ([a]) => a.graph.constant('c', [3], new Float32Array(2)), /2 values/],
    'operands of two separate graphs': [[[2]], ([a]) => add(a, inputs([2])[0]), /neither holds the other/],
  };

  it.each(Object.entries(wrong))('fails at once for %s', (_, [shapes, build, message]) => {
    let failure: unknown;
    try {
      build(inputs(...shapes));
    } catch (error) {
      failure = error;
    }
    expect(failure).toMatchObject({ code: 'SHAPE_MISMATCH', message: expect.stringMatching(message) });
  });
});

describe('a written model', () => {
  function sample(): Uint8Array {
    const graph = new Graph();
    const x = graph.input('x', ['batch', 2]);
    const w = graph.constant('w', [2, 3], Float32Array.of(1, 2, 3, 4, 5, 6));
    graph.output(relu(gemm(x, w)), 'y');
    return graph.model();
  }

  it('reads back with its names, shapes, attributes and values', () => {
    const { irVersion, opsetImport, graph } = decodeModel(sample());
    expect({ irVersion, opsetImport }).toMatchObject({ irVersion: 9, opsetImport: [{ version: 20 }] });
    expect(graph.input).toMatchObject([
      { name: 'x', type: { tensorType: { elemType: 1, shape: { dim: [{ dimParam: 'batch' }, { dimValue: 2 }] } } } },
    ]);
    expect(graph.output.map(({ name }) => name)).toEqual(['y']);
    expect(graph.node.map(({ opType }) => opType)).toEqual(['Gemm', 'Relu', 'Identity']);
    expect(graph.node[0].attribute).toMatchObject([
      { name: 'transA', type: 2, i: 0 },
      { name: 'transB', type: 2, i: 0 },
    ]);
    const { name, dims, rawData } = graph.initializer[0];
    expect({ name, dims, values: [...new Float32Array(new Uint8Array(rawData).buffer)] }).toEqual({
      name: 'w',
      dims: [2, 3],
      values: [1, 2, 3, 4, 5, 6],
    });
  });

  it('is the same bytes when built again', () => {
    expect(Buffer.from(sample()).equals(Buffer.from(sample()))).toBe(true);
  });

  it('runs at any batch size', async () => {
    const session = await Session.open(sample());
    for (const rows of [1, 2, 5]) {
      const data = Float32Array.from({ length: rows * 2 }, (_, i) => i - 2);
      const { y } = await session.run({ x: { data, dims: [rows, 2] } }, ['y']);
      const expected = Array.from({ length: rows * 3 }, (_, i) => {
        const [row, column] = [Math.floor(i / 3), i % 3];
        return Math.max(0, data[row * 2] * (column + 1) + data[row * 2 + 1] * (column + 4));
      });
      expect([...y]).toEqual(expected);
    }
    await session.close();
    await session.close();
  });
});

describe('gradients', () => {
  it('are zeros for what the loss does not depend on', async () => {
    const [a, b] = inputs([2], [3]);
    const slopes = gradients(reduceSum(multiply(a, a)), [a, b]);
    slopes.forEach((slope, i) => {
      a.graph.output(slope, `slope${i}`);
    });
    const session = await Session.open(a.graph.model());
    const feeds = {
      input0: { data: Float32Array.of(1, 2), dims: [2] },
      input1: { data: new Float32Array(3), dims: [3] },
    };
    const { slope0, slope1 } = await session.run(feeds, ['slope0', 'slope1']);
    expect([[...slope0], [...slope1]]).toEqual([
      [2, 4],
      [0, 0, 0],
    ]);
    await session.close();
  });

  it('reach through a network a thousand layers deep', async () => {
    const [a] = inputs([1]);
    let deep = a;
    for (let i = 0; i < 1000; i++) deep = add(deep, a);
    a.graph.output(gradients(reduceSum(deep), [a])[0], 'slope');
    const session = await Session.open(a.graph.model());
    const { slope } = await session.run({ input0: { data: Float32Array.of(3), dims: [1] } }, ['slope']);
    expect(slope[0]).toBe(1001);
    await session.close();
  });
});
