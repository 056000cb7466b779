import { setImmediate } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import type { Model } from '../../src/domain/model';
import type { SequenceQuestionEvent, ThingPage } from '../../src/domain/things';
import { EncodedQuestions } from '../../src/services/encoded-questions';
import { ENCODERS_KEPT, Encoders } from '../../src/services/encoders';
import { AmountBins } from '../../src/services/learning/amount-bins';
import { NextItemsService } from '../../src/services/next-items';
import { Popularity } from '../../src/services/popularity';
import { RankedLists } from '../../src/services/ranking';
import { ModelRegistry } from '../../src/services/registry';
import { encoderEvents } from '../../src/services/sequence-events';
import { ThingLists } from '../../src/services/thing-lists';
import { Versions } from '../../src/services/versions';
import type { NewModel } from '../../src/stores/models';
import { openEncoder } from '../../src/training/encoders';
import { questionOf } from '../../src/training/evaluation/recommendation';
import { EventSequencesBuilder } from '../../src/training/sequence2vec/event-sequences';
import { embedding, onBothDatabases, openTestStore, type TestStore } from './test-store';
import { item, namedItems, ROUND, titleOf, trained } from './trained-sequences';

let doc2vec: NewModel;
let fasttext: NewModel;
let sasrec: NewModel;
let elmo: NewModel;
const plain = embedding({ ids: Array.from({ length: 24 }, (_, at) => item(Math.floor(at / ROUND), at)), seed: 6 });

beforeAll(async () => {
  doc2vec = await trained('doc2vec', 'doc2vec_users', { options: { epochs: 40, minCount: 1, learningRate: 0.05 } });
  const texts = { buckets: 2000, epochs: 30, minN: 3, maxN: 4, window: 2 };
  fasttext = await trained('fasttext', 'fasttext_items', { data: namedItems(), options: texts });
  // All items are equally popular in this world; here a few are not.
  fasttext.rows.frequencies.set([900, 400, 300, 100, 50]);
  const order = { epochs: 40, heads: 1, blocks: 1, dropout: 0, maxLength: 8, learningRate: 0.02, batchSize: 64 };
  sasrec = await trained('sasrec', 'next_items', { options: order });
  const both = { sequences: 'users', hidden: 16, maxLength: 12, batchSize: 16, epochs: 10, learningRate: 0.02 };
  elmo = await trained('elmo', 'elmo_items', { options: both });
}, 60_000);

const events = (...things: string[]): SequenceQuestionEvent[] => things.map((thing) => ({ thing }));
const idsOf = ({ entries }: ThingPage) => entries.map(({ node }) => node.id);
const tasteOf = (user: string) => Number(user.split('-')[1]) % 4;

onBothDatabases((kind) => {
  let store: TestStore;
  let registry: ModelRegistry;
  let encoders: Encoders;
  let encoded: EncodedQuestions;
  let next: NextItemsService;
  const live: Record<string, Model> = {};

  const promote = async (model: NewModel) => {
    const { id } = await registry.add(model);
    live[model.space] = (await registry.promote(id, { force: true })).model;
  };

  beforeAll(async () => {
    store = await openTestStore(kind);
    registry = new ModelRegistry(store.database);
    const lists = new RankedLists(store.database, registry);
    const things = new ThingLists(store.database, lists, new Popularity(store.database));
    const versions = new Versions(registry);
    encoders = new Encoders(store.database);
    encoded = new EncodedQuestions(versions, encoders, things);
    next = new NextItemsService({ registry, versions, encoders, lists, things });
    for (const model of [doc2vec, fasttext, elmo, plain]) await promote(model);
  });
  afterAll(async () => {
    await encoders.close();
    await store.close();
  });

  describe('next items', () => {
    const row = (id: string) => plain.rows.ids.indexOf(id);

    test('come from word2vec of items where nothing that knows order is live, newest things first', async () => {
      const page = await next.nextItems({ events: events(item(0, 1), 'nonsense', item(2, 3)), first: 24 });
      const history = [item(0, 1), item(2, 3)].map((id) => plain.rows.input.subarray(8 * row(id), 8 * row(id) + 8));
      const question = questionOf(history, 8);
      const { vectors, bias } = plain.rows.output!;
      for (const { node, score } of page.entries) {
        const at = row(node.itemId);
        const wanted = vectors.subarray(8 * at, 8 * at + 8).reduce((sum, x, d) => sum + x * question[d], bias[at]);
        expect(score).toBeCloseTo(wanted, 4);
      }
      expect(page.entries.map(({ score }) => score)).toEqual(
        [...page.entries.map(({ score }) => score)].sort((a, b) => b - a),
      );
      expect(page).toMatchObject({ model: { id: live.items.id }, ranking: 'HISTORY', unknown: ['nonsense'] });
    });

    test('come from next_items once it is live, and follow order', async () => {
      await promote(sasrec);
      for (const [taste, step] of [
        [0, 0],
        [1, 2],
        [3, 4],
      ]) {
        const page = await next.nextItems({ events: events(item(taste, step), item(taste, step + 1)), first: 3 });
        expect(page.entries[0].node.itemId).toBe(item(taste, step + 2));
        expect(page).toMatchObject({ model: { id: live.next_items.id, live: true }, ranking: 'HISTORY', unknown: [] });
      }
    });

    test('are in the order of time, whatever the order they are given in', async () => {
      const at = (thing: string, minute: number) => ({ thing, occurredAt: new Date(Date.UTC(2026, 1, 1, 0, minute)) });
      const page = await next.nextItems({ events: [at(item(1, 2), 2), at(item(1, 1), 1)], first: 1 });
      expect(page.entries[0].node.itemId).toBe(item(1, 3));
    });

    test('may leave out what is in the events', async () => {
      const seen = [item(1, 1), item(1, 2), item(1, 3)];
      const all = await next.nextItems({ events: events(...seen), first: 24 });
      expect(all.entries.map(({ node }) => node.itemId)).toEqual(expect.arrayContaining(seen));
      const unseen = await next.nextItems({ events: events(...seen), first: 24, excludeSeen: true });
      for (const { node } of unseen.entries) expect(seen).not.toContain(node.itemId);
      expect(unseen.entries).toHaveLength(21);
    });

    test('have pages that go on by the version that gave the first, whatever is promoted meanwhile', async () => {
      const question = { events: events(item(2, 0), item(2, 1)) };
      const whole = (await next.nextItems({ ...question, first: 8 })).entries.map(({ node }) => node.itemId);
      const first = await next.nextItems({ ...question, first: 4 });
      await promote({ ...plain, space: 'next_items' });
      const second = await next.nextItems({ ...question, first: 4, after: first.entries[3].cursor });
      expect(second.model).toMatchObject({ id: first.model.id, live: false });
      expect([...first.entries, ...second.entries].map(({ node }) => node.itemId)).toEqual(whole);
      live.next_items = (await registry.rollback('next_items')).model;
      await expect(
        next.nextItems({ events: events(item(2, 0)), first: 4, after: first.entries[3].cursor }),
      ).rejects.toMatchObject({ code: 'BAD_USER_INPUT', field: 'after' });
    });

    test('come from any space whose model can tell, and no other', async () => {
      const page = await next.nextItems({ events: events(item(0, 0), item(0, 1)), space: 'elmo_items', first: 3 });
      expect(page.model.id).toBe(live.elmo_items.id);
      expect(page.entries[0].node.itemId).toBe(item(0, 2));
      await expect(next.nextItems({ events: events('a'), space: 'doc2vec_users', first: 3 })).rejects.toMatchObject({
        code: 'BAD_USER_INPUT',
        field: 'space',
        remedy: expect.stringContaining('vectors of sequences'),
      });
    });

    test('of a space where nothing is live are refused, with what to train', async () => {
      for (const [space, command] of [
        ['elmo_merchants', 'kindred train elmo --promote'],
        ['mine', 'kindred train sasrec --space mine --promote'],
      ])
        await expect(next.nextItems({ events: events('a'), space, first: 1 })).rejects.toMatchObject({
          code: 'MODEL_NOT_READY',
          remedy: expect.stringContaining(command),
          retriable: true,
          facts: { space },
        });
    });

    test('come from a version by its id alone, whatever its space and whether it is live', async () => {
      const older = await registry.add(elmo);
      for (const { id, space } of [live.elmo_items, older, live.items, live.next_items]) {
        const question = { events: events(item(0, 0), item(0, 1)), model: id };
        const first = await next.nextItems({ ...question, first: 2 });
        expect(first.model).toMatchObject({ id, space });
        const after = first.entries[1].cursor;
        const both = await next.nextItems({ ...question, first: 4 });
        const second = await next.nextItems({ ...question, first: 2, after });
        expect([...first.entries, ...second.entries].map(({ node }) => node)).toEqual(
          both.entries.map(({ node }) => node),
        );
      }
      await expect(next.nextItems({ events: events('a'), model: 'elmo_items-99', first: 1 })).rejects.toMatchObject({
        code: 'MODEL_NOT_FOUND',
        field: 'model',
      });
    });

    test('are the most frequent where nothing of the events is known, and say so', async () => {
      const page = await next.nextItems({ events: events('x', 'y', 'x'), first: 2 });
      expect(page).toMatchObject({ ranking: 'POPULARITY', unknown: ['x', 'y'] });
      expect(page.entries).toHaveLength(2);
      expect(page.entries[0].score).toBe(Math.max(...sasrec.rows.frequencies));
    });
  });

  test('events get the names of things with bins of amounts, where a model learned those', async () => {
    const bins = ['EUR', 'JPY'].flatMap((_, place) => [0, 1].map((bin) => `shop${place}·bin ${bin + 1}`));
    const facts = new AmountBins(
      new Map([
        ['EUR', [20]],
        ['JPY', [7000.5]],
      ]),
    ).facts;
    await promote({ ...embedding({ space: 'merchants', ids: bins }), facts });
    const inYen = [{ name: 'currency', value: 'JPY' }];
    const paid = [
      { thing: 'shop0', amount: 20, categories: [{ name: 'currency', value: 'EUR' }] },
      { thing: 'shop1', amount: 9000, categories: inYen },
    ];
    const page = await next.nextItems({ events: paid, space: 'merchants', excludeSeen: true, first: 9 });
    expect(page.unknown).toEqual([]);
    expect(page.entries.map(({ node }) => node.itemId).sort()).toEqual(['shop0·bin 2', 'shop1·bin 1']);
    const bare = await next.nextItems({ events: [...paid, { thing: 'shop0' }], space: 'merchants', first: 9 });
    expect(bare.unknown).toEqual(['shop0']);
  });

  describe('what is like events', () => {
    test('are those who did alike, and the things that the model does not know are named', async () => {
      const page = await encoded.similarToEvents({
        space: 'doc2vec_users',
        events: events(item(2, 0), 'new 1', item(2, 1), item(2, 2), 'new 2', 'new 1', item(2, 3)),
        first: 10,
      });
      expect(page.unknown).toEqual(['new 1', 'new 2']);
      expect(page.model.id).toBe(live.doc2vec_users.id);
      const alike = idsOf(page).filter((user) => tasteOf(user) === 2);
      expect(alike.length).toBeGreaterThanOrEqual(9);
    });

    test('have pages', async () => {
      const question = { space: 'doc2vec_users', events: events(item(1, 0), item(1, 1)) };
      const first = await encoded.similarToEvents({ ...question, first: 5 });
      const second = await encoded.similarToEvents({ ...question, first: 5, after: first.entries[4].cursor });
      const both = [...idsOf(first), ...idsOf(second)];
      expect(new Set(both).size).toBe(10);
      expect(second.entries[0].score).toBeLessThanOrEqual(first.entries[4].score);
    });

    test('cannot be told where nothing of them is known', async () => {
      await expect(
        encoded.similarToEvents({ space: 'doc2vec_users', events: events('x', 'y'), first: 5 }),
      ).rejects.toMatchObject({ code: 'NOT_FOUND', field: 'events', message: expect.stringContaining('"x", "y"') });
    });
  });

  describe('what is like a text', () => {
    test.each([
      ['as it is written', titleOf(2, 3), 0],
      ['misspelt', 'quicksnad embroidary', item(3, 4)],
      ['of words that are known, in a name that is not', 'orchard of the captain', item(2, 2)],
    ])('is found by a name %s', async (_, text, wanted) => {
      const page = await encoded.similarToText({ text, first: 5 });
      expect(page.model.id).toBe(live.fasttext_items.id);
      expect(idsOf(page)).toContain(wanted === 0 ? item(2, 3) : wanted);
    });

    test('cannot be told of a name that nothing of is known', async () => {
      await expect(encoded.similarToText({ text: '§§§', first: 5 })).rejects.toMatchObject({
        code: 'NOT_FOUND',
        field: 'text',
      });
    });

    test('has pages, and keeps within a band', async () => {
      const first = await encoded.similarToText({ text: 'harbor whispr', first: 3 });
      const second = await encoded.similarToText({ text: 'harbor whispr', first: 3, after: first.entries[2].cursor });
      expect(new Set([...idsOf(first), ...idsOf(second)]).size).toBe(6);
      const low = await encoded.similarToText({ text: 'harbor whispr', band: 'LOW', first: 24 });
      expect(low.entries.length).toBeGreaterThan(0);
      for (const { node } of low.entries) expect(node.band).toBe('LOW');
    });
  });

  describe('vectors', () => {
    test('of events are those that the encoder gives, of what it knows', async () => {
      const encoder = await openEncoder('doc2vec', doc2vec.artifacts);
      const builder = new EventSequencesBuilder();
      for (const thing of [item(0, 0), item(0, 1)]) builder.add({ key: 'q', thing, occurredAt: 1 });
      const wanted = await encoder.sequence!(builder.build());
      await encoder.close();
      const answer = await encoded.vectorOf({ space: 'doc2vec_users', events: events(item(0, 0), 'new', item(0, 1)) });
      expect(answer.vector).toEqual(wanted);
      expect(answer).toMatchObject({ model: { id: live.doc2vec_users.id }, unknown: ['new'] });
    });

    test('of a text have the length of the space', async () => {
      expect((await encoded.vectorOf({ space: 'fasttext_items', text: 'harbour' })).vector).toHaveLength(8);
    });

    test('in context differ from context to context, and stand beside their events', async () => {
      const ask = (...things: string[]) =>
        encoded.contextualVectors({ space: 'elmo_items', events: events(...things) });
      const one = await ask(item(0, 0), item(0, 1), 'new');
      const other = await ask(item(3, 3), item(0, 1));
      expect(one.events.map(({ thing }) => thing)).toEqual([item(0, 0), item(0, 1)]);
      expect(one).toMatchObject({ dimension: 24, unknown: ['new'], model: { id: live.elmo_items.id } });
      for (const { vector } of one.events) expect(vector).toHaveLength(24);
      // The thing's own vector is the same, what is left of it is not.
      expect(one.events[1].vector.slice(0, 8)).toEqual(other.events[1].vector.slice(0, 8));
      expect(one.events[1].vector.slice(8, 16)).not.toEqual(other.events[1].vector.slice(8, 16));
    });
  });

  describe('encoders', () => {
    test('more than are kept answer all the same, however many ask at once', async () => {
      const models = await Promise.all(
        Array.from({ length: ENCODERS_KEPT + 3 }, (_, at) => registry.add({ ...doc2vec, space: `copy_${at}` })),
      );
      const ask = (model: Model) =>
        encoded.vectorOf({ space: model.space, model: model.id, events: events(item(1, 0), item(1, 1)) });
      const answers = await Promise.all([...models, ...models, ...models].map(ask));
      for (const { vector } of answers) expect(vector).toEqual(answers[0].vector);
    });

    test('of more models than are kept are opened as others are done with, not all at once', async () => {
      const models = await Promise.all(
        Array.from({ length: ENCODERS_KEPT + 3 }, (_, at) => registry.add({ ...doc2vec, space: `many_${at}` })),
      );
      const read = new Set<unknown>();
      const query: typeof store.database.query = (sql, values) => {
        if (sql.includes('FROM model_artifacts')) read.add(values?.[0]);
        return store.database.query(sql, values);
      };
      const watched = new Encoders(Object.create(store.database, { query: { value: query } }));
      const readByThen: number[] = [];
      const ask = async (model: Model) => {
        const sequence = encoderEvents(model, events(item(1, 0)), new Date());
        const { known } = await watched.ask(model, { ability: 'sequence', sequence });
        readByThen.push(read.size);
        return known.length;
      };
      expect(await Promise.all(models.map(ask))).toEqual(models.map(() => 1));
      // One that is answered makes room for the next.
      readByThen.forEach((size, at) => {
        expect(size).toBeLessThanOrEqual(ENCODERS_KEPT + at + 1);
      });
      expect(read.size).toBe(models.length);
      await watched.close();
    });

    test('whose thread ends are not taken for damaged, and answer when they are asked again', async () => {
      const models = await Promise.all(
        Array.from({ length: ENCODERS_KEPT + 1 }, (_, at) => registry.add({ ...doc2vec, space: `ended_${at}` })),
      );
      const ending = new Encoders(store.database);
      const ask = (model: Model) =>
        ending.ask(model, { ability: 'sequence', sequence: encoderEvents(model, events(item(1, 0)), new Date()) });
      for (const model of models.slice(0, -1)) await ask(model);
      const { worker } = (ending as unknown as { thread: { worker: Worker } }).thread;
      // As when it runs out of memory: while the last is being opened, and the first closed for it.
      const last = ask(models[ENCODERS_KEPT]);
      await Promise.resolve();
      await worker.terminate();
      // Where its bytes were still being read, the next thread answers; never is it called damaged.
      const failure = await last.then(
        () => undefined,
        (error: unknown) => error,
      );
      if (failure) expect(failure).toMatchObject({ code: 'ENCODER_FAILED', retriable: true });
      expect((await ask(models[ENCODERS_KEPT])).known).toHaveLength(1);
      await ending.close();
    });

    // Once: what is stored is the same bytes, and there are many of them.
    const onTheEmbeddedStore = kind === 'embedded' ? test : test.skip;
    onTheEmbeddedStore(
      'that are too large for memory say so, once a question, and end no second thread; the others answer',
      async () => {
        // Names alone that no heap of this size holds.
        const names = Buffer.from(`{"ids":[${'"a name that takes room",'.repeat(1_000_000)}"z"]}`);
        const artifacts = { ...doc2vec.artifacts, 'model.json': names };
        const huge = await registry.add({ ...doc2vec, space: 'huge', artifacts });
        const limited = new Encoders(store.database, { maxOldGenerationSizeMb: 40 });
        const ask = (model: Model) =>
          limited.ask(model, { ability: 'sequence', sequence: encoderEvents(model, events(item(1, 0)), new Date()) });
        const thread = (limited as unknown as { thread: { worker?: Worker } }).thread;
        await ask(live.doc2vec_users);
        await expect(ask(huge)).rejects.toMatchObject({
          code: 'MODEL_TOO_LARGE',
          remedy: expect.stringContaining('max-old-space-size'),
          facts: { modelId: huge.id },
        });
        expect(thread.worker).toBeUndefined();
        expect((await ask(live.doc2vec_users)).known).toHaveLength(1);
        const { worker } = thread;
        for (let time = 0; time < 3; time++) await expect(ask(huge)).rejects.toMatchObject({ code: 'MODEL_TOO_LARGE' });
        expect((await ask(live.doc2vec_users)).known).toHaveLength(1);
        expect(thread.worker).toBe(worker);
        await limited.close();
      },
    );

    test('of which one ends the thread twice in a row without a reason are refused, the others not', async () => {
      const ending = new Encoders(store.database);
      const model = await registry.add({ ...doc2vec, space: 'deadly' });
      const ask = (each: Model) =>
        ending.ask(each, { ability: 'sequence', sequence: encoderEvents(each, events(item(1, 0)), new Date()) });
      type Inside = { thread: { worker?: Worker; calls: ReadonlyMap<number, { id: string }> } };
      const { thread } = ending as unknown as Inside;
      const isAtWork = () => [...thread.calls.values()].some(({ id }) => id === model.id);
      for (let time = 0; time < 2; time++) {
        await ask(live.doc2vec_users);
        const answer = ask(model);
        answer.catch(() => undefined);
        while (!isAtWork()) await setImmediate();
        await thread.worker!.terminate();
        await expect(answer).rejects.toMatchObject({ code: 'ENCODER_FAILED', retriable: true });
      }
      await expect(ask(model)).rejects.toMatchObject({ code: 'ENCODER_FAILED' });
      expect(thread.worker).toBeUndefined();
      expect((await ask(live.doc2vec_users)).known).toHaveLength(1);
      await ending.close();
    });

    test('of damaged bytes are refused, again and again, and the others answer', async () => {
      const head = fasttext.artifacts['head.json'].slice(0, 20);
      const broken = await registry.add({
        ...fasttext,
        space: 'broken',
        artifacts: { ...fasttext.artifacts, 'head.json': head },
      });
      for (let time = 0; time < 2; time++)
        await expect(encoded.vectorOf({ space: 'broken', model: broken.id, text: 'a name' })).rejects.toMatchObject({
          code: 'MODEL_CORRUPT',
        });
      expect((await encoded.vectorOf({ space: 'fasttext_items', text: 'harbour' })).vector).toHaveLength(8);
    });

    test('leave the thread that serves free while they work', async () => {
      let turns = 0;
      const ticking = setInterval(() => turns++, 2);
      const many = Array.from({ length: 40 }, () =>
        encoded.vectorOf({ space: 'doc2vec_users', events: Array(200).fill({ thing: item(0, 0) }) }),
      );
      await Promise.all(many);
      clearInterval(ticking);
      expect(turns).toBeGreaterThan(2);
    });
  });

  describe('hostile questions', () => {
    const question = { space: 'doc2vec_users', first: 5 };
    const event = { thing: item(0, 0) };

    test.each([
      ['events', []],
      ['events', Array(201).fill(event)],
      ['events[1].thing', [event, { thing: '' }]],
      ['events[0].thing', [{ thing: 'x'.repeat(513) }]],
      ['events[0].thing', [{ thing: 'nul\0' }]],
      ['events[0].amount', [{ ...event, amount: Number.NaN }]],
      ['events[0].amount', [{ ...event, amount: Number.POSITIVE_INFINITY }]],
      ['events[0].amount', [{ ...event, amount: 1e39 }]],
      ['events[0].occurredAt', [{ ...event, occurredAt: new Date(Number.NaN) }]],
      ['events[0].categories', [{ ...event, categories: Array(21).fill({ name: 'a', value: 'b' }) }]],
      ['events[0].categories[0].value', [{ ...event, categories: [{ name: 'a', value: '' }] }]],
      ['events[0].categories[0].name', [{ ...event, categories: [{ name: 'x'.repeat(513), value: 'b' }] }]],
      [
        'events[0].categories[1].name',
        [
          {
            ...event,
            categories: [
              { name: 'a', value: 'b' },
              { name: 'a', value: 'c' },
            ],
          },
        ],
      ],
    ])('events with a wrong %s are refused by its path, whoever is asked', async (field, wrong) => {
      const refusal = { code: 'BAD_USER_INPUT', field };
      await expect(encoded.similarToEvents({ ...question, events: wrong })).rejects.toMatchObject(refusal);
      await expect(encoded.vectorOf({ space: 'doc2vec_users', events: wrong })).rejects.toMatchObject(refusal);
      await expect(encoded.contextualVectors({ space: 'elmo_items', events: wrong })).rejects.toMatchObject(refusal);
      await expect(next.nextItems({ events: wrong, first: 3 })).rejects.toMatchObject(refusal);
    });

    test.each([
      ['text', { text: '' }],
      ['text', { text: ' \n ' }],
      ['text', { text: 'x'.repeat(10_001) }],
      ['first', { first: 0 }],
      ['space', { space: '' }],
      ['space', { space: 'doc2vec_users' }],
      ['after', { after: 'forged' }],
    ])('a text with a wrong %s is refused by its path', async (field, wrong) => {
      await expect(encoded.similarToText({ text: 'harbour', first: 5, ...wrong })).rejects.toMatchObject({
        code: 'BAD_USER_INPUT',
        field,
      });
    });

    test('a vector of nothing, or of two things at once, is refused', async () => {
      for (const wrong of [{}, { text: 'a', events: events('b') }])
        await expect(encoded.vectorOf({ space: 'fasttext_items', ...wrong })).rejects.toMatchObject({
          code: 'BAD_USER_INPUT',
        });
    });

    test('a cursor whose time cannot be is refused', async () => {
      const page = await next.nextItems({ events: events(item(0, 0)), first: 1 });
      const cursor = JSON.parse(Buffer.from(page.entries[0].cursor, 'base64url').toString());
      cursor[5] = 9e15;
      const after = Buffer.from(JSON.stringify(cursor)).toString('base64url');
      await expect(next.nextItems({ events: events(item(0, 0)), first: 1, after })).rejects.toMatchObject({
        code: 'BAD_USER_INPUT',
        field: 'after',
      });
    });
  });

  test('what is under way when they are closed is answered; after that they are not opened again', async () => {
    const asking = encoders.ask(live.doc2vec_users, {
      ability: 'sequence',
      sequence: encoderEvents(live.doc2vec_users, Array(200).fill({ thing: item(0, 0) }), new Date()),
    });
    // Let it reach the thread.
    await new Promise((resolve) => setTimeout(resolve, 1));
    const [{ known }] = await Promise.all([asking, encoders.close()]);
    expect(known).toHaveLength(200);
    await encoders.close();
    await expect(encoded.vectorOf({ space: 'fasttext_items', text: 'harbour' })).rejects.toMatchObject({
      code: 'CANCELLED',
    });
  });
});
