/** fastText proves that it learns from spelling, repeats itself, goes on where it was stopped, and says what is wrong. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadEncoder } from '../../../../src/training/sequence2vec/fasttext/encoder';
import { fasttext } from '../../../../src/training/sequence2vec/fasttext/fasttext';
import type { FastTextOptions } from '../../../../src/training/sequence2vec/fasttext/options';
import { normaliseText } from '../../../../src/training/sequence2vec/fasttext/subwords';
import type { SequenceModel, TrainingProgress } from '../../../../src/training/trainer';
import { parseOptions } from '../../../../src/training/trainers';
import { cosine, STEMS, spellings, tasteOfThing } from './spellings';

const SMALL = { dimension: 12, window: 5, epochs: 5, learningRate: 0.05, buckets: 4096 };
const options = (given: Record<string, unknown> = {}): FastTextOptions =>
  parseOptions(fasttext, { ...SMALL, ...given });

const rowOf = ({ input, dimension }: SequenceModel, row: number) =>
  input.subarray(row * dimension, (row + 1) * dimension);

const bytesOf = ({ input, output, artifacts }: SequenceModel) =>
  [input, output?.slice() ?? new Float32Array(0), ...Object.values(artifacts)]
    .map((part) => Buffer.from(new Uint8Array(part.buffer, part.byteOffset, part.byteLength)).toString('base64'))
    .join();

/** Taste of the trained things nearest to a vector, as a share of those of taste 0. */
function tasteNear(model: SequenceModel, vector: Float32Array): number {
  const rows = [...model.ids.keys()].sort((a, b) => cosine(rowOf(model, b), vector) - cosine(rowOf(model, a), vector));
  return rows.slice(0, 6).filter((row) => tasteOfThing(model.ids[row]) === 0).length / 6;
}

async function textVectors(model: SequenceModel, texts: string[]): Promise<Float32Array[]> {
  const encoder = await loadEncoder(model.artifacts);
  const table = (await encoder.text?.(texts)) ?? new Float32Array(0);
  await encoder.close();
  return texts.map((_, i) => table.subarray(i * model.dimension, (i + 1) * model.dimension));
}

describe('fastText', () => {
  test.each(['skipgram', 'cbow'])(
    'tells by its spelling what a name unseen in training is like (%s)',
    async (architecture) => {
      const model = await fasttext.train(spellings(), options({ architecture }));
      const names = STEMS.flatMap((stem) => [`${stem}axx`, `${stem.slice(1)}zzz`, stem.replace('r', '')]);
      const near = (await textVectors(model, names)).map((vector) => tasteNear(model, vector));
      expect(near).toEqual([1, 1, 1, 0, 0, 0]);
    },
  );

  test('has a thing whose text is empty learn by its own row alone', async () => {
    const { corpus } = spellings();
    const model = await fasttext.train({ corpus, texts: corpus.ids.map(() => '') }, options({ epochs: 20 }));
    const near = model.ids.map((id, row) => [tasteNear(model, rowOf(model, row)), 1 - tasteOfThing(id)]);
    for (const [found, expected] of near) expect(found).toBe(expected);
    expect(model.facts).toMatchObject({ subwords: 0, bucketsUsed: 0, collisions: 0 });
  });

  test('makes a vector of a thing the mean of its own row and the rows of its n-grams', async () => {
    const corpus = { ids: ['a', 'b'], tokens: Int32Array.from([0, 1, 0, 1, 0]) };
    // Two letters and n-grams of 4 marks and letters: one n-gram each.
    const model = await fasttext.train({ corpus, texts: ['xy', 'zw'] }, options({ minN: 4, maxN: 4 }));
    expect(model.facts).toMatchObject({ subwords: 2, bucketsUsed: 2, things: 2 });
    const [known, ngram] = await textVectors(model, ['XY', 'xy xy']);
    // The text of a thing has its vector; another text has that of its n-grams.
    expect(known).toEqual(rowOf(model, model.ids.indexOf('a')));
    expect(ngram).not.toEqual(known);
  });

  test('counts n-grams that share a bucket', async () => {
    const { facts } = await fasttext.train(spellings(20), options({ buckets: 7 }));
    expect(facts.bucketsUsed).toBe(7);
    expect(facts.collisions).toBe(Number(facts.subwords) - 7);
  });

  test('gives output tables by which it can be asked what goes together', async () => {
    const { corpus, texts } = spellings();
    const model = await fasttext.train({ corpus, texts }, options({ negativeExponent: 0.5 }));
    expect(model.output).toHaveLength(24 * 12);
    const [first, last] = [0, 23];
    const ratio = model.frequencies[first] / model.frequencies[last];
    const bias = model.outputBias ?? [];
    expect(bias[first] - bias[last]).toBeCloseTo(0.5 * Math.log(ratio), 5);
    expect(model.frequencies.reduce((a, b) => a + b, 0)).toBe(3000);
  });

  test('gives the same bytes for the same seed with one thread, and others for another seed', async () => {
    const run = async (seed: number) => bytesOf(await fasttext.train(spellings(60), options({ seed, subsample: 0.1 })));
    const first = await run(1);
    expect(await run(1)).toBe(first);
    expect(await run(2)).not.toBe(first);
    expect(fasttext.isDeterministic(options())).toBe(true);
    expect(fasttext.isDeterministic(options({ threads: 2 }))).toBe(false);
  });

  test('goes on from its checkpoint to the same bytes', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kindred-fasttext-'));
    const checkpoint = join(folder, 'run');
    const longer = options({ epochs: 12 });
    try {
      const whole = await fasttext.train(spellings(2000), longer);
      const stopping = new AbortController();
      const onProgress = () => {
        if (existsSync(checkpoint)) stopping.abort();
      };
      await expect(
        fasttext.train(spellings(2000), longer, { checkpoint, signal: stopping.signal, onProgress }),
      ).rejects.toMatchObject({ code: 'CANCELLED' });
      const reports: TrainingProgress[] = [];
      const resumed = await fasttext.train(spellings(2000), longer, {
        checkpoint,
        onProgress: (progress) => reports.push(progress),
      });
      expect(resumed.facts.resumedFrom).toBeDefined();
      expect(reports[0].done).toBeGreaterThan(1);
      expect(bytesOf(resumed)).toBe(bytesOf(whole));
      expect(existsSync(checkpoint)).toBe(false);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('stops when it is told to', async () => {
    const cancelling = new AbortController();
    const context = { signal: cancelling.signal, onProgress: () => cancelling.abort() };
    const cancelled = expect.objectContaining({ code: 'CANCELLED' });
    await expect(fasttext.train(spellings(), options({ epochs: 10_000 }), context)).rejects.toEqual(cancelled);
  });
});

describe('fastText says what is wrong', () => {
  test('with a corpus that teaches nothing', async () => {
    const failing = (tokens: number[], given = {}) =>
      expect(
        fasttext.train(
          { corpus: { ids: ['a', 'b'], tokens: Int32Array.from(tokens) }, texts: ['a', 'b'] },
          options(given),
        ),
      ).rejects;
    await failing([]).toMatchObject({ code: 'EMPTY_CORPUS', remedy: expect.stringContaining('ngest') });
    await failing([0, 0, 0]).toMatchObject({ code: 'EMPTY_CORPUS' });
    await failing([0, -1, 1, -1, 0]).toMatchObject({ code: 'EMPTY_CORPUS', remedy: expect.any(String) });
    await failing([0, 1, 0], { minCount: 3 }).toMatchObject({ code: 'EMPTY_CORPUS', field: 'minCount' });
  });

  test('with texts that are not one a thing', async () => {
    const data = { ...spellings(5), texts: ['one'] };
    await expect(fasttext.train(data, options())).rejects.toMatchObject({ code: 'SHAPE_MISMATCH' });
  });

  test('with options that contradict each other', async () => {
    const failing = (given: Record<string, unknown>) => expect(fasttext.train(spellings(5), options(given))).rejects;
    const invalid = { code: 'OPTION_INVALID', remedy: expect.any(String) };
    await failing({ minN: 5, maxN: 4 }).toMatchObject({ ...invalid, field: 'minN' });
    await failing({ sequences: 'users', amountBins: 4 }).toMatchObject({ ...invalid, field: 'amountBins' });
    await failing({ sequences: 'accounts', field: 'itemId' }).toMatchObject({ ...invalid, field: 'field' });
  });

  test.each(Object.keys(fasttext.options.parse({}) as object))('with a %s that makes no sense', (name) => {
    for (const value of [-5, 'm a n y', 1e12, Number.NaN, null]) {
      // A seed may be any whole number that is not negative.
      if (name === 'seed' && value === 1e12) continue;
      expect(() => options({ [name]: value })).toThrow(
        expect.objectContaining({ code: 'OPTION_INVALID', field: name }),
      );
    }
  });
});

test('hostile texts train to finite vectors', async () => {
  const { corpus } = spellings(30);
  const odd = [
    '\u0000',
    '\ud800',
    '<>',
    '=',
    'a='.repeat(50),
    '!'.repeat(2000),
    'x'.repeat(5000),
    '🎷'.repeat(99),
    ' ',
  ];
  const texts = corpus.ids.map((_, thing) => odd[thing % odd.length]);
  const model = await fasttext.train({ corpus, texts }, options({ epochs: 1 }));
  expect(model.input.every((value) => Number.isFinite(value))).toBe(true);
  expect((await textVectors(model, odd)).flatMap((vector) => [...vector]).every(Number.isFinite)).toBe(true);
  expect(normaliseText(odd[1])).toBe(odd[1]);
});
