/** Pooling: means against the same written plainly, SIF's common direction gone, networks that hear order, bad input refused. */
import { openEncoder } from '../../../../src/training/encoders';
import { Random } from '../../../../src/training/kernels/random';
import { type EventSequences, EventSequencesBuilder } from '../../../../src/training/sequence2vec/event-sequences';
import type { BaseVectors } from '../../../../src/training/sequence2vec/pooling/base-vectors';
import type { PoolingOptions } from '../../../../src/training/sequence2vec/pooling/options';
import { pooling } from '../../../../src/training/sequence2vec/pooling/pooling';
import { firstComponent } from '../../../../src/training/sequence2vec/pooling/weighted-mean';
import type { SequenceModel, TrainingContext } from '../../../../src/training/trainer';
import { parseOptions } from '../../../../src/training/trainers';

const HOUR = 3_600_000;

function sequencesOf(texts: Readonly<Record<string, string>>): EventSequences {
  const builder = new EventSequencesBuilder();
  for (const [key, things] of Object.entries(texts))
    things.split('').forEach((thing, i) => {
      builder.add({ key, thing, occurredAt: i * HOUR });
    });
  return builder.build();
}

/** Three things that look different, one of them (a) everywhere. */
const base: BaseVectors = {
  ids: ['a', 'b', 'c', 'unused'],
  dimension: 3,
  input: Float32Array.of(2, 0, 0, 0, 4, 0, 0, 0, 6, 9, 9, 9),
  frequencies: Uint32Array.of(90, 9, 1, 0),
};
const texts = { one: 'aab', two: 'acac', strange: 'zz', three: 'bzc' };
const SMALL_NETWORK = {
  dimension: 6,
  slices: 3,
  sliceLengthMin: 4,
  sliceLengthMax: 6,
  maxLength: 6,
  batchSize: 12,
  epochs: 20,
  learningRate: 0.01,
};
const options = (given: Record<string, unknown> = {}): PoolingOptions => parseOptions(pooling, given);
const rowOf = (model: SequenceModel, id: string): number[] => {
  const row = model.ids.indexOf(id);
  return [...model.input.subarray(row * model.dimension, (row + 1) * model.dimension)];
};

describe('the mean of vectors', () => {
  test('is over the events whose things the base knows', async () => {
    const model = await pooling.train({ sequences: sequencesOf(texts), base }, options({ method: 'mean' }));
    expect(model.ids).toEqual(['one', 'two', 'three']);
    expect(rowOf(model, 'one').map((value) => Number(value.toFixed(4)))).toEqual([1.3333, 1.3333, 0]);
    expect(rowOf(model, 'two')).toEqual([1, 0, 3]);
    expect(rowOf(model, 'three')).toEqual([0, 2, 3]);
    expect([...model.frequencies]).toEqual([3, 4, 2]);
    expect(model.facts).toMatchObject({ sequencesLeftOut: 1, eventsLeftOut: 3, events: 9 });
  });

  test('weighted by SIF counts what is rare for more, and lacks the direction that all share', async () => {
    const smoothing = 0.1;
    const model = await pooling.train(
      { sequences: sequencesOf(texts), base },
      options({ method: 'sif', smoothing, minCount: 1 }),
    );
    const weight = (share: number) => smoothing / (smoothing + share);
    const [a, b, c] = [weight(0.9) * 2, weight(0.09) * 4, weight(0.01) * 6];
    const means = [
      [(2 * a) / 3, b / 3, 0],
      [a / 2, 0, c / 2],
      [0, b / 2, c / 2],
    ];
    const direction = firstComponent(Float32Array.from(means.flat()), 3)!;
    const along = (mean: number[]) => mean.reduce((sum, value, d) => sum + value * direction[d], 0);
    means.forEach((mean, i) => {
      rowOf(model, ['one', 'two', 'three'][i]).forEach((value, d) => {
        expect(value).toBeCloseTo(mean[d] - along(mean) * direction[d], 5);
      });
    });
  });

  test("takes out the rows' first singular vector", () => {
    const random = Random.seeded(3);
    const [u, v] = [
      [0.6, 0, 0.8, 0],
      [0, 1, 0, 0],
    ];
    const rows = Float32Array.from({ length: 400 }, () => 0);
    for (let row = 0; row < 100; row++) {
      const [far, near] = [3 * (random.fraction() - 0.5), random.fraction() - 0.5];
      for (let d = 0; d < 4; d++) rows[row * 4 + d] = far * u[d] + near * v[d];
    }
    const found = firstComponent(rows, 4)!;
    expect(Math.abs(found.reduce((sum, value, d) => sum + value * u[d], 0))).toBeGreaterThan(0.995);
    expect(firstComponent(new Float32Array(8), 4)).toBeUndefined();
    // However the rows lie, also where they cancel out along the diagonal.
    for (const row of [
      [1, -1],
      [0, 2],
      [-3, -3],
    ]) {
      const along = firstComponent(Float32Array.from([...row, ...row]), 2)!;
      expect(Math.abs(along[0] * row[0] + along[1] * row[1])).toBeCloseTo(Math.hypot(...row), 5);
    }
  });

  test('takes out the strongest direction, not the coordinate that is strongest alone', () => {
    // 20 each along the first two axes, which go together: 40 along their diagonal. 28.8 along the third.
    const rows = Float32Array.from(Array(10).fill([1, 1, 0, -1, -1, 0, 0, 0, 1.2, 0, 0, -1.2]).flat());
    const [x, y, z] = firstComponent(rows, 3)!;
    expect([Math.abs(x), x - y, z].map((value) => Math.abs(value))).toEqual([
      expect.closeTo(Math.SQRT1_2, 5),
      expect.closeTo(0, 5),
      expect.closeTo(0, 5),
    ]);
  });
});

/** Everybody does the same four things, equally often; the order says who is of which kind. */
function rounds(seed: number, count = 36): EventSequences {
  const random = Random.seeded(seed);
  return sequencesOf(
    Object.fromEntries(
      Array.from({ length: count }, (_, i) => {
        const round = ['abcd', 'abdc', 'acbd', 'acdb', 'adbc', 'adcb'][i % 6];
        const first = random.below(4);
        return [`${i % 6} ${i}`, Array.from({ length: 16 }, (_, at) => round[(first + at) % 4]).join('')];
      }),
    ),
  );
}

const corners: BaseVectors = {
  ids: ['a', 'b', 'c', 'd'],
  dimension: 4,
  input: Float32Array.of(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1),
  frequencies: Uint32Array.of(9, 9, 9, 9),
};

/** Share of sequences whose nearest other one is of the same kind: a sixth by chance. */
function kinship({ ids, input, dimension }: SequenceModel): number {
  const row = (i: number) => input.subarray(i * dimension, (i + 1) * dimension);
  const cosine = (a: number, b: number) =>
    row(a).reduce((sum, value, d) => sum + value * row(b)[d], 0) / Math.hypot(...row(a)) / Math.hypot(...row(b));
  const kin = ids.filter((id, a) => {
    const others = [...ids.keys()].filter((b) => b !== a);
    return ids[others.reduce((best, b) => (cosine(a, b) > cosine(a, best) + 1e-6 ? b : best))][0] === id[0];
  });
  return kin.length / ids.length;
}

describe('a network over vectors', () => {
  test.each(['convolution', 'gru'])('hears the order that a mean does not: %s', async (method) => {
    const data = { sequences: rounds(1), base: corners };
    const mean = kinship(await pooling.train(data, options({ method: 'mean' })));
    const model = await pooling.train(data, options({ ...SMALL_NETWORK, method }));
    expect(kinship(model)).toBeGreaterThan(0.8);
    expect(mean).toBeLessThan(0.5);
    expect(model.dimension).toBe(6);
  });

  test.each(['mean', 'sif', 'convolution', 'gru'])(
    'or a mean repeats itself, and its encoder too: %s',
    async (method) => {
      const data = { sequences: rounds(1, 12), base: corners };
      const network = { ...SMALL_NETWORK, sliceLengthMin: 2, sliceLengthMax: 3, maxLength: 3, epochs: 1 };
      const given = { ...(['mean', 'sif'].includes(method) ? {} : network), method };
      const [model, again] = [await pooling.train(data, options(given)), await pooling.train(data, options(given))];
      expect(Buffer.from(again.input.buffer)).toEqual(Buffer.from(model.input.buffer));
      const encoder = await openEncoder('pooling', model.artifacts);
      // The same things under other numbers, with one in between that nobody knows.
      const later = sequencesOf({ new: 'zzdczba', old: 'abcd', unknown: 'zz' });
      const vectors = await encoder.sequence!(later);
      const known = await encoder.sequence!(sequencesOf({ new: 'dcba', old: 'abcd' }));
      expect([...vectors.subarray(0, known.length)]).toEqual([...known]);
      expect(vectors.subarray(known.length).every((value) => value === 0)).toBe(true);
      expect([encoder.knows('a'), encoder.knows('z')]).toEqual([true, false]);
      await encoder.close();
      expect(pooling.isDeterministic(options(given))).toBe(true);
    },
  );
});

describe('pooling refuses', () => {
  const failing = (
    sequences: EventSequences,
    given: Record<string, unknown> = {},
    { on = base, context }: { on?: BaseVectors; context?: TrainingContext } = {},
  ) => expect(pooling.train({ sequences, base: on }, options(given), context)).rejects;
  const remedy = expect.any(String);

  test('sequences that teach nothing, and says what to do', async () => {
    const some = sequencesOf(texts);
    await failing(new EventSequencesBuilder().build()).toMatchObject({ code: 'EMPTY_CORPUS', remedy });
    await failing(sequencesOf({ one: 'a', two: 'b' })).toMatchObject({ code: 'EMPTY_CORPUS', remedy });
    await failing(sequencesOf({ one: 'aa', two: 'aaa' })).toMatchObject({ message: expect.stringContaining('single') });
    await failing(some, { minCount: 91 }).toMatchObject({ code: 'EMPTY_CORPUS', field: 'minCount' });
    await failing(sequencesOf({ one: 'xyz', two: 'zyx' })).toMatchObject({ code: 'EMPTY_CORPUS', field: 'base' });
    for (const method of ['convolution', 'gru'])
      await failing(sequencesOf({ one: 'abc', two: 'z' }), { method }).toMatchObject({ code: 'EMPTY_CORPUS', remedy });
  });

  test('a base that is missing, of the wrong size or not finite', async () => {
    const some = sequencesOf(texts);
    const bad = { code: 'BAD_USER_INPUT', field: 'base', remedy };
    await failing(some, {}, { on: { ...base, dimension: 4 } }).toMatchObject(bad);
    const input = base.input.slice();
    input[4] = Number.NaN;
    await failing(some, {}, { on: { ...base, input } }).toMatchObject({
      ...bad,
      message: expect.stringContaining('"b"'),
    });
  });

  test.each([
    [{ method: 'convolution', width: 4 }, 'width'],
    [{ method: 'gru', width: 5 }, 'width'],
    [{ method: 'mean', smoothing: 0.1 }, 'smoothing'],
    [{ method: 'sif', maxLength: 9 }, 'maxLength'],
    [{ method: 'gru', temperature: 0.2 }, 'temperature'],
    [{ method: 'gru', sliceLengthMin: 9, sliceLengthMax: 8 }, 'sliceLengthMin'],
    [{ method: 'gru', sliceLengthMax: 60 }, 'sliceLengthMax'],
    [{ method: 'convolution', batchSize: 2, slices: 2, hardNegatives: 3 }, 'hardNegatives'],
    [{ method: 'gru', maxLength: 1025 }, 'maxLength'],
    [{ field: 'merchantId' }, 'field'],
  ])('options that contradict each other: %j', async (given, field) => {
    await failing(sequencesOf(texts), given).toMatchObject({ code: 'OPTION_INVALID', field, remedy });
  });

  test.each(Object.keys(parseOptions(pooling)))('a %s that makes no sense, and names it', (option) => {
    for (const value of [-5, 'many', 1e12, Number.NaN, null]) {
      // A seed may be any whole number, and "many" the name of a field or a space.
      if ((option === 'seed' && value === 1e12) || (['field', 'base'].includes(option) && value === 'many')) continue;
      expect(() => parseOptions(pooling, { [option]: value })).toThrow(
        expect.objectContaining({ code: 'OPTION_INVALID', field: option }),
      );
    }
  });

  test('a base whose name none can have, before the store is asked', () => {
    for (const name of ['x\0y', 'Items', 'items-', '', 'a'.repeat(60)])
      expect(() => options({ base: name })).toThrow(expect.objectContaining({ code: 'OPTION_INVALID', field: 'base' }));
    for (const name of ['auto', 'items', 'items-12', 'attributes_genre'])
      expect(options({ base: name }).base).toBe(name);
  });

  test.each(['sif', 'gru'])('to go on when it is cancelled: %s', async (method) => {
    const cancelling = new AbortController();
    const context = { signal: cancelling.signal, onProgress: () => cancelling.abort() };
    if (method === 'gru')
      await failing(rounds(1, 12), { method, epochs: 10_000 }, { on: corners, context }).toMatchObject({
        code: 'CANCELLED',
      });
    cancelling.abort();
    await failing(rounds(1, 12), { method }, { on: corners, context }).toMatchObject({ code: 'CANCELLED' });
  });
});
