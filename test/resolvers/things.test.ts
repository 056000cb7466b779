/** What people do with vectors, asked as a client asks: over HTTP, with real models behind it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type App, createApp } from '../../src/app';
import { readConfig } from '../../src/config';
import { GraphQLClient } from '../graphql-client';
import { embedding } from '../services/test-store';
import { item, namedItems, titleOf, trained } from '../services/trained-sequences';

let app: App;
let client: GraphQLClient;
const dataDir = mkdtempSync(join(tmpdir(), 'kindred-things-'));
const ids = Array.from({ length: 24 }, (_, at) => item(Math.floor(at / 6), at));

beforeAll(async () => {
  const environment = { KINDRED_DATA_DIR: dataDir, KINDRED_PORT: '0', KINDRED_LOG_LEVEL: 'silent' };
  app = await createApp(readConfig(environment));
  client = new GraphQLClient((await app.start()).url);
  const { registry, ingestion } = app.services;
  await ingestion.record(
    'items',
    ids.map((itemId, at) => ({ itemId, title: titleOf(Math.floor(at / 6), at % 6) })),
  );
  const texts = { buckets: 2000, epochs: 20, minN: 3, maxN: 4, window: 2 };
  const both = { sequences: 'users', hidden: 16, maxLength: 12, batchSize: 16, epochs: 3 };
  for (const model of [
    embedding({ ids }),
    embedding({ ids: ids.slice(1), seed: 2 }),
    await trained('fasttext', 'fasttext_items', { data: namedItems(), options: texts }),
    await trained('doc2vec', 'doc2vec_users', { options: { epochs: 10, minCount: 1 } }),
    await trained('elmo', 'elmo_items', { options: both }),
  ])
    await registry.promote((await registry.add(model)).id, { force: true });
  await registry.rollback('items');
}, 60_000);

afterAll(async () => {
  await app.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

const PAGE =
  'edges { cursor score node { id title frequency band } } pageInfo { hasNextPage endCursor } model { id live } unknown';

describe('questions to vectors', () => {
  test('similarThings has titles, popularity, pages and versions', async () => {
    const ask = (more: string) =>
      client.ask(`{ similarThings(space: "items", like: ["${ids[0]}"], first: 5${more}) { ${PAGE} } }`);
    const { data, errors } = await ask('');
    expect(errors).toBeUndefined();
    const { edges, pageInfo, model } = data.similarThings;
    expect(model).toEqual({ id: 'items-1', live: true });
    for (const { node } of edges) {
      const at = ids.indexOf(node.id);
      expect(node).toMatchObject({ title: titleOf(Math.floor(at / 6), at % 6), frequency: 24 - at });
    }
    const next = (await ask(`, after: "${pageInfo.endCursor}"`)).data.similarThings;
    expect(next.edges[0].score).toBeLessThanOrEqual(edges[4].score);
    const high = (await ask(', band: HIGH')).data.similarThings;
    expect(high.edges.every(({ node }: { node: { band: string } }) => node.band === 'HIGH')).toBe(true);
    const other = await ask(', model: "items-2"');
    expect(other.errors![0].extensions).toMatchObject({ code: 'NOT_FOUND', field: 'like[0]' });
  });

  test('analogy, oddOneOut and compareModels answer', async () => {
    const { data, errors } = await client.ask(`{
      analogy(space: "items", plus: ["${ids[1]}", "${ids[2]}"], minus: ["${ids[3]}"], first: 3) { ${PAGE} }
      oddOneOut(space: "items", ids: ["${ids[1]}", "${ids[2]}", "${ids[3]}"], model: "items-2") {
        odd { thing { id title } similarity } candidates { thing { id } similarity } model { id } }
      compareModels(id: "${ids[0]}", models: ["items-1", "items-2", "fasttext_items"], first: 4) {
        model { id trainer } thing { id } neighbours { score thing { id title band } } overlaps { modelId shared jaccard } } }`);
    expect(errors).toBeUndefined();
    const found = data.analogy.edges.map(({ node }: { node: { id: string } }) => node.id);
    expect(found).toHaveLength(3);
    expect(ids.slice(1, 4).filter((id) => found.includes(id))).toEqual([]);
    const { odd, candidates, model } = data.oddOneOut;
    expect(model.id).toBe('items-2');
    expect(odd.similarity).toBe(Math.min(...candidates.map(({ similarity }: { similarity: number }) => similarity)));
    const [first, second, third] = data.compareModels;
    expect([first.model.trainer, third.model.trainer]).toEqual(['word2vec', 'fasttext']);
    expect(second).toMatchObject({ thing: null, neighbours: [], overlaps: [{ jaccard: null }, { jaccard: null }] });
    expect(first.neighbours).toHaveLength(4);
    expect(first.overlaps[1]).toMatchObject({ modelId: third.model.id });
  });

  test('sequences and texts that came after training are answered', async () => {
    const { data, errors } = await client.ask(
      `query($events: [SequenceEventInput!]!) {
        similarToText(text: "quicksnad embroidary", first: 2) { ${PAGE} }
        similarToEvents(space: "doc2vec_users", events: $events, first: 2) { ${PAGE} }
        nextItems(events: $events, first: 2, excludeSeen: true) {
          edges { cursor score node { itemId title } } pageInfo { hasNextPage } model { id } ranking unknown }
        contextualVectors(space: "elmo_items", events: $events) { dimension events { thing occurredAt vector } model { id } unknown }
        vectorOf(space: "doc2vec_users", events: $events) { vector model { id } unknown }
        text: vectorOf(space: "fasttext_items", text: "harbour") { vector } }`,
      {
        events: [
          {
            thing: item(1, 0),
            occurredAt: '2026-03-01T10:00:00Z',
            amount: 3.5,
            categories: [{ name: 'action', value: 'view' }],
          },
          { thing: 'new' },
          { thing: item(1, 1), occurredAt: 1_772_360_000_000 },
        ],
      },
    );
    expect(errors).toBeUndefined();
    expect(data.similarToText.edges[0].node.title).toBe(titleOf(3, 4));
    expect(data.similarToEvents).toMatchObject({ unknown: ['new'], model: { id: 'doc2vec_users-1' } });
    expect(data.nextItems).toMatchObject({ model: { id: 'items-1' }, ranking: 'HISTORY', unknown: ['new'] });
    const next = data.nextItems.edges.map(({ node }: { node: { itemId: string } }) => node.itemId);
    expect(next).not.toEqual(expect.arrayContaining([item(1, 0)]));
    const { dimension, events } = data.contextualVectors;
    expect(events.map(({ thing }: { thing: string }) => thing)).toEqual([item(1, 0), item(1, 1)]);
    expect(events[0].occurredAt).toBe('2026-03-01T10:00:00.000Z');
    for (const { vector } of events) expect(vector).toHaveLength(dimension);
    expect(data.vectorOf.vector).toHaveLength(8);
    expect(data.text.vector).toHaveLength(8);
  });
});

describe('wrong questions', () => {
  const [a, b] = ids;
  test.each([
    ['similarThings(space: "items", like: [])', 'BAD_USER_INPUT', 'like'],
    ['similarThings(space: "items", like: ["nobody"])', 'NOT_FOUND', 'like[0]'],
    [`similarThings(space: "items", like: ["${a}"], first: 0)`, 'BAD_USER_INPUT', 'first'],
    [`similarThings(space: "items", like: ["${a}"], model: "items-9")`, 'MODEL_NOT_FOUND', 'model'],
    [`similarThings(space: "items", like: ["${a}"], after: "x")`, 'BAD_USER_INPUT', 'after'],
    ['similarThings(space: "merchants", like: ["m"])', 'MODEL_NOT_READY', undefined],
    [`analogy(space: "items", plus: ["${a}"], minus: ["${a}"])`, 'BAD_USER_INPUT', 'plus[0]'],
    [`analogy(space: "items", plus: ["${a}"], minus: ["${b}", ""])`, 'BAD_USER_INPUT', 'minus[1]'],
    ['similarToText(text: "")', 'BAD_USER_INPUT', 'text'],
    ['similarToText(text: "a", space: "items")', 'BAD_USER_INPUT', 'space'],
    ['similarToEvents(space: "doc2vec_users", events: [])', 'BAD_USER_INPUT', 'events'],
    ['similarToEvents(space: "doc2vec_users", events: [{ thing: "new" }])', 'NOT_FOUND', 'events'],
    [
      `similarToEvents(space: "doc2vec_users", events: [{ thing: "${a}", occurredAt: "noon" }])`,
      'BAD_USER_INPUT',
      'events[0].occurredAt',
    ],
  ])('%s is refused with %s', async (field, code, path) => {
    const { errors } = await client.ask(`{ ${field} { edges { node { id } } } }`);
    expect(errors![0].extensions.code).toBe(code);
    expect(errors![0].extensions.field).toBe(path);
  });

  test.each([
    ['a band that there is not', `similarThings(space: "items", like: ["${a}"], band: SKY) { unknown }`, 'band'],
    ['a list of nulls', 'oddOneOut(space: "items", ids: [null]) { model { id } }', 'ids[0]'],
    ['two of which one should be odd', `oddOneOut(space: "items", ids: ["${a}", "${b}"]) { model { id } }`, 'ids'],
    ['a comparison with one model', `compareModels(id: "${a}", models: ["items"]) { model { id } }`, 'models'],
    ['an amount that is text', 'nextItems(events: [{ thing: "a", amount: "12" }]) { ranking }', 'events[0].amount'],
    [
      'an amount beyond all floats',
      'nextItems(events: [{ thing: "a", amount: 1e39 }]) { ranking }',
      'events[0].amount',
    ],
    ['a field that events have not', 'nextItems(events: [{ thing: "a", price: 1 }]) { ranking }', 'events[0].price'],
    ['a text and events', `vectorOf(space: "items", text: "a", events: [{ thing: "a" }]) { vector }`, 'text'],
  ])('%s is refused by its path', async (_, query, field) => {
    const { errors } = await client.ask(`{ ${query} }`);
    expect(errors![0].extensions).toMatchObject({ code: expect.stringMatching(/BAD_USER_INPUT/), field });
  });

  test('more than two hundred events, and numbers that are none, are refused in variables too', async () => {
    const query = 'query($events: [SequenceEventInput!]!) { nextItems(events: $events) { ranking } }';
    const many = await client.ask(query, { events: Array(201).fill({ thing: 'a' }) });
    expect(many.errors![0].extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'events' });
    const none = await client.post(JSON.stringify({ query, variables: { events: [{ thing: 'a', amount: null }] } }));
    expect(none.errors).toBeUndefined();
    const nan = await client.post(
      `{"query":${JSON.stringify(query)},"variables":{"events":[{"thing":"a","amount":NaN}]}}`,
    );
    expect(nan.status).toBe(400);
  });

  test('a comparison counts as a list by each of its models', async () => {
    const query = `compareModels(id: "${a}", models: ["items"], first: 100) { neighbours { thing { id title band frequency } score } }`;
    const { errors } = await client.ask(`{ ${[1, 2, 3, 4, 5, 6].map((n) => `c${n}: ${query}`).join(' ')} }`);
    expect(errors![0].extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'query' });
    expect(errors![0].message).toContain('25000 fields of answer');
  });

  test('vectors of events count as as many numbers as they may be', async () => {
    const query = `contextualVectors(space: "elmo_items", events: [{ thing: "${a}" }]) { events { vector } }`;
    const ask = (count: number) =>
      client.ask(`{ ${Array.from({ length: count }, (_, n) => `c${n}: ${query}`).join(' ')} }`);
    expect((await ask(3)).errors).toBeUndefined();
    expect((await ask(6)).errors![0].message).toContain('25000 fields of answer');
  });
});
