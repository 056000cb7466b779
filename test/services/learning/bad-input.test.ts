/** Every sequence trainer meets data and options that it cannot learn from: it says so, and no model is left. */

import type { OffThread } from '../../../src/services/learning/lesson';
import { lessons } from '../../../src/services/learning/lessons';
import { ModelRegistry } from '../../../src/services/registry';
import { openServices, type Services } from '../../../src/services/services';
import type { Database } from '../../../src/stores/database';
import { openDatabase } from '../../../src/stores/open';
import { parseOptions, trainerNamed } from '../../../src/training/trainers';
import { makeStore } from '../../stores/databases';
import { embedding } from '../test-store';

const day = (year: number, minute = 0) => new Date(Date.UTC(year, 0, 1, 0, minute));
const of = (year: number) => ({ from: day(year), to: day(year + 1) });

/** Years of the store, each with data of its own kind. */
const [NOTHING, ONE_EACH, ONE_THING, SOUND] = [2000, 2001, 2002, 2003];

/** The least that a run of each takes, and options that contradict each other, or the data, with the one that is named. */
const TRAINERS: Record<string, { small: Record<string, unknown>; contradiction: [string, Record<string, unknown>] }> = {
  word2vec: { small: { epochs: 1 }, contradiction: ['negativeSharing', { architecture: 'cbow', negativeSharing: 4 }] },
  doc2vec: { small: { epochs: 1, minCount: 1 }, contradiction: ['combine', { combine: 'concatenation' }] },
  fasttext: { small: { epochs: 1, buckets: 100 }, contradiction: ['minN', { minN: 5, maxN: 4 }] },
  pooling: { small: {}, contradiction: ['width', { method: 'convolution', width: 4 }] },
  elmo: { small: { epochs: 1, hidden: 4 }, contradiction: ['amountBins', { sequences: 'users', amountBins: 4 }] },
  coles: {
    small: { epochs: 1, minCount: 1, thingDimension: 2 },
    contradiction: ['sliceLengthMax', { maxLength: 10, sliceLengthMax: 20 }],
  },
  sasrec: { small: { epochs: 1 }, contradiction: ['heads', { dimension: 9, heads: 2 }] },
};
const NAMES = Object.keys(TRAINERS);

describe('a sequence trainer', () => {
  let database: Database;
  let services: Services;
  let registry: ModelRegistry;
  let end: () => Promise<void>;
  let standing: string[];

  beforeAll(async () => {
    const store = await makeStore('embedded');
    database = await openDatabase(store.location);
    const open = openServices(database, { trainingThreads: 1, onTrainingFailure: () => undefined });
    services = open.services;
    registry = services.registry;
    end = async () => {
      await open.close();
      await database.close();
      await store.remove();
    };
    // What pooling stands on.
    const { id } = await registry.add(embedding({ space: 'items', ids: ['hat', 'cap', 'tie', 'bag'] }));
    await registry.promote(id);
    standing = [id];
    const click = (n: number, year: number, [userId, itemId]: [string, string]) => {
      return { eventId: `e${year}-${n}`, userId, itemId, action: 'view', occurredAt: day(year, n) };
    };
    await services.ingestion.record('interactions', [
      ...['hat', 'cap', 'tie', 'bag'].map((item, n) => click(n, ONE_EACH, [`user${n}`, item])),
      ...Array.from({ length: 8 }, (_, n) => click(n, ONE_THING, [`user${n % 2}`, 'hat'])),
      ...Array.from({ length: 16 }, (_, n) => click(n, SOUND, [`user${n % 2}`, ['hat', 'cap', 'tie', 'bag'][n % 4]])),
    ]);
  });
  afterAll(() => end());

  /** Reads and trains as a run does, in this thread. */
  async function learn(name: string, year: number, given: Record<string, unknown> = {}) {
    const trainer = trainerNamed(name);
    const options = parseOptions(trainer, { sequences: 'users', threads: 1, ...TRAINERS[name].small, ...given });
    const context = { database, range: of(year), options, signal: new AbortController().signal };
    const off: OffThread = {
      train: (data) => trainer.train(data, options),
      run: () => Promise.reject(new Error('nothing else is to run')),
    };
    return (await lessons[name].prepare(context)).learn(off);
  }

  test.each(NAMES)('%s: an empty range of the store', async (name) => {
    await expect(learn(name, NOTHING)).rejects.toMatchObject({
      code: 'EMPTY_CORPUS',
      remedy: expect.stringContaining('Widen the time'),
    });
  });

  test.each(NAMES)('%s: sequences of one event alone', async (name) => {
    if (name === 'doc2vec') {
      // A sequence that predicts its only thing is like the others that have it, which is sound.
      expect((await learn(name, ONE_EACH)).rows.input.every(Number.isFinite)).toBe(true);
      return;
    }
    await expect(learn(name, ONE_EACH)).rejects.toMatchObject({ code: 'EMPTY_CORPUS', remedy: expect.any(String) });
  });

  test.each(NAMES)('%s: a single thing, again and again', async (name) => {
    await expect(learn(name, ONE_THING)).rejects.toMatchObject({ code: 'EMPTY_CORPUS', remedy: expect.any(String) });
  });

  test.each(NAMES)('%s: minCount above all counts', async (name) => {
    await expect(learn(name, SOUND, { minCount: 1000 })).rejects.toMatchObject({
      code: 'EMPTY_CORPUS',
      field: 'minCount',
      remedy: expect.stringContaining('minCount'),
    });
  });

  test.each(NAMES)('%s: an option out of range, unknown, or of the wrong kind', async (name) => {
    for (const [option, value] of [
      ['threads', 0],
      ['minCount', 'NaN'],
      ['learningRate', name === 'word2vec' ? -1 : 'Infinity'],
      ['sequences', 'families'],
      ['field', '1; DROP TABLE models'],
      ['colour', 'red'],
    ])
      await expect(services.training.start({ trainer: name, options: { [option]: value } })).rejects.toMatchObject({
        code: 'OPTION_INVALID',
        field: option,
        remedy: expect.any(String),
      });
  });

  test.each(NAMES)('%s: options that contradict each other', async (name) => {
    const [option, given] = TRAINERS[name].contradiction;
    for (const [field, options] of [
      [option, given],
      ['field', { field: 'merchantId' }],
      ['field', { sequences: 'accounts', field: 'itemId' }],
      ['amountBins', { amountBins: 3 }],
    ] as const)
      await expect(learn(name, SOUND, options)).rejects.toMatchObject({
        code: 'OPTION_INVALID',
        field,
        remedy: expect.any(String),
      });
  });

  test.each(NAMES)('%s: a field that no event has', async (name) => {
    const options = { field: 'attributes.size', base: 'items' };
    if (name !== 'pooling') Reflect.deleteProperty(options, 'base');
    await expect(learn(name, SOUND, options)).rejects.toMatchObject({
      code: 'EMPTY_CORPUS',
      field: 'field',
      message: expect.stringContaining('attributes.size'),
    });
  });

  test.each(NAMES)('%s: the least that there can be gives a sound model', async (name) => {
    const { rows } = await learn(name, SOUND, name === 'coles' ? { sliceLengthMin: 1, batchSize: 2 } : {});
    expect(rows.ids.length).toBeGreaterThan(1);
    expect(rows.input.every(Number.isFinite)).toBe(true);
  });

  test.each(NAMES)(
    '%s: no run is queued, and nothing is measured, with options that contradict each other',
    async (name) => {
      const [option, given] = TRAINERS[name].contradiction;
      const before = await services.training.list();
      for (const [field, options] of [
        [option, given],
        ['field', { sequences: 'accounts', field: 'itemId' }],
      ] as const) {
        const refused = { code: 'OPTION_INVALID', field, remedy: expect.any(String) };
        await expect(services.training.start({ trainer: name, options })).rejects.toMatchObject(refused);
        await expect(services.training.evaluate(name, { options })).rejects.toMatchObject(refused);
      }
      expect(await services.training.list()).toEqual(before);
    },
  );

  test('the space of another trainer is refused', async () => {
    for (const [trainer, space] of [
      ['doc2vec', 'items'],
      ['word2vec', 'fasttext_items'],
      ['sasrec', 'users'],
      ['elmo', 'next_items'],
    ])
      await expect(services.training.start({ trainer, space })).rejects.toMatchObject({ field: 'space' });
  });

  test('pooling without vectors to stand on says how to get them', async () => {
    await expect(learn('pooling', SOUND, { sequences: 'accounts' })).rejects.toMatchObject({
      code: 'MODEL_NOT_READY',
      remedy: expect.stringContaining('word2vec'),
    });
    await expect(learn('pooling', SOUND, { base: 'itms' })).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      field: 'base',
    });
  });

  test('a run that fails, or is cancelled, says so in its row and leaves no model', async () => {
    const { training } = services;
    const failed = await training.start({ trainer: 'sasrec', options: { minCount: 1000 } });
    await expect(failed.outcome).rejects.toMatchObject({ code: 'EMPTY_CORPUS' });
    expect(await training.get(failed.id)).toMatchObject({ status: 'failed', error: { code: 'EMPTY_CORPUS' } });
    const cancelled = await training.start({ trainer: 'elmo', options: { sequences: 'users', epochs: 10_000 } });
    cancelled.onProgress(({ phase }) => phase?.includes('epoch') && cancelled.cancel());
    await expect(cancelled.outcome).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(await training.get(cancelled.id)).toMatchObject({ status: 'cancelled' });
    expect((await registry.list()).map(({ id }) => id)).toEqual(standing);
  });
});
