import type { Model } from '../../src/domain/model';
import type { ThingPage } from '../../src/domain/things';
import { Comparison } from '../../src/services/comparison';
import { Neighbours } from '../../src/services/neighbours';
import { Popularity } from '../../src/services/popularity';
import { RankedLists } from '../../src/services/ranking';
import { ModelRegistry } from '../../src/services/registry';
import { cataloguedAs, ThingLists } from '../../src/services/thing-lists';
import { Versions } from '../../src/services/versions';
import { rank } from '../../src/stores/ranking';
import { vectorTableName } from '../../src/stores/vectors';
import { embedding, onBothDatabases, openTestStore, type TestStore } from './test-store';

const DIMENSION = 8;
const THINGS = 400;
const ids = Array.from({ length: THINGS }, (_, row) => `thing${row}`);
/** Zipf's law: a few are most of all that happened. */
const frequencies = Uint32Array.from(ids, (_, row) => Math.ceil(1000 / (row + 1)));

/** By the definition, the slow way: a third and two thirds of all events, ties together. */
function bandsByDefinition(counts: ArrayLike<number>): string[] {
  const total = Array.from(counts).reduce((sum, count) => sum + count, 0);
  return Array.from(counts, (count) => {
    const before = Array.from(counts)
      .filter((other) => other > count)
      .reduce((sum, other) => sum + other, 0);
    if (before < total / 3) return 'HIGH';
    return before < (2 * total) / 3 ? 'MIDDLE' : 'LOW';
  });
}

const idsOf = ({ entries }: ThingPage) => entries.map(({ node }) => node.id);

onBothDatabases((kind) => {
  let store: TestStore;
  let registry: ModelRegistry;
  let neighbours: Neighbours;
  let comparison: Comparison;
  let live: Model;
  let older: Model;
  const spec = embedding({ space: 'merchants', ids, dimension: DIMENSION, seed: 4 });
  const cosine = (a: string, b: string) => {
    const row = (id: string) =>
      spec.rows.input.subarray(ids.indexOf(id) * DIMENSION, (ids.indexOf(id) + 1) * DIMENSION);
    const dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, value, i) => sum + value * y[i], 0);
    return dot(row(a), row(b)) / Math.sqrt(dot(row(a), row(a)) * dot(row(b), row(b)));
  };
  const nearest = (to: string, among: readonly string[], count: number) =>
    among
      .filter((id) => id !== to)
      .sort((a, b) => cosine(to, b) - cosine(to, a))
      .slice(0, count);

  beforeAll(async () => {
    store = await openTestStore(kind);
    registry = new ModelRegistry(store.database);
    const ranked = new RankedLists(store.database, registry);
    const things = new ThingLists(store.database, ranked, new Popularity(store.database));
    const versions = new Versions(registry);
    neighbours = new Neighbours(versions, things);
    comparison = new Comparison(versions, things);
    older = await registry.add(embedding({ space: 'merchants', ids: ids.slice(10), dimension: DIMENSION, seed: 5 }));
    live = await registry.add({ ...spec, rows: { ...spec.rows, frequencies } });
    await registry.promote(live.id);
    await registry.promote((await registry.add(words())).id);
  });
  afterAll(() => store.close());

  describe('similar things', () => {
    const bands = bandsByDefinition(frequencies);

    test('carry how often they were seen, and their band', async () => {
      const page = await neighbours.similarThings({ space: 'merchants', like: ['thing7'], first: 100 });
      expect(page.entries).toHaveLength(100);
      for (const { node, score } of page.entries) {
        expect(node.frequency).toBe(frequencies[ids.indexOf(node.id)]);
        expect(node.band).toBe(bands[ids.indexOf(node.id)]);
        expect(score).toBeCloseTo(cosine('thing7', node.id), 5);
      }
      expect(page).toMatchObject({ model: { id: live.id, live: true }, ranking: 'VECTORS', unknown: [] });
    });

    test.each(['HIGH', 'MIDDLE', 'LOW'] as const)(
      'of band %s are the nearest of that band, and no others',
      async (band) => {
        const ofBand = ids.filter((_, row) => bands[row] === band);
        expect(ofBand.length).toBeGreaterThan(3);
        const seen: string[] = [];
        let after: string | undefined;
        do {
          const page = await neighbours.similarThings({ space: 'merchants', like: ['thing7'], band, first: 40, after });
          seen.push(...idsOf(page));
          after = page.hasNextPage ? page.entries.at(-1)!.cursor : undefined;
        } while (after);
        expect(seen).toEqual(nearest('thing7', ofBand, ofBand.length));
      },
    );

    test('go on from page to page by the version that gave the first, through a promotion', async () => {
      const question = { space: 'merchants', like: ['thing12'], unlike: ['thing13'], first: 9 };
      const first = await neighbours.similarThings(question);
      await registry.promote(older.id);
      const second = await neighbours.similarThings({ ...question, after: first.entries.at(-1)!.cursor });
      expect(second.model).toMatchObject({ id: live.id, live: false });
      expect((await neighbours.similarThings(question)).model.id).toBe(older.id);
      await registry.rollback('merchants');
      const whole = idsOf(await neighbours.similarThings({ ...question, first: 18 }));
      const pages = [...idsOf(first), ...idsOf(second)];
      expect(new Set(pages).size).toBe(18);
      // The index is approximate: it may pass over one here that it does not there.
      expect(pages.filter((id) => whole.includes(id)).length).toBeGreaterThanOrEqual(16);
    });

    test('of a band that is too large to be read whole come through the index, filtered, and fill the page', async () => {
      const { rows } = await rank(store.database, {
        space: 'merchants',
        table: vectorTableName('merchants', live.version),
        from: { by: 'vector', vector: spec.rows.input.subarray(7 * DIMENSION, 8 * DIMENSION) },
        exclude: ['thing7'],
        frequency: { from: 3, below: 20 },
        limit: 20,
      });
      const wanted = nearest(
        'thing7',
        ids.filter((_, row) => frequencies[row] >= 3 && frequencies[row] < 20),
        20,
      );
      expect(rows.map(({ id }) => id).filter((id) => wanted.includes(id)).length).toBeGreaterThanOrEqual(18);
      for (const { frequency } of rows) expect(frequency >= 3 && frequency < 20).toBe(true);
      expect(rows).toHaveLength(20);
    });

    test('come from a chosen version', async () => {
      const page = await neighbours.similarThings({ space: 'merchants', like: ['thing12'], model: older.id, first: 5 });
      expect(page.model).toMatchObject({ id: older.id, live: false });
      await expect(
        neighbours.similarThings({ space: 'merchants', like: ['thing1'], model: older.id, first: 5 }),
      ).rejects.toMatchObject({ code: 'NOT_FOUND', field: 'like[0]', message: expect.stringContaining('"thing1"') });
    });
  });

  describe('an analogy', () => {
    test('finds the fourth word, and never one of the three', async () => {
      const page = await neighbours.analogy({ space: 'words', plus: ['king', 'woman'], minus: ['man'], first: 3 });
      expect(idsOf(page)[0]).toBe('queen');
      expect(idsOf(page)).not.toEqual(expect.arrayContaining(['king']));
      expect(page.entries[0].score).toBeGreaterThan(0.9);
      const capital = await neighbours.analogy({
        space: 'words',
        plus: ['paris', 'italy'],
        minus: ['france'],
        first: 1,
      });
      expect(idsOf(capital)).toEqual(['rome']);
    });

    test('adds unit vectors, so that a frequent long vector does not drown the others', async () => {
      // Twenty times as long, "king" would pull the plain sum to its own neighbour.
      const page = await neighbours.analogy({ space: 'words', plus: ['loud king', 'woman'], minus: ['man'], first: 2 });
      expect(idsOf(page)).toContain('queen');
    });

    test('has pages', async () => {
      const question = { space: 'words', plus: ['king', 'woman'], minus: ['man'] };
      const [first, whole] = [
        await neighbours.analogy({ ...question, first: 2 }),
        await neighbours.analogy({ ...question, first: 4 }),
      ];
      const second = await neighbours.analogy({ ...question, first: 2, after: first.entries[1].cursor });
      expect([...idsOf(first), ...idsOf(second)]).toEqual(idsOf(whole));
    });

    test('is refused when a thing has no vector, naming all of those', async () => {
      await expect(
        neighbours.analogy({ space: 'words', plus: ['king', 'empress'], minus: ['duke'], first: 3 }),
      ).rejects.toMatchObject({ code: 'NOT_FOUND', field: 'plus[1]', message: expect.stringContaining('"empress"') });
    });
  });

  describe('the odd one out', () => {
    test('is the one with the least mean cosine to the others', async () => {
      const answer = await neighbours.oddOneOut({ space: 'words', ids: ['paris', 'rome', 'king', 'berlin'] });
      expect(answer.odd.thing.id).toBe('king');
      expect(answer.candidates.map(({ thing }) => thing.id)).toEqual(['paris', 'rome', 'king', 'berlin']);
      for (const { thing, similarity } of answer.candidates)
        if (thing.id !== 'king') expect(similarity).toBeGreaterThan(answer.odd.similarity);
    });

    test('has the similarity that the cosines give', async () => {
      const three = ['thing1', 'thing2', 'thing3'];
      const { candidates } = await neighbours.oddOneOut({ space: 'merchants', ids: three });
      candidates.forEach(({ similarity }, at) => {
        const others = three.filter((_, place) => place !== at);
        expect(similarity).toBeCloseTo((cosine(three[at], others[0]) + cosine(three[at], others[1])) / 2, 5);
      });
    });
  });

  describe('a comparison', () => {
    test('puts the neighbours by each model side by side, with how far they agree', async () => {
      const twin = await registry.add({ ...spec, space: 'twins' });
      const sides = await comparison.compareModels({ id: 'thing12', models: [live.id, twin.id, older.id], first: 10 });
      expect(sides.map(({ model }) => model.id)).toEqual([live.id, twin.id, older.id]);
      expect(sides[0].neighbours).toHaveLength(10);
      expect(sides[0].overlaps.map(({ modelId }) => modelId)).toEqual([twin.id, older.id]);
      expect(sides[0].overlaps[0].jaccard).toBeGreaterThan(0.8);
      expect(sides[0].overlaps[1].jaccard).toBeLessThan(0.3);
      expect(sides[2].overlaps[0]).toEqual({ ...sides[0].overlaps[1], modelId: live.id });
    });

    test('lets a model that does not know the id say so, beside the others', async () => {
      const [knows, knowsNot] = await comparison.compareModels({
        id: 'thing1',
        models: ['merchants', older.id],
        first: 5,
      });
      expect(knows).toMatchObject({ model: { id: live.id }, thing: { id: 'thing1', frequency: 500 } });
      expect(knows.neighbours).toHaveLength(5);
      expect(knowsNot).toMatchObject({ model: { id: older.id }, neighbours: [] });
      expect(knowsNot.thing).toBeUndefined();
      expect(knowsNot.overlaps).toEqual([{ modelId: live.id, shared: 0 }]);
    });

    test.each([
      ['models', 'BAD_USER_INPUT', { models: ['merchants'] }],
      ['models', 'BAD_USER_INPUT', { models: Array.from({ length: 11 }, (_, at) => `m${at}`) }],
      ['models[1]', 'MODEL_NOT_FOUND', { models: ['merchants', 'merchants-99'] }],
      ['models[1]', 'BAD_USER_INPUT', { models: ['merchants', ''] }],
      ['models[1]', 'BAD_USER_INPUT', { models: ['words', 'words'] }],
      ['id', 'BAD_USER_INPUT', { id: '' }],
      ['first', 'BAD_USER_INPUT', { first: 101 }],
    ])('refuses a wrong %s with %s', async (field, code, wrong) => {
      const question = { id: 'thing1', models: ['merchants', 'words'], first: 5, ...wrong };
      await expect(comparison.compareModels(question)).rejects.toMatchObject({ code, field });
    });
  });

  describe('hostile questions', () => {
    const many = Array.from({ length: 101 }, (_, at) => `${at}`);
    const similar = { space: 'merchants', like: ['thing1'], first: 3 };

    test.each([
      ['like', { like: [] }],
      ['like', { like: many }],
      ['like[0]', { like: [''] }],
      ['like[1]', { like: ['thing1', 'x'.repeat(513)] }],
      ['like[1]', { like: ['thing1', 'thing1'] }],
      ['unlike[0]', { unlike: ['nul\0'] }],
      ['like[0]', { unlike: ['thing1'] }],
      ['first', { first: 0 }],
      ['first', { first: Number.NaN }],
      ['space', { space: '' }],
      ['space', { space: 'x'.repeat(1_000_000) }],
      ['model', { model: 'words-1' }],
      ['model', { model: '' }],
      ['after', { after: 'forged' }],
      ['after', { after: '' }],
      ['band', { band: 'SKY' as 'HIGH' }],
    ])('similar things with a wrong %s are refused by its path', async (field, wrong) => {
      await expect(neighbours.similarThings({ ...similar, ...wrong })).rejects.toMatchObject({
        code: 'BAD_USER_INPUT',
        field,
      });
    });

    test.each([
      ['ids', { ids: [] }],
      ['ids', { ids: ['thing1', 'thing2'] }],
      ['ids', { ids: many }],
      ['ids[2]', { ids: ['thing1', 'thing2', 'thing1'] }],
    ])('of wrong %s none is the odd one', async (field, wrong) => {
      const question = { space: 'merchants', ...wrong };
      await expect(neighbours.oddOneOut(question)).rejects.toMatchObject({ code: 'BAD_USER_INPUT', field });
    });

    test('a cursor of another question, space or version is refused', async () => {
      const { entries } = await neighbours.similarThings(similar);
      const after = entries[0].cursor;
      for (const other of [{ like: ['thing2'] }, { band: 'LOW' as const }, { space: 'words' }, { model: older.id }])
        await expect(neighbours.similarThings({ ...similar, ...other, after })).rejects.toMatchObject({
          code: 'BAD_USER_INPUT',
          field: 'after',
        });
    });

    test('a space or a version that there is not is named', async () => {
      await expect(neighbours.similarThings({ ...similar, space: "a'; DROP TABLE models" })).rejects.toMatchObject({
        code: 'MODEL_NOT_READY',
      });
      await expect(neighbours.similarThings({ ...similar, model: 'merchants-99' })).rejects.toMatchObject({
        code: 'MODEL_NOT_FOUND',
        field: 'model',
      });
    });

    test('a cursor of a version that was dropped is refused', async () => {
      const other = await registry.add({ ...spec, space: 'dropped' });
      const { entries } = await neighbours.similarThings({ ...similar, space: 'dropped', model: other.id });
      await registry.drop(other.id);
      await expect(
        neighbours.similarThings({ ...similar, space: 'dropped', after: entries[0].cursor }),
      ).rejects.toMatchObject({ code: 'BAD_USER_INPUT', field: 'after' });
    });
  });

  test('bands hold where all were seen alike, and where nothing was seen', async () => {
    for (const [space, count, band] of [
      ['alike', 3, 'HIGH'],
      ['unseen', 0, 'LOW'],
    ] as const) {
      const rows = { ...spec.rows, frequencies: new Uint32Array(THINGS).fill(count) };
      await registry.promote((await registry.add({ ...spec, space, rows })).id);
      const question = { space, like: ['thing1'], first: 100 };
      for (const each of ['HIGH', 'MIDDLE', 'LOW'] as const) {
        const page = await neighbours.similarThings({ ...question, band: each });
        expect(page.entries).toHaveLength(each === band ? 100 : 0);
        for (const { node } of page.entries) expect(node.band).toBe(band);
      }
    }
  });
});

test.each([
  ['word2vec', {}, 'item'],
  ['word2vec', { sequences: 'accounts', field: 'auto' }, undefined],
  ['fasttext', { sequences: 'users', field: 'action' }, undefined],
  ['node2vec', {}, 'user'],
  ['doc2vec', { sequences: 'users', field: 'auto' }, 'user'],
  ['coles', { sequences: 'accounts', field: 'auto' }, undefined],
  ['autoencoder', {}, undefined],
])('things of %s with options %j have their titles where they should', (trainer, options, catalogued) => {
  expect(cataloguedAs({ trainer, options })).toBe(catalogued);
});

/** A tiny language: each word is the sum of what it means, and a little of its own. */
function words() {
  const meanings: Record<string, readonly number[]> = {
    royal: [1, 0, 0, 0, 0, 0, 0, 0],
    male: [0, 1, 0, 0, 0, 0, 0, 0],
    female: [0, -1, 0, 0, 0, 0, 0, 0],
    city: [0, 0, 1, 0, 0, 0, 0, 0],
    land: [0, 0, -1, 0, 0, 0, 0, 0],
    french: [0, 0, 0, 1, 0, 0, 0, 0],
    italian: [0, 0, 0, 0, 1, 0, 0, 0],
    german: [0, 0, 0, 0, 0, 1, 0, 0],
  };
  const language: Record<string, readonly string[]> = {
    king: ['royal', 'male'],
    queen: ['royal', 'female'],
    man: ['male'],
    woman: ['female'],
    'loud king': ['royal', 'male'],
    paris: ['city', 'french'],
    rome: ['city', 'italian'],
    berlin: ['city', 'german'],
    france: ['land', 'french'],
    italy: ['land', 'italian'],
    germany: ['land', 'german'],
  };
  const model = embedding({ space: 'words', ids: Object.keys(language), dimension: 8, seed: 3 });
  Object.entries(language).forEach(([word, parts], row) => {
    for (let i = 0; i < 8; i++) {
      const meaning = parts.reduce((sum, part) => sum + meanings[part][i], 0);
      model.rows.input[row * 8 + i] = (meaning + 0.1 * model.rows.input[row * 8 + i]) * (word === 'loud king' ? 20 : 1);
    }
  });
  return model;
}
