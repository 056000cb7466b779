/** The SIMD kernel against its scalar twin: the plain build to the last bit, the relaxed one within what it claims. */
import fc from 'fast-check';
import { buildAliasTable } from '../../../src/training/kernels/alias';
import { availableBuilds, type KernelBuild } from '../../../src/training/kernels/kernel-memory';
import { Random } from '../../../src/training/kernels/random';
import { SkipGramKernel } from '../../../src/training/kernels/skip-gram';
import { fillSigmoidTable, trainScalar } from '../../../src/training/kernels/skip-gram.scalar';
import {
  closeTables,
  createSkipGram,
  openTables,
  type SkipGramShape,
} from '../../../src/training/kernels/skip-gram-tables';

const NODES = 30;
const SHAPE: SkipGramShape = {
  nodes: NODES,
  dimension: 20,
  window: 5,
  negatives: 5,
  negativeSharing: 1,
  threads: 1,
  tokenCapacity: 1000,
};
const NOISE = Float64Array.from({ length: NODES }, (_, node) => 1 / (node + 1));

/** Trains both on the same tokens from the same start and returns what differs most, and the twin's largest entry. */
function compare(
  build: KernelBuild,
  shape: SkipGramShape,
  tokens: readonly number[],
  prepare = (_input: Float32Array, _output: Float32Array) => {},
) {
  const shared = createSkipGram(shape, { noise: NOISE, seed: 3, build });
  const kernel = new SkipGramKernel(shared, 0);
  const tables = openTables(shared);
  const random = Random.seeded(4);
  for (let i = 0; i < tables.output.length; i++) {
    if (i % tables.stride < shape.dimension) tables.output[i] = random.fraction() - 0.5;
  }
  prepare(tables.input, tables.output);
  const twin = { input: tables.input.slice(), output: tables.output.slice() };
  kernel.tokens.set(tokens);
  kernel.seed(9);
  const trained = kernel.train(tokens.length, 0.05);
  const pairs = trainScalar(
    {
      ...twin,
      stride: tables.stride,
      window: shape.window,
      negatives: shape.negatives,
      negativeSharing: shape.negativeSharing,
      noise: buildAliasTable(NOISE),
      sigmoid: fillSigmoidTable(),
      random: Random.seeded(9).state,
    },
    Int32Array.from(tokens),
    0.05,
  );
  expect(trained.pairs).toBe(pairs);
  let worst = 0;
  let largest = 0;
  for (const [table, mirror] of [
    [tables.input, twin.input],
    [tables.output, twin.output],
  ]) {
    for (let i = 0; i < table.length; i++) {
      // Equal infinities have no difference that is a number.
      if (Object.is(table[i], mirror[i])) continue;
      worst = Math.max(
        worst,
        Number.isNaN(table[i] - mirror[i]) ? Number.POSITIVE_INFINITY : Math.abs(table[i] - mirror[i]),
      );
      if (Number.isFinite(mirror[i])) largest = Math.max(largest, Math.abs(mirror[i]));
    }
  }
  return { worst, largest, pairs, tables, shared };
}

function someTokens(count: number, seed: number): number[] {
  const random = Random.seeded(seed);
  return Array.from({ length: count }, () => (random.below(12) === 0 ? -1 : random.below(NODES)));
}

const builds: KernelBuild[] = ['plain', 'relaxed'];
for (const build of builds) {
  const suite = availableBuilds('skip-gram').includes(build) ? describe : describe.skip;
  suite(`the ${build} build of the skip-gram kernel`, () => {
    // The twin rounds as the plain build does. A fused multiply-add rounds once less, and that can move a sigmoid to
    // the next cell of its table: 1e-3 of the largest entry after some thousand pairs.
    const tolerance = build === 'plain' ? 0 : 1e-3;
    const expectAgreement = ({ worst, largest }: { worst: number; largest: number }) =>
      expect(worst).toBeLessThanOrEqual(tolerance * largest);

    test('agrees with the scalar twin whatever the dimension, negatives, window and sharing', () => {
      fc.assert(
        fc.property(
          fc.record({
            dimension: fc.integer({ min: 1, max: 70 }),
            negatives: fc.integer({ min: 1, max: 12 }),
            window: fc.integer({ min: 1, max: 8 }),
            negativeSharing: fc.integer({ min: 1, max: 30 }),
          }),
          fc.integer({ min: 0, max: 1000 }),
          (drawn, seed) => expectAgreement(compare(build, { ...SHAPE, ...drawn }, someTokens(60, seed))),
        ),
        { numRuns: 40, seed: 1 },
      );
    });

    test.each([1, 3, 4, 15, 16, 17, 31, 33, 64, 100, 127, 128])(
      'agrees at dimension %i in the hot cases',
      (dimension) => {
        for (const negativeSharing of [1, 10]) {
          expectAgreement(compare(build, { ...SHAPE, dimension, negativeSharing }, someTokens(120, dimension)));
        }
      },
    );

    test('leaves the padding of rows at zero', () => {
      const { tables } = compare(build, { ...SHAPE, dimension: 17 }, someTokens(300, 1));
      const padding = [tables.input, tables.output].flatMap((table) => [
        ...table.filter((_, i) => i % tables.stride >= 17),
      ]);
      expect(padding.every((value) => value === 0)).toBe(true);
      expect(padding).toHaveLength(2 * NODES * 3);
    });

    test('teaches nothing where there are no contexts: no tokens, one-token sequences, ends alone', () => {
      for (const tokens of [[], [5], [5, -1, 6, -1, 7], [-1, -1, -1]]) {
        const before = openTables(createSkipGram(SHAPE, { noise: NOISE, seed: 3, build })).input;
        const { pairs, tables } = compare(build, SHAPE, tokens);
        expect(pairs).toBe(0);
        expect(tables.input).toEqual(before);
      }
    });

    test('never looks across the end of a sequence', () => {
      // At window 1 each token of a pair sees the other: two pairs a sequence, whatever stands next door.
      expect(compare(build, { ...SHAPE, window: 1 }, [1, 2, -1, 3, 4, -1, 5, 6]).pairs).toBe(6);
    });

    test('agrees on rows of zeros, and on repeated tokens in one window', () => {
      const zeros = (input: Float32Array, output: Float32Array) => {
        input.fill(0);
        output.fill(0);
      };
      expectAgreement(compare(build, SHAPE, someTokens(100, 2), zeros));
      for (const negativeSharing of [1, 4]) {
        expectAgreement(compare(build, { ...SHAPE, negativeSharing }, [7, 7, 7, 7, 7, 8, 7, 7, -1, 7, 7]));
      }
    });

    test('spreads a NaN and an infinity exactly as the twin does, without trapping', () => {
      for (const value of [Number.NaN, Number.POSITIVE_INFINITY, 3e38]) {
        const spoil = (input: Float32Array) => {
          input[3 * 20] = value;
        };
        expect(compare('plain', SHAPE, [1, 2, 3, 4, 5, -1, 6, 7, 8], spoil).worst).toBe(0);
        compare(build, { ...SHAPE, negativeSharing: 3 }, [1, 2, 3, 4, 5], spoil);
      }
    });

    test('gives the same bytes for the same seed and others for another', () => {
      const run = (seed: number) => {
        const shared = createSkipGram(SHAPE, { noise: NOISE, seed: 1, build });
        const kernel = new SkipGramKernel(shared, 0);
        kernel.tokens.set(someTokens(500, 1));
        kernel.seed(seed, 4);
        kernel.train(500, 0.025);
        return closeTables(shared).input.slice();
      };
      expect(run(1)).toEqual(run(1));
      expect(run(1)).not.toEqual(run(2));
    });
  });
}

describe('the facade of the skip-gram kernel', () => {
  const create =
    (shape: Partial<SkipGramShape>, noise: ArrayLike<number> = NOISE) =>
    () =>
      createSkipGram({ ...SHAPE, ...shape }, { noise, seed: 1 });

  test.each([
    ['nodes', 0],
    ['dimension', 4097],
    ['dimension', 2.5],
    ['window', 0],
    ['negatives', Number.NaN],
    ['negativeSharing', -1],
    ['threads', 1e9],
    ['tokenCapacity', 0],
  ])('refuses %s of %d and names it', (field, value) => {
    expect(create({ [field]: value })).toThrow(expect.objectContaining({ code: 'OPTION_INVALID', field }));
  });

  test('refuses noise weights that are too few, negative, not finite, or all zero', () => {
    for (const noise of [[1], NOISE.map(() => -1), NOISE.map(() => Number.NaN), NOISE.map(() => 0)]) {
      expect(create({}, noise)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID', field: 'noise' }));
    }
  });

  test('says how much memory a run would need where 4 GiB do not do', () => {
    const noise = { length: 5_000_000 } as ArrayLike<number>;
    expect(create({ nodes: 5_000_000, dimension: 128 }, noise)).toThrow(/need 4.8 GiB; a training run can hold 4 GiB/);
  });

  test('refuses tokens, counts, rates and threads that the kernel could not bear', () => {
    const kernel = new SkipGramKernel(create({})(), 0);
    kernel.tokens.set([1, 2, NODES]);
    expect(() => kernel.train(3, 0.025)).toThrow(`Token 2 is ${NODES}`);
    kernel.tokens.set([1, -2]);
    expect(() => kernel.train(2, 0.025)).toThrow('Token 1 is -2');
    expect(() => kernel.train(1001, 0.025)).toThrow(expect.objectContaining({ field: 'count' }));
    for (const rate of [0, -1, Number.NaN, 2]) {
      expect(() => kernel.train(1, rate)).toThrow(expect.objectContaining({ field: 'learningRate' }));
    }
    expect(() => new SkipGramKernel(create({})(), 1)).toThrow(expect.objectContaining({ field: 'threads' }));
  });

  test('holds two tables and at most a fifth more', () => {
    const nodes = 10_000;
    const noise = new Float64Array(nodes).fill(1);
    for (const dimension of [64, 100, 128, 300]) {
      const { memory } = create({ nodes, dimension, window: 10, tokenCapacity: 8100, threads: 2 }, noise)();
      expect(memory.buffer.byteLength).toBeLessThanOrEqual(2 * nodes * dimension * 4 * 1.2);
    }
  });

  test('gives the tables without padding, as they were trained', () => {
    const shared = create({ dimension: 7 })();
    const open = openTables(shared);
    const rows = Array.from({ length: NODES }, (_, node) => [
      ...open.input.slice(node * open.stride, node * open.stride + 7),
    ]);
    const closed = closeTables(shared);
    expect([...closed.input]).toEqual(rows.flat());
    expect(closed.input.buffer).toBe(shared.memory.buffer);
  });
});
