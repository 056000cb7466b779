/** The kernel of bags against its scalar twin: the plain build to the last bit, the relaxed one within what it claims. */
import fc from 'fast-check';
import { BagKernel } from '../../../src/training/kernels/bags';
import { type BagMode, type Parts, trainBagsScalar } from '../../../src/training/kernels/bags.scalar';
import type { BagShape } from '../../../src/training/kernels/bags-shape';
import { bagModelOf, closeBagTables, createBags, openBagTables } from '../../../src/training/kernels/bags-tables';
import { availableBuilds, type KernelBuild } from '../../../src/training/kernels/kernel-memory';
import { Random } from '../../../src/training/kernels/random';
import { fillSigmoidTable } from '../../../src/training/kernels/skip-gram.scalar';

const THINGS = 30;
const SEQUENCES = 4;
const SHAPE: BagShape = {
  mode: 'cbow',
  things: THINGS,
  sequences: SEQUENCES,
  dimension: 20,
  window: 4,
  negatives: 5,
  threads: 1,
  tokenCapacity: 400,
};
const NOISE = Float64Array.from({ length: THINGS }, (_, thing) => 1 / (thing + 1));
const MODES: readonly BagMode[] = ['cbow', 'skip-gram', 'dm', 'dm-concatenation', 'dbow'];

/** Each thing's own row, and up to four of twenty more, some of them twice. */
function someParts(seed: number): Parts {
  const random = Random.seeded(seed);
  const offsets = [0];
  const rows: number[] = [];
  for (let thing = 0; thing < THINGS; thing++) {
    rows.push(thing);
    for (let i = random.below(5); i > 0; i--) rows.push(THINGS + random.below(20));
    offsets.push(rows.length);
  }
  return { offsets: Int32Array.from(offsets), rows: Int32Array.from(rows) };
}

/** Sequences with openings, without them, of one thing and of none. */
function someTokens(count: number, seed: number): number[] {
  const random = Random.seeded(seed);
  return Array.from({ length: count }, () => {
    const kind = random.below(12);
    return kind === 0 ? -1 : kind === 1 ? -2 - random.below(SEQUENCES) : random.below(THINGS);
  });
}

interface Compared {
  worst: number;
  largest: number;
  pairs: number;
  before: { input: Float32Array; output: Float32Array };
  tables: ReturnType<typeof openBagTables>;
}

/** Trains both on the same tokens from the same start and returns what differs most, and the twin's largest entry. */
function compare(
  build: KernelBuild,
  shape: BagShape,
  tokens: readonly number[],
  parts?: Parts,
  { noise = NOISE, frequencies = NOISE, outputs = 1 } = {},
): Compared {
  const start = { noise, frequencies, seed: 3, build, parts };
  const shared = createBags(parts ? { ...shape, rows: THINGS + 20 } : shape, start);
  const tables = openBagTables(shared);
  const random = Random.seeded(4);
  for (let i = 0; i < tables.output.length; i++) {
    if (i % tables.stride < shape.dimension) tables.output[i] = (random.fraction() - 0.5) * outputs;
  }
  const before = { input: tables.input.slice(), output: tables.output.slice() };
  const twin = { input: tables.input.slice(), output: tables.output.slice() };
  const kernel = new BagKernel(shared, 0);
  kernel.tokens.set(tokens);
  kernel.seed(9);
  const trained = kernel.train(tokens.length, 0.05);
  const model = { ...bagModelOf(shared), ...twin, sigmoid: fillSigmoidTable(), random: Random.seeded(9).state };
  expect(trained.pairs).toBe(trainBagsScalar(model, Int32Array.from(tokens), 0.05));
  let worst = 0;
  let largest = 0;
  for (const [table, mirror] of [
    [tables.input, twin.input],
    [tables.output, twin.output],
  ]) {
    for (let i = 0; i < table.length; i++) {
      if (Object.is(table[i], mirror[i])) continue;
      worst = Math.max(worst, Number.isNaN(table[i] - mirror[i]) ? Infinity : Math.abs(table[i] - mirror[i]));
    }
    for (const value of mirror) if (Number.isFinite(value)) largest = Math.max(largest, Math.abs(value));
  }
  return { worst, largest, pairs: trained.pairs, before, tables };
}

const builds: KernelBuild[] = ['plain', 'relaxed'];
for (const build of builds) {
  const suite = availableBuilds('bags').includes(build) ? describe : describe.skip;
  suite(`the ${build} build of the kernel of bags`, () => {
    const tolerance = build === 'plain' ? 0 : 1e-3;
    const expectAgreement = ({ worst, largest }: Compared) => expect(worst).toBeLessThanOrEqual(tolerance * largest);

    test.each(MODES)('agrees with the scalar twin as %s, whatever the shape and what learns', (mode) => {
      fc.assert(
        fc.property(
          fc.record({
            dimension: fc.integer({ min: 1, max: 70 }),
            negatives: fc.integer({ min: 1, max: 9 }),
            window: fc.integer({ min: 1, max: 6 }),
            trainsThings: fc.boolean(),
            learns: fc.record({ things: fc.boolean(), outputs: fc.boolean(), sequences: fc.boolean() }),
          }),
          fc.integer({ min: 0, max: 1000 }),
          fc.boolean(),
          (drawn, seed, withParts) => {
            const parts = withParts && mode !== 'dm-concatenation' ? someParts(seed) : undefined;
            expectAgreement(compare(build, { ...SHAPE, ...drawn, mode }, someTokens(60, seed), parts));
          },
        ),
        { numRuns: 25, seed: 1 },
      );
    });

    test.each([1, 15, 16, 17, 31, 33, 64, 100])('agrees at dimension %i in the hot cases', (dimension) => {
      for (const mode of MODES) {
        expectAgreement(compare(build, { ...SHAPE, dimension, mode, trainsThings: true }, someTokens(120, dimension)));
      }
      expectAgreement(compare(build, { ...SHAPE, dimension, mode: 'skip-gram' }, someTokens(120, 2), someParts(1)));
    });

    test.each([1, 2, 5, 8, 14])(
      'agrees where outputs err little and few of %i negatives are learned on',
      (negatives) => {
        for (const dimension of [12, 20, 33]) {
          const shape: BagShape = { ...SHAPE, dimension, negatives, mode: 'dm-concatenation' };
          expectAgreement(compare(build, shape, someTokens(200, negatives), undefined, { outputs: 40 }));
        }
      },
    );

    test('learns on a concatenation what there is to learn on average, and seldom where that is little', () => {
      // The sequence predicts thing 1; thing 2 is the negative. Both are right but for 1 - s(3).
      const noise = [0, 0, 1];
      const shape: BagShape = { ...SHAPE, mode: 'dm-concatenation', things: 3, window: 1, negatives: 1, dimension: 4 };
      const shared = createBags(shape, { noise, seed: 1, build });
      const { input, output, stride, width } = openBagTables(shared);
      const sequence = 3 * stride;
      const kernel = new BagKernel(shared, 0);
      kernel.tokens.set([-2, 1, -1]);
      const runs = 4000;
      const learned = [0, 0];
      let learnedOn = 0;
      for (let run = 0; run < runs; run++) {
        input.fill(0);
        output.fill(0);
        input.set([1, 1], sequence);
        output.set([3, 0], width);
        output.set([0, -3], 2 * width);
        kernel.seed(run);
        kernel.train(3, 0.01);
        learned[0] += (input[sequence] - 1) / runs;
        learned[1] += (input[sequence + 1] - 1) / runs;
        if (output[2 * width] !== 0) learnedOn++;
      }
      const error = 1 / (1 + Math.exp(3));
      for (const value of learned) expect(Math.abs(value / (3 * 0.01 * error) - 1)).toBeLessThan(0.1);
      expect(Math.abs(learnedOn / runs / (error / 0.2) - 1)).toBeLessThan(0.1);
    });

    test('learns the same on copies of hot rows, which it has beside other threads', () => {
      // Negatives are the table's own rows, which lag behind the copies; so hot things are never drawn here.
      const hot = (thing: number) => thing < 10;
      const noise = NOISE.map((weight, thing) => (hot(thing) ? 0 : weight));
      const frequencies = NOISE.map((_, thing) => (hot(thing) ? 1 : 0));
      const tokens = someTokens(400, 6);
      for (const mode of MODES) {
        const shape = { ...SHAPE, mode, threads: 2, trainsThings: true };
        for (const parts of mode === 'dm-concatenation' ? [undefined] : [undefined, someParts(2)]) {
          const { worst, largest } = compare(build, shape, tokens, parts, { noise, frequencies });
          // What is learned on a copy is added to the table in another order.
          expect(worst).toBeLessThanOrEqual(1e-3 * largest);
        }
      }
    });

    test('leaves the padding of rows at zero', () => {
      for (const mode of MODES) {
        const { tables } = compare(build, { ...SHAPE, dimension: 17, mode }, someTokens(200, 1));
        const padding = [tables.input, tables.output].flatMap((table) => [
          ...table.filter((_, i) => i % tables.stride >= 17),
        ]);
        expect(padding.every((value) => value === 0)).toBe(true);
      }
    });

    test('gives a row that is in a bag twice what it learned twice', () => {
      for (const mode of MODES) {
        expectAgreement(compare(build, { ...SHAPE, mode }, [-2, 7, 7, 7, 7, 8, 7, 7, -1, -3, 7, 7, -1]));
      }
      const twice = { offsets: Int32Array.from({ length: THINGS + 1 }, (_, i) => 3 * i), rows: new Int32Array(90) };
      twice.rows.forEach((_, i) => {
        twice.rows[i] = i % 3 === 2 ? 40 : Math.floor(i / 3);
      });
      for (const mode of ['cbow', 'skip-gram'] as const) {
        expectAgreement(compare(build, { ...SHAPE, mode }, [1, 2, 1, 3, -1], twice));
      }
    });

    test.each([
      ['cbow', 0],
      ['skip-gram', 0],
      ['dm', 2],
      ['dm-concatenation', 3],
      ['dbow', 2],
    ] as const)(
      'learns from sequences of one thing what there is to learn: as %s, %i predictions',
      (mode, predictions) => {
        const compared = compare(build, { ...SHAPE, mode }, [-2, 5, -1, 6, -1, -1, -4, 7]);
        expectAgreement(compared);
        expect(compared.pairs).toBe(predictions);
      },
    );

    test('learns nothing from no tokens, ends and openings alone', () => {
      for (const mode of MODES) {
        for (const tokens of [[], [-1, -1], [-2, -3, -1, -2]]) {
          const { pairs, tables, before } = compare(build, { ...SHAPE, mode }, tokens);
          expect(pairs).toBe(0);
          expect(tables.input).toEqual(before.input);
        }
      }
    });

    test('holds still what does not learn', () => {
      const tokens = someTokens(200, 5);
      const { stride } = openBagTables(createBags(SHAPE, { noise: NOISE, seed: 1, build }));
      for (const mode of ['dm', 'dm-concatenation', 'dbow'] as const) {
        const learns = { things: false, outputs: false, sequences: true };
        const { tables, before } = compare(build, { ...SHAPE, mode, learns, trainsThings: true }, tokens);
        expect(tables.output).toEqual(before.output);
        const changed = new Set<number>();
        for (let i = 0; i < tables.input.length; i++) {
          if (tables.input[i] !== before.input[i]) changed.add(Math.floor(i / stride) - THINGS);
        }
        expect([...changed].sort()).toEqual([0, 1, 2, 3]);
      }
    });

    test('spreads a NaN and an infinity without trapping', () => {
      for (const value of [Number.NaN, Number.POSITIVE_INFINITY, 3e38]) {
        for (const mode of MODES) {
          const shared = createBags({ ...SHAPE, mode }, { noise: NOISE, seed: 1, build });
          openBagTables(shared).input[3 * 20] = value;
          const kernel = new BagKernel(shared, 0);
          kernel.tokens.set([-2, 1, 2, 3, 4, -1]);
          kernel.seed(1);
          expect(kernel.train(6, 0.05).tokens).toBe(4);
        }
      }
    });

    test('gives the same bytes for the same seed and others for another', () => {
      const run = (seed: number) => {
        const shared = createBags({ ...SHAPE, mode: 'dm' }, { noise: NOISE, seed: 1, build });
        const kernel = new BagKernel(shared, 0);
        kernel.tokens.set(someTokens(400, 1));
        kernel.seed(seed, 4);
        kernel.train(400, 0.025);
        return closeBagTables(shared).sequences.slice();
      };
      expect(run(1)).toEqual(run(1));
      expect(run(1)).not.toEqual(run(2));
    });
  });
}

describe('the facade of the kernel of bags', () => {
  const create = (shape: Partial<BagShape> = {}, parts?: Parts, noise: ArrayLike<number> = NOISE) =>
    createBags({ ...SHAPE, ...shape }, { noise, seed: 1, parts });

  test.each([
    ['things', 0],
    ['dimension', 4097],
    ['window', 0],
    ['negatives', Number.NaN],
    ['sequences', -1],
    ['threads', 257],
    ['tokenCapacity', 2.5],
    ['rows', THINGS - 1],
    ['mode', 'glove'],
  ])('refuses %s of %s and names it', (field, value) => {
    expect(() => create({ [field]: value })).toThrow(expect.objectContaining({ code: 'OPTION_INVALID', field }));
  });

  test('refuses noise that does not fit, and parts that do not', () => {
    expect(() => create({}, undefined, [1, 2])).toThrow(expect.objectContaining({ field: 'noise' }));
    const { offsets, rows } = someParts(1);
    const refused = expect.objectContaining({ code: 'OPTION_INVALID', field: 'parts' });
    const shape = { rows: THINGS + 20 };
    expect(() => create(shape, { offsets: offsets.subarray(1), rows })).toThrow(refused);
    expect(() => create(shape, { offsets, rows: rows.subarray(1) })).toThrow(refused);
    expect(() => create(shape, { offsets: offsets.map(() => 0), rows })).toThrow('Thing 0 has no parts');
    expect(() => create({}, { offsets, rows: rows.map(() => THINGS) })).toThrow(`Part 0 is row ${THINGS}`);
    expect(() => create({ ...shape, mode: 'dm-concatenation' }, { offsets, rows })).toThrow(refused);
  });

  test('refuses tokens, counts, rates and threads that the kernel could not bear', () => {
    const kernel = new BagKernel(create(), 0);
    kernel.tokens.set([1, 2, THINGS]);
    expect(() => kernel.train(3, 0.025)).toThrow(`Token 2 is ${THINGS}`);
    kernel.tokens.set([1, -2 - SEQUENCES]);
    expect(() => kernel.train(2, 0.025)).toThrow(`Token 1 is ${-2 - SEQUENCES}`);
    expect(() => kernel.train(401, 0.025)).toThrow(expect.objectContaining({ field: 'count' }));
    for (const rate of [0, Number.NaN, 2]) {
      expect(() => kernel.train(1, rate)).toThrow(expect.objectContaining({ field: 'learningRate' }));
    }
    expect(() => new BagKernel(create(), 1)).toThrow(expect.objectContaining({ field: 'threads' }));
  });

  test('gives the tables without padding, as they were trained', () => {
    const shared = create({ dimension: 7, mode: 'dm-concatenation', window: 2 });
    const open = openBagTables(shared);
    open.output.forEach((_, i) => {
      if (i % open.stride < 7) open.output[i] = i;
    });
    const rows = (table: Float32Array) => [...table.filter((_, i) => i % open.stride < 7)];
    const expected = { input: rows(open.input), output: rows(open.output) };
    const closed = closeBagTables(shared);
    expect([...closed.input, ...closed.sequences, ...closed.empty]).toEqual(expected.input);
    expect(closed.sequences).toHaveLength(7 * SEQUENCES);
    expect([...closed.output]).toEqual(expected.output);
    expect(closed.output).toHaveLength(7 * 5 * THINGS);
  });

  test('draws negatives of units from parts of the things that do not meet, where two threads train', () => {
    const things = 300;
    const noise = new Float64Array(things).fill(1);
    const changed = [0, 1].map((unit) => {
      const shared = createBags({ ...SHAPE, things, threads: 2 }, { noise, seed: 1 });
      const kernel = new BagKernel(shared, 0);
      kernel.tokens.set([1, 2]);
      for (let i = 0; i < 500; i++) kernel.train(2, 0.025, unit);
      const { output } = closeBagTables(shared);
      const rows = Array.from({ length: things }, (_, thing) => output.subarray(thing * 20, (thing + 1) * 20));
      return new Set(rows.flatMap((row, thing) => (row.some((value) => value !== 0) ? [thing] : [])));
    });
    const both = [...changed[0]].filter((thing) => changed[1].has(thing));
    // The targets alone.
    expect(both).toEqual([1, 2]);
    expect(changed[0].size + changed[1].size).toBe(things + 2);
  });

  test('samples a loss that falls while it learns, as every mode', () => {
    for (const mode of MODES) {
      const kernel = new BagKernel(create({ mode }), 0);
      const random = Random.seeded(1);
      // Things of a sequence are neighbours in number, so there is something to learn.
      const tokens = Array.from({ length: 100 }, (_, i) =>
        i % 10 === 0 ? -2 - ((i / 10) % SEQUENCES) : i % 10 === 9 ? -1 : 7 * (((i / 10) % SEQUENCES) | 0) + (i % 7),
      );
      kernel.tokens.set(tokens);
      // A call looks at a few predictions.
      const loss = () => {
        const samples = Array.from({ length: 10 }, () => kernel.sampleLoss(100, random));
        return sum(samples.map((sample) => sample.sum)) / sum(samples.map((sample) => sample.samples));
      };
      expect(loss()).toBeCloseTo(6 * Math.log(2), 2);
      for (let epoch = 0; epoch < 300; epoch++) kernel.train(100, 0.1);
      expect(loss()).toBeLessThan(2.9);
    }
  });
});

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
