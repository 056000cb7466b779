/** word2vec proves that it learns, that it repeats itself, and that it says what is wrong. */
import { Random } from '../../../src/training/kernels/random';
import { word2vec } from '../../../src/training/sequence2vec/word2vec';
import type { Word2VecOptions } from '../../../src/training/sequence2vec/word2vec-options';
import type { EmbeddingModel, TrainingProgress } from '../../../src/training/trainer';
import { parseOptions } from '../../../src/training/trainers';

/** Two tastes of 20 items each, interleaved by number; everyone has one taste and strays once in ten items. */
function twoTastes(sequences = 400, length = 12) {
  const random = Random.seeded(11);
  const tokens: number[] = [];
  for (let sequence = 0; sequence < sequences; sequence++) {
    for (let i = 0; i < length; i++) {
      const taste = random.below(10) === 0 ? 1 - (sequence % 2) : sequence % 2;
      tokens.push(2 * random.below(20) + taste);
    }
    tokens.push(-1);
  }
  return { ids: Array.from({ length: 40 }, (_, i) => `item-${i}`), tokens: Int32Array.from(tokens) };
}

const SMALL = { dimension: 12, window: 5, epochs: 10, learningRate: 0.05 };
const options = (given: Record<string, unknown> = {}): Word2VecOptions =>
  parseOptions(word2vec, { ...SMALL, ...given });

function cosine(model: EmbeddingModel, a: number, b: number): number {
  const row = (i: number) => model.input.subarray(i * model.dimension, (i + 1) * model.dimension);
  const dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, value, d) => sum + value * y[d], 0);
  return dot(row(a), row(b)) / Math.sqrt(dot(row(a), row(a)) * dot(row(b), row(b)));
}

/** Share of items whose nearest other item by cosine has the same taste. */
function separation(model: EmbeddingModel): number {
  const tasteOf = model.ids.map((id) => Number(id.split('-')[1]) % 2);
  const right = model.ids.filter((_, item) => {
    const others = model.ids.map((_, other) => other).filter((other) => other !== item);
    const nearest = others.reduce((best, other) =>
      cosine(model, item, other) > cosine(model, item, best) ? other : best,
    );
    return tasteOf[nearest] === tasteOf[item];
  });
  return right.length / model.ids.length;
}

const bytes = (model: EmbeddingModel) =>
  [model.input, model.output].map((table) => Buffer.from(table.slice().buffer).toString('base64')).join();

describe('word2vec', () => {
  test('tells two interleaved tastes apart, with negatives of each context and shared', async () => {
    for (const given of [
      {},
      { negativeSharing: 10 },
      { negatives: 3, subsample: 0.05 },
      { window: 100, dimension: 7 },
      { architecture: 'cbow', learningRate: 0.2 },
    ]) {
      const model = await word2vec.train(twoTastes(), options(given));
      expect(separation(model)).toBe(1);
      expect(Number(model.facts.finalLoss)).toBeLessThan(Math.log(2) * (1 + Number(given.negatives ?? 5)));
    }
  });

  test('makes one prediction a window as cbow, and has no draw to share then', async () => {
    const corpus = twoTastes(50);
    const model = await word2vec.train(corpus, options({ architecture: 'cbow', epochs: 2 }));
    expect(model.facts).toMatchObject({ tokens: 2 * 50 * 12, pairs: 2 * 50 * 12 });
    expect(model.outputBias).toEqual((await word2vec.train(corpus, options({ epochs: 1 }))).outputBias);
    await expect(word2vec.train(corpus, options({ architecture: 'cbow', negativeSharing: 5 }))).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      field: 'negativeSharing',
      remedy: expect.any(String),
    });
  });

  test('learns as well with two threads', async () => {
    const model = await word2vec.train(twoTastes(1200), options({ threads: 2, epochs: 4 }));
    expect(separation(model)).toBe(1);
    expect(model.facts.tokens).toBe(4 * 1200 * 12);
  });

  test('gives the same bytes for the same seed with one thread, and others for another seed', async () => {
    const run = async (seed: number) => bytes(await word2vec.train(twoTastes(), options({ seed, subsample: 0.1 })));
    const first = await run(1);
    expect(await run(1)).toBe(first);
    expect(await run(2)).not.toBe(first);
    expect(word2vec.isDeterministic(options())).toBe(true);
    expect(word2vec.isDeterministic(options({ threads: 2 }))).toBe(false);
  });

  test('orders items by falling frequency and gives back the log of the noise weight as bias', async () => {
    const corpus = { ids: ['a', 'b', 'c', 'd'], tokens: Int32Array.from([1, 2, 1, 3, 1, 2, -1, 2, 1, -1]) };
    const model = await word2vec.train(corpus, options({ negativeExponent: 0.5 }));
    expect(model.ids).toEqual(['b', 'c', 'd']);
    expect([...model.frequencies]).toEqual([4, 3, 1]);
    expect(model.outputBias[0] - model.outputBias[2]).toBeCloseTo(0.5 * Math.log(4), 6);
    expect(model.input).toHaveLength(3 * 12);
    expect(model.facts).toMatchObject({ items: 3, longestSequence: 6, wholeSequenceWindow: true });
  });

  test('reports progress up to the whole and names the epoch', async () => {
    const reports: TrainingProgress[] = [];
    await word2vec.train(twoTastes(2000), options({ epochs: 3 }), { onProgress: (progress) => reports.push(progress) });
    expect(reports.map(({ done }) => done)).toEqual(reports.map(({ done }) => done).sort((a, b) => a - b));
    expect(reports.at(-1)).toMatchObject({ phase: 'epoch 3 of 3', done: reports[0].total });
    expect(reports.every(({ loss }) => loss !== undefined && loss > 0)).toBe(true);
  });

  test('stops when it is told to, and does not start when it was told before', async () => {
    const cancelling = new AbortController();
    const context = { signal: cancelling.signal, onProgress: () => cancelling.abort() };
    const cancelled = expect.objectContaining({ code: 'CANCELLED' });
    await expect(word2vec.train(twoTastes(), options({ epochs: 10_000 }), context)).rejects.toEqual(cancelled);
    await expect(word2vec.train(twoTastes(), options(), context)).rejects.toEqual(cancelled);
  });

  test('says what is wrong with a corpus that teaches nothing, and what to do', async () => {
    const failing = (tokens: number[], given = {}) =>
      expect(word2vec.train({ ids: ['a', 'b'], tokens: Int32Array.from(tokens) }, options(given))).rejects;
    await failing([]).toMatchObject({ code: 'EMPTY_CORPUS', remedy: expect.stringContaining('ingest') });
    await failing([-1, -1]).toMatchObject({ code: 'EMPTY_CORPUS' });
    await failing([0, 0, 0]).toMatchObject({ message: expect.stringContaining('single thing') });
    await failing([0, -1, 1, -1, 0]).toMatchObject({ message: expect.stringContaining('single token') });
    await failing([0, 1, 0], { minCount: 3 }).toMatchObject({ code: 'EMPTY_CORPUS', field: 'minCount' });
    await failing([0, 2, 1]).toMatchObject({ message: expect.stringContaining('Token 1') });
  });

  test.each(Object.keys(word2vec.options.parse({}) as object))(
    'refuses a %s that makes no sense and names it',
    (name) => {
      for (const value of [-5, '!many', 1e12, Number.NaN, null]) {
        // A seed may be any whole number that is not negative.
        if (name === 'seed' && value === 1e12) continue;
        expect(() => options({ [name]: value })).toThrow(
          expect.objectContaining({ code: 'OPTION_INVALID', field: name }),
        );
      }
    },
  );
});
