import type { Model } from '../../src/domain/model';
import { FriendSuggestion } from '../../src/services/friends';
import { IngestionService } from '../../src/services/ingestion';
import { Neighbours } from '../../src/services/neighbours';
import { Popularity } from '../../src/services/popularity';
import { RankedLists } from '../../src/services/ranking';
import { Recommendation } from '../../src/services/recommendation';
import { ModelRegistry } from '../../src/services/registry';
import { ThingLists } from '../../src/services/thing-lists';
import { Export } from '../../src/services/vector-export';
import { Versions } from '../../src/services/versions';
import type { NewModel } from '../../src/stores/models';
import { questionOf } from '../../src/training/evaluation/recommendation';
import { embedding, onBothDatabases, openTestStore, type TestStore } from './test-store';

const ITEMS = 300;
const DIMENSION = 8;
const itemIds = Array.from({ length: ITEMS }, (_, row) => `item${row}`);
const userIds = Array.from({ length: 60 }, (_, row) => `user${row}`);
const day = (number: number) => new Date(Date.UTC(2026, 0, number));

const vectorOf = ({ rows }: NewModel, id: string) => {
  const row = rows.ids.indexOf(id);
  return [...rows.input.slice(row * DIMENSION, (row + 1) * DIMENSION)];
};
const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => Array.from(a).reduce((sum, x, i) => sum + x * b[i], 0);
const unit = (a: readonly number[]) => a.map((x) => x / Math.sqrt(dot(a, a)));

/** The exact answer, best first. */
function bestBy(ids: readonly string[], score: (id: string) => number, count: number): string[] {
  return [...ids].sort((a, b) => score(b) - score(a)).slice(0, count);
}

function overlap(found: readonly string[], wanted: readonly string[]): number {
  return found.filter((id) => wanted.includes(id)).length;
}

onBothDatabases((kind) => {
  let store: TestStore;
  let registry: ModelRegistry;
  let recommendation: Recommendation;
  let friends: FriendSuggestion;
  let neighbours: Neighbours;
  const items = embedding({ ids: itemIds, dimension: DIMENSION });
  const users = embedding({ space: 'users', ids: userIds, dimension: DIMENSION, seed: 2 });
  let live: Model;

  beforeAll(async () => {
    store = await openTestStore(kind);
    const { database } = store;
    registry = new ModelRegistry(database);
    const lists = new RankedLists(database, registry);
    recommendation = new Recommendation(database, lists);
    friends = new FriendSuggestion(database, lists);
    neighbours = new Neighbours(new Versions(registry), new ThingLists(database, lists, new Popularity(database)));
    const ingestion = new IngestionService(database);
    await ingestion.record(
      'items',
      itemIds.map((itemId, row) => ({
        itemId,
        title: `Item ${row}`,
        attributes: { colour: row % 7 === 0 ? 'red' : 'blue', price: row, ...(row % 100 === 0 && { rare: true }) },
      })),
    );
    const seen = (userId: string, itemId: string, at: number) => ({
      eventId: `${userId} ${itemId}`,
      ...{ userId, itemId, action: 'view', occurredAt: day(at) },
    });
    await ingestion.record('interactions', [
      ...[3, 14, 15, 92, 65].map((row, at) => seen('reader', `item${row}`, at + 1)),
      seen('stranger', 'unheard of', 1),
    ]);
    const tie = (userId: string, friendId: string, removed = false) => ({
      ...{ userId, friendId, removed, occurredAt: day(1), kind: 'friend', weight: 1 },
    });
    await ingestion.record('relations', [
      tie('user0', 'user1'),
      tie('user0', 'user2'),
      tie('user1', 'user3'),
      tie('user2', 'user3'),
      tie('user0', 'user4', true),
      tie('newcomer', 'user7'),
      tie('newcomer', 'user8'),
    ]);
    live = (await registry.promote((await registry.add(items)).id)).model;
    await registry.promote((await registry.add(users)).id);
  });
  afterAll(() => store.close());

  describe('similar items', () => {
    const cosine = (question: readonly number[]) => (id: string) => dot(unit(question), unit(vectorOf(items, id)));

    test('are those with the highest cosine, best first, with titles and the version that gave them', async () => {
      const page = await recommendation.similarItems({ like: ['item7'], first: 10 });
      const score = cosine(vectorOf(items, 'item7'));
      const wanted = bestBy(
        itemIds.filter((id) => id !== 'item7'),
        score,
        10,
      );
      const found = page.entries.map(({ node }) => node.itemId);
      // HNSW is approximate: one of ten may be missed.
      expect(overlap(found, wanted)).toBeGreaterThanOrEqual(9);
      for (const { node, score: given } of page.entries) expect(given).toBeCloseTo(score(node.itemId), 5);
      expect(found).toEqual(bestBy(found, score, 10));
      expect(page.entries[0].node.title).toBe(`Item ${found[0].slice(4)}`);
      expect(page).toMatchObject({ hasNextPage: true, ranking: 'VECTORS', model: { id: live.id, live: true } });
    });

    test('may be like several and unlike others, and are never any of them', async () => {
      const [like, unlike] = [['item1', 'item2'], ['item3']];
      const mean = (ids: readonly string[]) =>
        ids
          .map((id) => unit(vectorOf(items, id)))
          .reduce((a, b) => a.map((x, i) => x + b[i] / 1))
          .map((x) => x / ids.length);
      const question = mean(like).map((x, i) => x - mean(unlike)[i]);
      const others = itemIds.filter((id) => ![...like, ...unlike].includes(id));
      const page = await recommendation.similarItems({ like, unlike, first: 10 });
      const found = page.entries.map(({ node }) => node.itemId);
      expect(overlap(found, bestBy(others, cosine(question), 10))).toBeGreaterThanOrEqual(9);
      expect(overlap(found, [...like, ...unlike])).toBe(0);
    });

    test('a filter on attributes still fills the page', async () => {
      const where = {
        attributes: [
          { name: 'colour', oneOf: ['red'] },
          { name: 'price', min: 50, max: 250 },
        ],
      };
      const page = await recommendation.similarItems({ like: ['item7'], first: 10, where });
      expect(page.entries).toHaveLength(10);
      for (const { node } of page.entries) {
        expect(node.attributes).toMatchObject({ colour: 'red' });
        expect(node.attributes!.price).toBeGreaterThanOrEqual(50);
        expect(node.attributes!.price).toBeLessThanOrEqual(250);
      }
    });

    test('a filter that few items pass gives exactly those', async () => {
      const where = { attributes: [{ name: 'rare', oneOf: [true] }] };
      const page = await recommendation.similarItems({ like: ['item7'], first: 10, where });
      expect(page.entries.map(({ node }) => node.itemId).sort()).toEqual(['item0', 'item100', 'item200']);
      expect(page.hasNextPage).toBe(false);
    });

    test('a condition tells text from numbers, and ranges hold for numbers only', async () => {
      const count = async (condition: object) =>
        (
          await recommendation.similarItems({
            like: ['item7'],
            first: 100,
            where: { attributes: [{ name: 'price', ...condition }] },
          })
        ).entries.length;
      expect(await count({ oneOf: [12, 13] })).toBe(2);
      expect(await count({ oneOf: ['12'] })).toBe(0);
      expect(await count({ oneOf: [12, 13], max: 12 })).toBe(1);
      expect(await count({ min: 298 })).toBe(2);
    });

    test('excluded items do not come', async () => {
      const [best] = (await recommendation.similarItems({ like: ['item7'], first: 1 })).entries;
      const page = await recommendation.similarItems({
        like: ['item7'],
        first: 5,
        where: { exclude: [best.node.itemId] },
      });
      expect(page.entries.map(({ node }) => node.itemId)).not.toContain(best.node.itemId);
      expect(page.entries).toHaveLength(5);
    });

    test('of ids without a vector there are none', async () => {
      const page = await recommendation.similarItems({ like: ['nobody knows me'], first: 10 });
      expect(page).toMatchObject({ entries: [], hasNextPage: false, model: { id: live.id } });
    });

    test.each([
      ['like', { like: [] }],
      ['like', { like: Array.from({ length: 101 }, (_, at) => `${at}`) }],
      ['like[0]', { like: ['x'.repeat(1_000_000)] }],
      ['like[1]', { like: ['a', 'nul\0'] }],
      ['like[0]', { like: ['item1'], unlike: ['item1'] }],
      ['first', { like: ['a'], first: 0 }],
      ['first', { like: ['a'], first: 1_000_000_000 }],
      ['after', { like: ['a'], after: 'forged' }],
      ['where.attributes[0].name', { like: ['a'], where: { attributes: [{ name: 'nonsense', oneOf: [1] }] } }],
      ['where.attributes[0].min', { like: ['a'], where: { attributes: [{ name: 'price', min: 2, max: 1 }] } }],
      ['where.attributes[0].in', { like: ['a'], where: { attributes: [{ name: 'price', oneOf: [] }] } }],
    ])('a wrong %s is refused by its path', async (field, question) => {
      await expect(recommendation.similarItems({ first: 10, ...question })).rejects.toMatchObject({
        code: 'BAD_USER_INPUT',
        field,
      });
    });
  });

  describe('paging', () => {
    test('stays on its version, in its order, through a promotion; a new list comes from the new version', async () => {
      const question = { like: ['item7'], first: 37 };
      const seen: string[] = [];
      const scores: number[] = [];
      let after: string | undefined;
      let next: Model | undefined;
      do {
        const page = await recommendation.similarItems({ ...question, after });
        expect(page.model.id).toBe(live.id);
        expect(page.model.live).toBe(next === undefined);
        seen.push(...page.entries.map(({ node }) => node.itemId));
        scores.push(...page.entries.map(({ score }) => score));
        after = page.hasNextPage ? page.entries.at(-1)!.cursor : undefined;
        if (!next) {
          next = await registry.add(embedding({ ids: itemIds, dimension: DIMENSION, seed: 9 }));
          await registry.promote(next.id);
          expect((await recommendation.similarItems(question)).model.id).toBe(next.id);
        }
      } while (after);
      expect(new Set(seen).size).toBe(seen.length);
      // What an approximate index passes over does not come back.
      expect(seen.length).toBeGreaterThanOrEqual((ITEMS - 1) * 0.95);
      expect(scores).toEqual([...scores].sort((a, b) => b - a));
      await registry.rollback('items');
      await registry.drop(next!.id);
    });

    test('a cursor of a version that was dropped is refused', async () => {
      const other = await registry.add(embedding({ ids: itemIds, dimension: DIMENSION, seed: 10 }));
      await registry.promote(other.id);
      const page = await recommendation.similarItems({ like: ['item7'], first: 3 });
      expect(page.model.id).toBe(other.id);
      await registry.rollback('items');
      await registry.drop(other.id);
      await expect(
        recommendation.similarItems({ like: ['item7'], first: 3, after: page.entries[2].cursor }),
      ).rejects.toMatchObject({ code: 'BAD_USER_INPUT', field: 'after' });
      expect((await recommendation.similarItems({ like: ['item7'], first: 3 })).model.id).toBe(live.id);
    });

    test('equal distances are told apart by id, so that no page repeats or skips one', async () => {
      const twins = embedding({ space: 'twins', ids: Array.from({ length: 30 }, (_, row) => `twin${row}`) });
      for (let row = 1; row < 30; row++) twins.rows.input.copyWithin(row * 8, 0, 8);
      await registry.promote((await registry.add(twins)).id);
      const seen: string[] = [];
      let after: string | undefined;
      do {
        const page = await neighbours.similarThings({ space: 'twins', like: ['twin0'], first: 4, after });
        seen.push(...page.entries.map(({ node }) => node.id));
        after = page.hasNextPage ? page.entries.at(-1)!.cursor : undefined;
      } while (after);
      expect(seen).toHaveLength(29);
      expect(new Set(seen).size).toBe(29);
    });
  });

  describe('recommended items', () => {
    test('are what goes with the history, as evaluation asks, and never what was seen', async () => {
      const history = [3, 14, 15, 92, 65].map((row) => `item${row}`);
      const question = questionOf(
        history.map((id) => vectorOf(items, id)),
        DIMENSION,
      );
      const { vectors, bias } = items.rows.output!;
      const score = (id: string) => {
        const row = itemIds.indexOf(id);
        return dot(question, [...vectors.slice(row * DIMENSION, (row + 1) * DIMENSION), bias[row]]);
      };
      const page = await recommendation.recommendedItems({ userId: 'reader', first: 10 });
      const found = page.entries.map(({ node }) => node.itemId);
      expect(page.ranking).toBe('HISTORY');
      expect(overlap(found, history)).toBe(0);
      const unseen = itemIds.filter((id) => !history.includes(id));
      expect(overlap(found, bestBy(unseen, score, 10))).toBeGreaterThanOrEqual(9);
      for (const entry of page.entries) expect(entry.score).toBeCloseTo(score(entry.node.itemId), 4);
    });

    test('stay the same list when the user sees something between two pages', async () => {
      const first = await recommendation.recommendedItems({ userId: 'reader', first: 5 });
      const rest = await recommendation.recommendedItems({
        userId: 'reader',
        first: 5,
        after: first.entries[4].cursor,
      });
      const [gone, ...others] = rest.entries.map(({ node }) => node.itemId);
      await new IngestionService(store.database).record('interactions', [
        { eventId: 'between', userId: 'reader', itemId: gone, action: 'view', occurredAt: day(20) },
      ]);
      const again = await recommendation.recommendedItems({
        userId: 'reader',
        first: 4,
        after: first.entries[4].cursor,
      });
      expect(again.entries.map(({ node }) => node.itemId)).toEqual(others);
    });

    test.each(['stranger', 'nobody'])('for a %s are the most frequent, and say so', async (userId) => {
      const page = await recommendation.recommendedItems({ userId, first: 3 });
      expect(page.ranking).toBe('POPULARITY');
      expect(page.entries.map(({ node, score }) => [node.itemId, score])).toEqual([
        ['item0', 300],
        ['item1', 299],
        ['item2', 298],
      ]);
      const next = await recommendation.recommendedItems({ userId, first: 1, after: page.entries[2].cursor });
      expect(next.entries[0].node.itemId).toBe('item3');
    });
  });

  describe('suggested friends', () => {
    test('are neither oneself nor friends already, with the friends in common as the reason', async () => {
      const page = await friends.suggestedFriends({ userId: 'user0', first: 100 });
      const found = page.entries.map(({ node }) => node);
      expect(page.ranking).toBe('VECTORS');
      expect(overlap(found, ['user0', 'user1', 'user2'])).toBe(0);
      // A tie that was removed is none.
      expect(found).toContain('user4');
      expect(found).toHaveLength(57);
      const mutual = Object.fromEntries(page.entries.map(({ node, mutual: reason }) => [node, reason]));
      expect(mutual.user3).toEqual({ count: 2, ids: ['user1', 'user2'] });
      expect(mutual.user9).toEqual({ count: 0, ids: [] });
    });

    test('for somebody who came after training start from their friends', async () => {
      const page = await friends.suggestedFriends({ userId: 'newcomer', first: 5 });
      expect(page.ranking).toBe('FRIENDS');
      expect(page.entries).toHaveLength(5);
      expect(
        overlap(
          page.entries.map(({ node }) => node),
          ['newcomer', 'user7', 'user8'],
        ),
      ).toBe(0);
    });

    test('for somebody without friends are the best-connected, and say so', async () => {
      const page = await friends.suggestedFriends({ userId: 'hermit', first: 2 });
      expect(page.ranking).toBe('POPULARITY');
      expect(page.entries.map(({ node }) => node)).toEqual(['user0', 'user1']);
    });
  });

  test('a space without a live model cannot answer', async () => {
    await expect(neighbours.similarThings({ space: 'merchants', like: ['a'], first: 1 })).rejects.toMatchObject({
      code: 'MODEL_NOT_READY',
    });
  });

  test('an id without a vector is said to have none', async () => {
    await expect(neighbours.similarThings({ space: 'users', like: ['nobody'], first: 1 })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  test('export gives every vector of a space or of a model, ordered by id', async () => {
    const exporter = new Export(store.database, registry);
    for (const name of ['items', live.id]) {
      const { model, rows } = await exporter.vectors(name);
      expect(model.id).toBe(live.id);
      const exported = new Map<string, number[]>();
      for await (const { id, vector } of rows) exported.set(id, [...vector]);
      expect(exported.size).toBe(ITEMS);
      expect(exported.get('item7')).toEqual(vectorOf(items, 'item7'));
    }
    await expect(exporter.vectors('nothing')).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
  });
});
