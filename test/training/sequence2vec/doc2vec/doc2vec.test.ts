/** doc2vec proves that it learns, that it infers, that it repeats itself and goes on, and that it says what is wrong. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEncoder } from '../../../../src/training/encoders';
import { Random } from '../../../../src/training/kernels/random';
import { doc2vec } from '../../../../src/training/sequence2vec/doc2vec/doc2vec';
import type { Doc2VecOptions } from '../../../../src/training/sequence2vec/doc2vec/options';
import { type EventSequences, EventSequencesBuilder } from '../../../../src/training/sequence2vec/event-sequences';
import type { SequenceModel } from '../../../../src/training/trainer';
import { parseOptions } from '../../../../src/training/trainers';

const TASTES = 4;

function sequencesOf(histories: Readonly<Record<string, readonly string[]>>): EventSequences {
  const builder = new EventSequencesBuilder();
  for (const [key, things] of Object.entries(histories)) {
    things.forEach((thing, at) => {
      builder.add({ key, thing, occurredAt: at });
    });
  }
  return builder.build();
}

/** Users of four tastes of 12 items each, who stray once in ten items. The taste is user number modulo 4. */
function users(count: number, seed = 5, length = 20): EventSequences {
  const random = Random.seeded(seed);
  const histories: Record<string, string[]> = {};
  for (let user = 0; user < count; user++) {
    histories[`user-${user}`] = Array.from({ length }, () => {
      const taste = random.below(10) === 0 ? random.below(TASTES) : user % TASTES;
      return `item-${taste}-${random.below(12)}`;
    });
  }
  return sequencesOf(histories);
}

const SMALL = { dimension: 10, epochs: 30, inferenceEpochs: 30, learningRate: 0.05 };
const options = (given: Record<string, unknown> = {}): Doc2VecOptions => parseOptions(doc2vec, { ...SMALL, ...given });

const WAYS = [
  { architecture: 'dbow' },
  { architecture: 'dbow', trainWords: true },
  // Where many neighbours tell the taste, the sequence has little to add.
  { architecture: 'dm', window: 1, learningRate: 0.1 },
  { architecture: 'dm', combine: 'concatenation', window: 1, learningRate: 0.1 },
];

function cosine(a: Float32Array, b: Float32Array): number {
  const dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, value, d) => sum + value * y[d], 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

const row = (vectors: Float32Array, at: number, dimension: number) =>
  vectors.subarray(at * dimension, (at + 1) * dimension);

/** Share of asking users whose nearest user of the model, another than itself, has the same taste. */
function agreement(model: SequenceModel, asking: Float32Array): number {
  const { ids, input, dimension } = model;
  const count = asking.length / dimension;
  let right = 0;
  for (let user = 0; user < count; user++) {
    const similarities = ids.map((_, other) =>
      asking === input && other === user ? -1 : cosine(row(asking, user, dimension), row(input, other, dimension)),
    );
    const nearest = similarities.indexOf(Math.max(...similarities));
    if (nearest % TASTES === user % TASTES) right++;
  }
  return right / count;
}

const bytes = (model: SequenceModel) =>
  [model.input, ...Object.values(model.artifacts)]
    .map((part) => Buffer.from(new Uint8Array(part.buffer, part.byteOffset, part.byteLength)).toString('base64'))
    .join();

describe('doc2vec', () => {
  test.each(WAYS)('puts users of one taste together, and those who come later beside them: %j', async (way) => {
    const model = await doc2vec.train(users(120), options(way));
    expect(agreement(model, model.input)).toBeGreaterThanOrEqual(0.95);
    const encoder = await openEncoder('doc2vec', model.artifacts);
    const later = await encoder.sequence?.(users(40, 77));
    expect(agreement(model, later as Float32Array)).toBeGreaterThanOrEqual(0.95);
    expect(Number(model.facts.finalLoss)).toBeLessThan(6 * Math.log(2));
  });

  test('infers the same vector for the same things, whatever stands beside them and whichever encoder is asked', async () => {
    const model = await doc2vec.train(users(60), options({ subsample: 0.05 }));
    const infer = async (histories: Record<string, string[]>) =>
      (await (await openEncoder('doc2vec', model.artifacts)).sequence?.(sequencesOf(histories))) as Float32Array;
    const things = ['item-1-1', 'item-1-2', 'item-1-3'];
    const alone = await infer({ new: things });
    const amongOthers = await infer({ other: ['item-3-1', 'item-3-2'], unknown: ['never seen'], new: things });
    expect(row(amongOthers, 2, 10)).toEqual(alone);
    // Nothing of it is known.
    expect([...row(amongOthers, 1, 10)]).toEqual(new Array(10).fill(0));
    const encoder = await openEncoder('doc2vec', model.artifacts);
    expect(encoder.knows('item-1-1')).toBe(true);
    expect(encoder.knows('never seen')).toBe(false);
    // What it does not know is left out of a sequence.
    expect(await infer({ new: ['never seen', ...things] })).toEqual(alone);
  });

  test('refuses artifacts that are missing or cut short', async () => {
    const { artifacts } = await doc2vec.train(users(20), options({ architecture: 'dm', epochs: 1 }));
    const corrupt = expect.objectContaining({ code: 'MODEL_CORRUPT' });
    const { 'things.f32': things, ...rest } = artifacts;
    await expect(openEncoder('doc2vec', rest)).rejects.toEqual(corrupt);
    const short = { ...rest, 'things.f32': things.subarray(4) };
    await expect(openEncoder('doc2vec', short)).rejects.toEqual(corrupt);
  });

  test('gives the same bytes for the same seed with one thread, and others for another seed', async () => {
    const run = async (seed: number) =>
      bytes(await doc2vec.train(users(40), options({ seed, subsample: 0.1, epochs: 4, architecture: 'dm' })));
    const first = await run(1);
    expect(await run(1)).toBe(first);
    expect(await run(2)).not.toBe(first);
    expect(doc2vec.isDeterministic(options())).toBe(true);
    expect(doc2vec.isDeterministic(options({ threads: 2 }))).toBe(false);
  });

  test('learns as well with two threads', async () => {
    const model = await doc2vec.train(users(400), options({ threads: 2, epochs: 15 }));
    expect(agreement(model, model.input)).toBeGreaterThanOrEqual(0.95);
    expect(model.facts.tokens).toBe(15 * 400 * 20);
  });

  test.each([{ architecture: 'dbow' }, { architecture: 'dm' }])(
    'goes on from its checkpoint and gives the bytes of a run that was never stopped: %j',
    async (way) => {
      const folder = mkdtempSync(join(tmpdir(), 'kindred-doc2vec-'));
      try {
        const checkpoint = join(folder, 'run');
        const sequences = users(600);
        const chosen = options({ ...way, epochs: 10, seed: 3 });
        const whole = await doc2vec.train(sequences, chosen);
        const cancelling = new AbortController();
        await expect(
          doc2vec.train(sequences, chosen, {
            checkpoint,
            signal: cancelling.signal,
            onProgress: () => existsSync(checkpoint) && cancelling.abort(),
          }),
        ).rejects.toMatchObject({ code: 'CANCELLED' });
        const resumed = await doc2vec.train(sequences, chosen, { checkpoint });
        expect(resumed.facts.resumedFrom).toEqual(expect.stringMatching(/epoch \d+ of/));
        expect(bytes(resumed)).toBe(bytes(whole));
        expect(existsSync(checkpoint)).toBe(false);
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );

  test('keeps sequences of one thing, leaves out those of which nothing is learned, and says how many', async () => {
    const histories = { a: ['x', 'y', 'x'], b: ['x'], c: ['once'], d: ['y', 'x'] };
    for (const way of [WAYS[0], WAYS[2]]) {
      const model = await doc2vec.train(sequencesOf(histories), options({ ...way, minCount: 2 }));
      expect(model.ids).toEqual(['a', 'b', 'd']);
      expect([...model.frequencies]).toEqual([3, 1, 2]);
      expect(model.facts).toMatchObject({ sequences: 3, sequencesLeftOut: 1, things: 2, longestSequence: 3 });
      expect(model.input.every(Number.isFinite)).toBe(true);
    }
  });

  test('learns a sound dbow model of sequences of one thing each, and says why dm cannot', async () => {
    const singles = sequencesOf({ a: ['x'], b: ['x'], c: ['y'], d: ['y'] });
    const model = await doc2vec.train(singles, options({ epochs: 200 }));
    const similarity = (i: number, j: number) => cosine(row(model.input, i, 10), row(model.input, j, 10));
    expect(similarity(0, 1)).toBeGreaterThan(similarity(0, 2));
    await expect(doc2vec.train(singles, options({ architecture: 'dm' }))).rejects.toMatchObject({
      code: 'EMPTY_CORPUS',
      remedy: expect.stringContaining('architecture=dbow'),
    });
  });

  test('does not look at amounts: without them or with NaN and infinite ones, the model is the same', async () => {
    const train = async (amountOf: (event: number) => number | undefined) => {
      const builder = new EventSequencesBuilder();
      for (let i = 0; i < 60; i++) {
        builder.add({ key: `a${i % 5}`, thing: `m${i % 7}`, occurredAt: i, amount: amountOf(i) });
      }
      return bytes(await doc2vec.train(builder.build(), options({ sequences: 'accounts', epochs: 2 })));
    };
    const amounts = [Number.NaN, Number.POSITIVE_INFINITY, 5];
    expect(await train((event) => amounts[event % 3])).toBe(await train(() => undefined));
  });

  test('says what is wrong with sequences that teach nothing, and what to do', async () => {
    const failing = (histories: Record<string, string[]>, given = {}) =>
      expect(doc2vec.train(sequencesOf(histories), options(given))).rejects;
    const empty = { code: 'EMPTY_CORPUS', remedy: expect.any(String) };
    await failing({}).toMatchObject(empty);
    await failing({ a: ['x', 'x'], b: ['x'] }).toMatchObject({ ...empty, message: expect.stringContaining('single') });
    await failing({ a: ['x', 'y'], b: ['x'] }, { minCount: 9 }).toMatchObject({ ...empty, field: 'minCount' });
    await failing({ a: ['x', 'y', 'x', 'y'] }).toMatchObject({
      ...empty,
      message: expect.stringContaining('no other'),
    });
  });

  test('refuses options that contradict each other, with a remedy', async () => {
    const refused = (field: string) => ({ code: 'OPTION_INVALID', field, remedy: expect.any(String) });
    const failing = (given: Record<string, unknown>) => expect(doc2vec.train(users(8), options(given))).rejects;
    await failing({ combine: 'concatenation' }).toMatchObject(refused('combine'));
    await failing({ architecture: 'dm', trainWords: true }).toMatchObject(refused('trainWords'));
    await failing({ architecture: 'dm', combine: 'concatenation', window: 20 }).toMatchObject({
      ...refused('window'),
      remedy: expect.stringContaining('19 or less'),
    });
    await failing({ sequences: 'users', amountBins: 4 }).toMatchObject(refused('amountBins'));
    for (const given of [{ window: 0 }, { dimension: 1.5 }, { epochs: 0 }, { inferenceEpochs: -1 }, { minCount: 0 }]) {
      const [field] = Object.keys(given);
      expect(() => options(given)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID', field }));
    }
    expect(() => options({ words: true })).toThrow(expect.objectContaining({ field: 'words' }));
  });

  test('stops when it is told to, and does not start when it was told before', async () => {
    const cancelling = new AbortController();
    const context = { signal: cancelling.signal, onProgress: () => cancelling.abort() };
    const cancelled = expect.objectContaining({ code: 'CANCELLED' });
    await expect(doc2vec.train(users(200), options({ epochs: 10_000 }), context)).rejects.toEqual(cancelled);
    await expect(doc2vec.train(users(200), options(), context)).rejects.toEqual(cancelled);
  });

  test('gives no model where it diverges, and says what to lower', async () => {
    const wild = options({ learningRate: 1, negatives: 1000, epochs: 3, dimension: 2 });
    await expect(doc2vec.train(users(20), wild)).rejects.toMatchObject({
      code: 'TRAINING_FAILED',
      remedy: expect.stringContaining('learningRate'),
    });
  });
});
