/**
 * CoLES proves that it learns what stays the same about an account: on accounts it never saw, slices of one account are
 * nearer than slices of others, and it hears of amounts and of order, of which a mean of things knows nothing.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEncoder } from '../../../../src/training/encoders';
import { Random } from '../../../../src/training/kernels/random';
import { coles } from '../../../../src/training/sequence2vec/coles/coles';
import type { ColesOptions } from '../../../../src/training/sequence2vec/coles/options';
import { type EventSequences, EventSequencesBuilder } from '../../../../src/training/sequence2vec/event-sequences';
import { pooling } from '../../../../src/training/sequence2vec/pooling/pooling';
import type { TrainingContext } from '../../../../src/training/trainer';
import { parseOptions } from '../../../../src/training/trainers';

const DAY = 86_400_000;

interface Person {
  /** Multiplies all amounts. */
  readonly level: number;
  /** The shops in the order in which they are visited, round and round: everybody goes to all, equally often. */
  readonly round: string;
}

const ROUNDS = ['abcd', 'abdc', 'acbd', 'acdb', 'adbc', 'adcb'];

function payments(people: readonly Person[], seed: number, events = 40): EventSequences {
  const random = Random.seeded(seed);
  const builder = new EventSequencesBuilder(['channel']);
  people.forEach(({ level, round }, person) => {
    const first = random.below(4);
    for (let event = 0; event < events; event++)
      builder.add({
        key: `account ${person}`,
        thing: `shop ${round[(first + event) % 4]}`,
        occurredAt: (DAY / 4) * event,
        amount: level * (0.8 + 0.4 * random.fraction()),
        categories: [random.below(2) === 0 ? 'web' : 'card'],
      });
  });
  return builder.build();
}

function people(count: number, seed: number): Person[] {
  const random = Random.seeded(seed);
  return Array.from({ length: count }, () => ({
    level: Math.exp(5 * random.fraction()),
    round: ROUNDS[random.below(6)],
  }));
}

const SMALL = {
  dimension: 12,
  thingDimension: 4,
  epochs: 15,
  batchSize: 16,
  slices: 4,
  sliceLengthMin: 4,
  sliceLengthMax: 8,
  maxLength: 8,
  learningRate: 0.01,
};
const options = (given: Record<string, unknown> = {}): ColesOptions => parseOptions(coles, { ...SMALL, ...given });
const QUICK = { epochs: 2, dimension: 4, sliceLengthMin: 2, sliceLengthMax: 3, maxLength: 3, batchSize: 8 };

/** Every sequence cut in two: its first half, then its second. */
function halves(sequences: EventSequences): EventSequences {
  const { keys, offsets } = sequences;
  const middles = keys.map((_, i) => (offsets[i] + offsets[i + 1]) >> 1);
  return {
    ...sequences,
    keys: keys.flatMap((key) => [key, key]),
    offsets: Int32Array.from([...keys.flatMap((_, i) => [offsets[i], middles[i]]), offsets[keys.length]]),
  };
}

async function meansOfShops(sequences: EventSequences): Promise<Float32Array> {
  const corners = Float32Array.from({ length: 16 }, (_, i) => Number(i % 5 === 0));
  const base = { ids: sequences.ids, dimension: 4, input: corners, frequencies: new Uint32Array(4).fill(1) };
  return (await pooling.train({ sequences, base }, parseOptions(pooling, { method: 'mean' }))).input;
}

/** Share of halves whose nearest other half is their own account's. */
function found(vectors: Float32Array, dimension: number): number {
  const count = vectors.length / dimension;
  const dot = (a: number, b: number) => {
    let sum = 0;
    for (let d = 0; d < dimension; d++) sum += vectors[a * dimension + d] * vectors[b * dimension + d];
    return sum;
  };
  let right = 0;
  for (let a = 0; a < count; a++) {
    const others = Array.from({ length: count }, (_, b) => b).filter((b) => b !== a);
    const nearest = others.reduce((best, b) => (dot(a, b) > dot(a, best) ? b : best));
    if (nearest >> 1 === a >> 1) right++;
  }
  return right / count;
}

/** Cosines between halves: of the same account, and of different ones, on average. */
function nearness(vectors: Float32Array, dimension: number): { own: number; others: number } {
  const count = vectors.length / dimension;
  const sums = { own: 0, others: 0 };
  const counts = { own: 0, others: 0 };
  for (let a = 0; a < count; a++)
    for (let b = 0; b < a; b++) {
      const kind = a >> 1 === b >> 1 ? 'own' : 'others';
      for (let d = 0; d < dimension; d++) sums[kind] += vectors[a * dimension + d] * vectors[b * dimension + d];
      counts[kind]++;
    }
  return { own: sums.own / counts.own, others: sums.others / counts.others };
}

describe('CoLES', () => {
  test.each(['margin', 'softmax'])(
    'puts slices of one account nearer than those of others, for accounts that it never saw (loss: %s)',
    async (loss) => {
      const model = await coles.train(payments(people(120, 1), 2), options({ loss }));
      const encoder = await openEncoder('coles', model.artifacts);
      const later = halves(payments(people(20, 3), 4, 20));
      const vectors = await encoder.sequence!(later);
      await encoder.close();
      const { own, others } = nearness(vectors, encoder.dimension);
      expect(own).toBeGreaterThan(0.8);
      expect(own - others).toBeGreaterThan(0.3);
      // By chance 1 in 39: everybody is in the same shops, so that a mean of them tells nobody from anybody else.
      expect(found(vectors, encoder.dimension)).toBeGreaterThan(0.2);
      expect(found(await meansOfShops(later), 4)).toBeLessThan(0.1);
    },
  );

  test('hears in which order things come', async () => {
    const crowd = Array.from({ length: 60 }, (_, i) => ({ level: 10, round: ROUNDS[i % 6] }));
    const { input, dimension } = await coles.train(payments(crowd, 5), options({ epochs: 30 }));
    const dot = (a: number, b: number) =>
      input
        .subarray(a * dimension, (a + 1) * dimension)
        .reduce((sum, value, d) => sum + value * input[b * dimension + d], 0);
    // The same shops, equally often: a mean of them is the same for all.
    let nearest = 0;
    for (let a = 0; a < 60; a++) {
      const others = Array.from({ length: 60 }, (_, b) => b).filter((b) => b !== a);
      if (others.reduce((best, b) => (dot(a, b) > dot(a, best) ? b : best)) % 6 === a % 6) nearest++;
    }
    expect(nearest).toBeGreaterThanOrEqual(45);
  });

  test('gives every account a vector of length 1, and the encoder the same one again', async () => {
    const sequences = payments(people(12, 6), 7, 30);
    const model = await coles.train(sequences, options(QUICK));
    expect(model.ids).toEqual(sequences.keys);
    expect([...model.frequencies]).toEqual(Array(12).fill(30));
    expect(model.input).toHaveLength(12 * 4);
    const encoder = await openEncoder('coles', model.artifacts);
    const again = await encoder.sequence!(sequences);
    expect(Buffer.from(again.buffer)).toEqual(Buffer.from(model.input.buffer));
    expect([encoder.knows('shop a'), encoder.knows('shop z')]).toEqual([true, false]);
    const squares = again.subarray(0, 4).reduce((sum, value) => sum + value * value, 0);
    expect(squares).toBeCloseTo(1, 4);
    // A sequence without events has nothing to be read from.
    const none = await encoder.sequence!({ ...sequences, keys: ['nobody'], offsets: Int32Array.of(0, 0) });
    expect([...none]).toEqual([0, 0, 0, 0]);
    await encoder.close();
  });

  test('takes an amount that is no number for one that is missing', async () => {
    const sequences = payments(people(12, 6), 7);
    const amounts = Float32Array.from(sequences.amounts!, (amount, i) => (i % 3 === 0 ? Number.NaN : amount));
    const model = await coles.train({ ...sequences, amounts }, options(QUICK));
    expect(model.input.every(Number.isFinite)).toBe(true);
    const bare = { ...sequences, amounts: undefined, categories: [] };
    expect((await coles.train(bare, options(QUICK))).input.every(Number.isFinite)).toBe(true);
    amounts[7] = Number.POSITIVE_INFINITY;
    await expect(coles.train({ ...sequences, amounts }, options(QUICK))).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      field: 'amounts[7]',
      message: expect.stringContaining('account 0'),
    });
  });

  test('gives the same bytes for the same seed, and others for another', async () => {
    const sequences = payments(people(12, 6), 7);
    const run = async (seed: number) =>
      Buffer.from((await coles.train(sequences, options({ ...QUICK, seed }))).input.buffer).toString('base64');
    const first = await run(1);
    expect(await run(1)).toBe(first);
    expect(await run(2)).not.toBe(first);
    expect(coles.isDeterministic(options())).toBe(true);
    expect(coles.isDeterministic(options({ threads: 2 }))).toBe(false);
  });
});

describe('CoLES that was stopped', () => {
  test('goes on from its last epoch to the bytes of a run that never stopped', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kindred-coles-'));
    const checkpoint = join(folder, 'run');
    const sequences = payments(people(12, 6), 7);
    const three = options({ ...QUICK, epochs: 3 });
    const stopping = new AbortController();
    const stopped = coles.train(sequences, three, {
      checkpoint,
      signal: stopping.signal,
      onProgress: ({ phase }) => {
        if (phase === 'epoch 2 of 3') stopping.abort();
      },
    });
    await expect(stopped).rejects.toMatchObject({ code: 'CANCELLED' });
    const resumed = await coles.train(sequences, three, { checkpoint });
    expect(resumed.facts.resumedFrom).toBe('epoch 2 of 3');
    const whole = await coles.train(sequences, three);
    expect(whole.facts.resumedFrom).toBeUndefined();
    expect(Buffer.from(resumed.input.buffer)).toEqual(Buffer.from(whole.input.buffer));
    expect(resumed.artifacts).toEqual(whole.artifacts);
    rmSync(folder, { recursive: true });
  });
});

describe('CoLES refuses', () => {
  const few = payments(people(4, 8), 9, 12);
  const failing = (sequences: EventSequences, given: Record<string, unknown> = {}, context?: TrainingContext) =>
    expect(coles.train(sequences, options({ ...QUICK, ...given }), context)).rejects;

  test('sequences that teach nothing, and says what to do', async () => {
    const remedy = expect.any(String);
    await failing(new EventSequencesBuilder().build()).toMatchObject({ code: 'EMPTY_CORPUS', remedy });
    await failing(payments(people(5, 1), 1, 1)).toMatchObject({ code: 'EMPTY_CORPUS', remedy });
    await failing({ ...few, things: new Int32Array(few.things.length) }).toMatchObject({
      code: 'EMPTY_CORPUS',
      message: expect.stringContaining('single thing'),
    });
    await failing(few, { minCount: 1000 }).toMatchObject({ code: 'EMPTY_CORPUS', field: 'minCount' });
    await failing(payments(people(1, 1), 1)).toMatchObject({ code: 'EMPTY_CORPUS', remedy });
    await failing(few, { sliceLengthMin: 13, sliceLengthMax: 20, maxLength: 20 }).toMatchObject({
      code: 'EMPTY_CORPUS',
      remedy: expect.stringContaining('sliceLengthMin'),
    });
  });

  test.each([
    [{ sliceLengthMin: 9, sliceLengthMax: 8 }, 'sliceLengthMin'],
    [{ sliceLengthMax: 20, maxLength: 10 }, 'sliceLengthMax'],
    [{ batchSize: 2, slices: 2, hardNegatives: 3 }, 'hardNegatives'],
    [{ loss: 'softmax', margin: 0.3 }, 'margin'],
    [{ loss: 'softmax', hardNegatives: 3 }, 'hardNegatives'],
    [{ temperature: 0.2 }, 'temperature'],
    [{ sequences: 'users', amountBins: 4 }, 'amountBins'],
    [{ field: 'itemId' }, 'field'],
    [{ field: 'attributes.' }, 'field'],
    [{ maxLength: 1025 }, 'maxLength'],
  ])('options that contradict each other: %j', async (given, field) => {
    await failing(few, given).toMatchObject({ code: 'OPTION_INVALID', field, remedy: expect.any(String) });
  });

  test.each(Object.keys(parseOptions(coles)))('a %s that makes no sense, and names it', (option) => {
    for (const value of [-5, 'many', 1e12, Number.NaN, null]) {
      // A seed may be any whole number, and "many" the name of a field or a space.
      if ((option === 'seed' && value === 1e12) || (['field', 'base'].includes(option) && value === 'many')) continue;
      expect(() => parseOptions(coles, { [option]: value })).toThrow(
        expect.objectContaining({ code: 'OPTION_INVALID', field: option }),
      );
    }
  });

  test('to go on when it is cancelled', async () => {
    const cancelling = new AbortController();
    const context = { signal: cancelling.signal, onProgress: () => cancelling.abort() };
    await failing(few, { epochs: 10_000 }, context).toMatchObject({ code: 'CANCELLED' });
    await failing(few, {}, context).toMatchObject({ code: 'CANCELLED' });
  });
});
