/** Each lesson from the store to the model and its measurement, in this thread, on a store small enough for that. */
import type { Interaction, Transaction } from '../../../src/domain/events';
import type { ModelEvaluation } from '../../../src/domain/model';
import { IngestionService } from '../../../src/services/ingestion';
import type { OffThread } from '../../../src/services/learning/lesson';
import { lessons } from '../../../src/services/learning/lessons';
import { ModelRegistry } from '../../../src/services/registry';
import type { Database } from '../../../src/stores/database';
import { openDatabase } from '../../../src/stores/open';
import { Random } from '../../../src/training/kernels/random';
import { parseOptions, trainerNamed, trainers } from '../../../src/training/trainers';
import { makeStore } from '../../stores/databases';
import { embedding } from '../test-store';

const MERCHANTS = Array.from({ length: 8 }, (_, n) => `merchant ${n}`);
const at = (hour: number) => new Date(Date.UTC(2026, 0, 1, hour));

/** Half of the accounts pay at the first merchants, half at the last; some payments are odd. */
function payments(random: Random): Transaction[] {
  return Array.from({ length: 600 }, (_, n) => ({
    transactionId: `t${n}`,
    accountId: `account ${n % 20}`,
    merchantId: MERCHANTS[(n % 2) * 4 + random.below(4)],
    amount: n % 25 === 0 ? 900 + random.below(50) : 5 + random.below(20),
    currency: 'EUR',
    occurredAt: at(3 * n),
    channel: n % 3 === 0 ? 'web' : 'shop',
  }));
}

function clicks(random: Random): Interaction[] {
  return Array.from({ length: 300 }, (_, n) => ({
    ...{ eventId: `e${n}`, userId: `user ${n % 12}`, itemId: `item ${(n % 2) * 5 + random.below(5)}`, action: 'view' },
    occurredAt: at(n),
  }));
}

describe('the lesson of', () => {
  let database: Database;
  let end: () => Promise<void>;
  beforeAll(async () => {
    const store = await makeStore('embedded');
    database = await openDatabase(store.location);
    end = async () => {
      await database.close();
      await store.remove();
    };
    const random = Random.seeded(1);
    const ingestion = new IngestionService(database);
    const made = payments(random);
    await ingestion.record('interactions', clicks(random));
    await ingestion.record('transactions', made);
    await ingestion.record(
      'labels',
      made.map(({ transactionId, amount, occurredAt }) => {
        return { transactionId, isFraud: amount > 100, decidedAt: occurredAt };
      }),
    );
    await ingestion.record('items', [
      { itemId: 'item 0', title: 'Blue  Train', attributes: { genre: 'Hard Bop', year: 1957, label: null } },
      { itemId: 'item 1', attributes: { genre: 'jazz' } },
    ]);
    const registry = new ModelRegistry(database);
    const { id } = await registry.add(embedding({ space: 'merchants', ids: MERCHANTS.slice(1) }));
    await registry.promote(id);
  });
  afterAll(() => end());

  /** Jobs run here rather than in a thread; `given` is what the trainer was given last. */
  function here(name: string, options: Readonly<Record<string, unknown>>) {
    const seen: { given?: unknown } = {};
    const off: OffThread = {
      train: (data) => {
        seen.given = data;
        return trainerNamed(name).train(data, options);
      },
      run: async ({ module, call, args }) => (await import(module))[call](...args, {}),
    };
    return { off, seen };
  }

  async function prepare(name: string, given: Record<string, unknown>) {
    const options = parseOptions(trainerNamed(name), { threads: 1, ...given });
    const context = { database, range: {}, options, signal: new AbortController().signal };
    return { prepared: await lessons[name].prepare(context), ...here(name, options) };
  }

  const ACCOUNTS = { sequences: 'accounts', epochs: 1 };

  test.each([
    ['word2vec', ACCOUNTS, 'hr@10', false],
    ['doc2vec', { ...ACCOUNTS, inferenceEpochs: 1 }, 'mrr', true],
    ['fasttext', { ...ACCOUNTS, buckets: 1000 }, 'hr@10', false],
    ['pooling', { sequences: 'accounts' }, 'mrr', true],
    ['elmo', { ...ACCOUNTS, hidden: 4, dimension: 4 }, 'hr@10', true],
    ['coles', { ...ACCOUNTS, dimension: 4, thingDimension: 2, sliceLengthMin: 2, batchSize: 8 }, 'mrr', true],
    ['sasrec', { ...ACCOUNTS, dimension: 4, maxLength: 8 }, 'hr@10', false],
  ] as const)(
    '%s measures and learns; vectors of accounts beside the features of payments',
    async (name, options, primary, ofPayments) => {
      const { prepared, off } = await prepare(name, options);
      const evaluation: ModelEvaluation | undefined = await prepared.evaluate(off);
      expect(evaluation?.primary).toBe(primary);
      expect(evaluation?.baselines.some(({ plain }) => plain)).toBe(true);
      const column = "payments' averagePrecision";
      expect(column in evaluation!.metrics).toBe(ofPayments);
      if (ofPayments) {
        const rivals = evaluation!.baselines.filter(({ metrics }) => column in metrics);
        const layered = name === 'elmo' ? ['features and layers weighed by the labels'] : [];
        expect(rivals.map((rival) => rival.name)).toEqual(['hand-made features', 'vectors alone', ...layered]);
        expect(evaluation!.protocol).toContain('hand-made features');
        // Twice: of halves, and of payments.
        const owned = evaluation!.protocol.match(/but for what merchants-1, which is pooled, had learned/g) ?? [];
        expect(owned).toHaveLength(name === 'pooling' ? 2 : 0);
      }
      const { rows, facts } = await prepared.learn(off);
      expect(rows.ids.length).toBeGreaterThan(1);
      expect(rows.input).toHaveLength(rows.ids.length * rows.dimension);
      expect(rows.input.every(Number.isFinite)).toBe(true);
      if (name === 'pooling') expect(facts.base).toBe('merchants-1');
    },
  );

  test.each(['doc2vec', 'pooling'])(
    '%s is measured anew once a payment has another amount or currency',
    async (name) => {
      const [first] = payments(Random.seeded(1));
      const fingerprint = async () => (await prepare(name, { sequences: 'accounts' })).prepared.fingerprint;
      const before = await fingerprint();
      for (const [column, value, back] of [
        ['amount', first.amount + 1, first.amount],
        ['currency', 'JPY', 'EUR'],
        ['channel', 'phone', first.channel],
      ]) {
        const set = `UPDATE transactions SET ${column} = $1 WHERE transaction_id = $2`;
        await database.query(set, [value, first.transactionId]);
        expect(await fingerprint()).not.toBe(before);
        await database.query(set, [back, first.transactionId]);
      }
      expect(await fingerprint()).toBe(before);
    },
  );

  test('fasttext names items by title and attributes, and those without by their ids', async () => {
    const { prepared, off, seen } = await prepare('fasttext', { sequences: 'users', epochs: 1, buckets: 100 });
    const { facts } = await prepared.learn(off);
    const { corpus, texts } = seen.given as { corpus: { ids: string[] }; texts: string[] };
    const textOf = (id: string) => texts[corpus.ids.indexOf(id)];
    expect(textOf('item 0')).toBe('Blue  Train genre=hard_bop year=1957');
    expect(textOf('item 1')).toBe('genre=jazz');
    expect(textOf('item 2')).toBe('item 2');
    expect(facts.itemsWithoutText).toBe(8);
  });

  test('pooling tells things apart by the bins of what it pools, and by no others', async () => {
    const registry = new ModelRegistry(database);
    // Not the edges that these payments would be cut at.
    const amountBinEdges = 'EUR: 7';
    const ids = MERCHANTS.flatMap((merchant) => [`${merchant}·bin 1`, `${merchant}·bin 2`]);
    const { id } = await registry.add({ ...embedding({ space: 'binned', ids }), facts: { amountBinEdges } });
    const given = { sequences: 'accounts', base: id, method: 'mean' };
    const { prepared, off } = await prepare('pooling', { ...given, amountBins: 2 });
    expect((await prepared.learn(off)).facts).toMatchObject({ base: id, amountBinEdges, eventsLeftOut: 0 });
    for (const amountBins of [0, 4])
      await expect(prepare('pooling', { ...given, amountBins })).rejects.toMatchObject({
        code: 'OPTION_INVALID',
        field: 'amountBins',
      });
  });

  test('pooling says what to do where its base is dropped while it is read', async () => {
    const registry = new ModelRegistry(database);
    const { id } = await registry.add(embedding({ space: 'passing', ids: MERCHANTS }));
    const options = parseOptions(trainerNamed('pooling'), { sequences: 'accounts', base: id, threads: 1 });
    // Between finding the model and its first page.
    const query: Database['query'] = async (sql, values) => {
      if (sql.includes('FROM vectors_passing_')) await registry.drop(id);
      return database.query(sql, values);
    };
    const context = { range: {}, options, signal: new AbortController().signal };
    const dropping = { ...context, database: Object.create(database, { query: { value: query } }) as Database };
    await expect(lessons.pooling.prepare(dropping)).rejects.toMatchObject({
      ...{ code: 'MODEL_NOT_FOUND', field: 'base' },
      ...{ message: expect.stringContaining(`"${id}"`), remedy: expect.stringContaining('--set base=ID') },
    });
    expect(await registry.get(id)).toBeUndefined();
    await expect(lessons.pooling.prepare({ ...context, database })).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  });

  test('every trainer is there, with a space that follows its options and is its own', () => {
    expect(Object.keys(lessons).sort()).toEqual(Object.keys(trainers).sort());
    const space = (name: string, given: Record<string, unknown> = {}) =>
      lessons[name].space(parseOptions(trainerNamed(name), given));
    expect({
      ...{ word2vec: space('word2vec'), merchants: space('word2vec', { sequences: 'accounts' }) },
      ...{
        genre: space('word2vec', { field: 'attributes.Genre' }),
        doc2vec: space('doc2vec', { sequences: 'sessions' }),
      },
      ...{ fasttext: space('fasttext', { sequences: 'accounts' }), pooling: space('pooling', { sequences: 'users' }) },
      ...{ elmo: space('elmo'), coles: space('coles'), sasrec: space('sasrec') },
    }).toEqual({
      ...{ word2vec: 'items', merchants: 'merchants', genre: 'attributes_genre', doc2vec: 'doc2vec_sessions' },
      ...{ fasttext: 'fasttext_merchants', pooling: 'pooling_users' },
      ...{ elmo: 'elmo_merchants', coles: 'coles_accounts', sasrec: 'next_items' },
    });
    for (const name of Object.keys(lessons)) {
      const owners = Object.keys(lessons).filter((other) => lessons[other].owns(space(name)));
      expect(owners).toEqual([name]);
    }
  });
});
