import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { type App, createApp } from '../src/app';
import { readConfig } from '../src/config';
import { GraphQLClient } from './graphql-client';

const USERS = 30;
const ITEMS = 20;
const DAYS = 40;
const time = (day: number, minute = 0) => new Date(Date.UTC(2026, 0, 1 + day, 12, minute)).toISOString();

let app: App;
let client: GraphQLClient;
const dataDir = mkdtempSync(join(tmpdir(), 'kindred-server-'));

beforeAll(async () => {
  app = await createApp(
    readConfig({
      KINDRED_DATA_DIR: dataDir,
      KINDRED_PORT: '0',
      KINDRED_LOG_LEVEL: 'silent',
      KINDRED_TRAINING_THREADS: '1',
    }),
  );
  client = new GraphQLClient((await app.start()).url);
});

afterAll(async () => {
  await app.stop();
  await app.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

/** Two tastes: even users like even items, odd users odd ones. */
const interactions = Array.from({ length: USERS * 6 }, (_, at) => {
  const user = at % USERS;
  const step = Math.floor(at / USERS);
  const item = ((user * 7 + step * 3) % (ITEMS / 2)) * 2 + (user % 2);
  return { userId: `u${user}`, itemId: `i${item}`, action: 'view', occurredAt: time(step, user) };
});
const relations = Array.from({ length: USERS * 3 }, (_, at) => {
  const user = at % USERS;
  const step = 2 * (1 + Math.floor(at / USERS));
  return { userId: `u${user}`, friendId: `u${(user + step) % USERS}`, occurredAt: time(0) };
});
/** Small payments by day; on some days an account is emptied at a merchant it never saw. */
const transactions = Array.from({ length: DAYS * 20 }, (_, at) => {
  const day = Math.floor(at / 20);
  const account = at % 20;
  const stolen = day % 5 === 4 && account === day % 20;
  return {
    transactionId: `t${at}`,
    accountId: `a${account}`,
    merchantId: stolen ? 'm99' : `m${account % 6}`,
    amount: stolen ? 900 + day : 10 + ((at * 7) % 20),
    currency: 'EUR',
    occurredAt: time(day, account),
  };
});

describe('before anything is known', () => {
  test.each([
    ['similarItems', '{ similarItems(like: ["i1"]) { edges { score } } }', ['similarItems']],
    [
      'scoreTransaction',
      `{ scoreTransaction(transaction: ${literal(transactions[0])}) { value } }`,
      ['scoreTransaction'],
    ],
  ])('%s says that no model is live', async (_name, query, path) => {
    const { data, errors } = await client.ask(query);
    expect(data).toBeNull();
    expect(errors).toEqual([
      expect.objectContaining({ path, extensions: expect.objectContaining({ code: 'MODEL_NOT_READY' }) }),
    ]);
  });

  test('nextItems says so too, and which trainers could tell', async () => {
    const { errors } = await client.ask('{ nextItems(events: [{ thing: "i1" }]) { ranking } }');
    expect(errors).toHaveLength(1);
    const { code, remedy } = errors![0].extensions as { code: string; remedy: string };
    expect(code).toBe('MODEL_NOT_READY');
    for (const trainer of ['sasrec', 'elmo', 'word2vec']) expect(remedy).toContain(`kindred train ${trainer} `);
  });

  test('unknown ids are null, not errors', async () => {
    const query =
      '{ item(itemId: "x") { itemId } user(userId: "x") { userId } transaction(transactionId: "x") { amount } trainingRun(id: "x") { id } model(id: "x") { id } }';
    expect((await client.ask(query)).data).toEqual({
      item: null,
      user: null,
      transaction: null,
      trainingRun: null,
      model: null,
    });
  });

  test('there is nothing to learn from, and the run says so', async () => {
    const { data } = await client.ask('mutation { startTraining(input: { trainer: "word2vec" }) { run { id } } }');
    const news = await client.follow(
      `subscription { trainingProgress(id: "${data.startTraining.run.id}") { status run { error { code remedy } } } }`,
    );
    expect(news.at(-1)).toEqual({
      data: {
        trainingProgress: {
          status: 'FAILED',
          run: { error: { code: 'EMPTY_CORPUS', remedy: expect.stringContaining('kindred ingest interactions') } },
        },
      },
    });
  });
});

describe('recording', () => {
  test('good events go in, bad ones are named with place, field and reason', async () => {
    const events = [
      interactions[0],
      { ...interactions[1], occurredAt: 'yesterday' },
      { ...interactions[2], userId: '' },
      { ...interactions[3], itemId: 'x'.repeat(1_000_000) },
      interactions[4],
      interactions[0],
    ];
    const { data } = await client.ask(
      'mutation($events: [InteractionInput!]!) { recordInteractions(events: $events) { accepted duplicates errors { index field reason } } }',
      { events },
    );
    expect(data.recordInteractions).toEqual({
      accepted: 2,
      duplicates: 1,
      errors: [
        { index: 1, field: 'events[1].occurredAt', reason: expect.stringContaining('ISO 8601') },
        { index: 2, field: 'events[2].userId', reason: 'is missing' },
        { index: 3, field: 'events[3].itemId', reason: expect.stringContaining('512') },
      ],
    });
  });

  test('the six streams take records, and say what was there already', async () => {
    const record = async (field: string, type: string, list: string, events: readonly object[]) => {
      const { data } = await client.ask(
        `mutation($events: [${type}!]!) { ${field}(${list}: $events) { accepted duplicates errors { reason } } }`,
        { events },
      );
      return data[field];
    };
    const items = Array.from({ length: ITEMS }, (_, at) => ({
      itemId: `i${at}`,
      title: `Item ${at}`,
      attributes: { even: at % 2 === 0 },
    }));
    const labels = transactions.map(({ transactionId, merchantId, occurredAt }) => ({
      transactionId,
      isFraud: merchantId === 'm99',
      decidedAt: occurredAt,
    }));
    expect(await record('recordInteractions', 'InteractionInput', 'events', interactions)).toMatchObject({
      duplicates: 2,
      errors: [],
    });
    expect(await record('recordRelations', 'RelationInput', 'events', relations)).toMatchObject({
      accepted: relations.length,
    });
    expect(await record('upsertItems', 'ItemInput', 'items', items)).toEqual({
      accepted: ITEMS,
      duplicates: 0,
      errors: [],
    });
    expect(await record('upsertItems', 'ItemInput', 'items', items)).toEqual({
      accepted: 0,
      duplicates: ITEMS,
      errors: [],
    });
    expect(await record('upsertUsers', 'UserInput', 'users', [{ userId: 'u0', title: 'Ada' }])).toMatchObject({
      accepted: 1,
    });
    expect(await record('labelTransactions', 'LabelInput', 'labels', labels)).toMatchObject({
      accepted: transactions.length,
    });
    const { data } = await client.ask(
      'mutation($events: [TransactionInput!]!) { recordTransactions(events: $events) { accepted transactions { transactionId fraudScore { value } } } }',
      { events: transactions },
    );
    expect(data.recordTransactions.accepted).toBe(transactions.length);
    expect(data.recordTransactions.transactions[0]).toEqual({ transactionId: 't0', fraudScore: null });
    const { data: held } = await client.ask('{ streams { stream records lastAt } }');
    expect(held.streams).toContainEqual({
      stream: 'transactions',
      records: transactions.length,
      lastAt: time(DAYS - 1, 19),
    });
  });

  test('more than a thousand events are too many for one request', async () => {
    const events = Array.from({ length: 1_001 }, () => interactions[0]);
    const { errors } = await client.ask(
      'mutation($events: [InteractionInput!]!) { recordInteractions(events: $events) { accepted } }',
      { events },
    );
    expect(errors![0].extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'events' });
  });
});

describe('training, promotion and answers', () => {
  // biome-ignore lint/suspicious/noExplicitAny: the shape is in the query
  type Report = any;

  async function train(input: string): Promise<{ statuses: Set<string>; last: Report }> {
    const { data, errors } = await client.ask(`mutation { startTraining(input: ${input}) { run { id status } } }`);
    expect(errors).toBeUndefined();
    const news = await client.follow(
      `subscription { trainingProgress(id: "${data.startTraining.run.id}") { status phase run { error { message } promotion { promoted forced replacedId note refusal { code remedy } } model { id live evaluation { primary metrics { name value } baselines { name plain } } data { rows from } } } } }`,
    );
    const reports = news.map((item) => (item as Report).data.trainingProgress);
    return { statuses: new Set(reports.map(({ status }) => status)), last: reports.at(-1) };
  }

  test('progress arrives over the WebSocket until the version is there, measured and live', async () => {
    const { statuses, last } = await train(
      '{ trainer: "word2vec", options: { epochs: 3, dimension: 8, seed: 1 }, promote: true, force: true }',
    );
    expect([...statuses]).toEqual(expect.arrayContaining(['RUNNING', 'SUCCEEDED']));
    expect(last.run.model).toMatchObject({
      id: 'items-1',
      live: true,
      evaluation: {
        primary: 'hr@10',
        baselines: [
          { name: 'popularity', plain: true },
          { name: 'item kNN', plain: false },
        ],
      },
      data: { rows: interactions.length, from: time(0) },
    });
    expect(last.run.promotion).toMatchObject({ promoted: true, replacedId: null, refusal: null });
  });

  test('a run that was told to promote says why its version does not answer', async () => {
    const { last } = await train(
      '{ trainer: "word2vec", space: "unmeasured", options: { epochs: 1, dimension: 8, seed: 1 }, evaluate: false, promote: true }',
    );
    expect(last).toMatchObject({
      status: 'SUCCEEDED',
      run: {
        model: { id: 'unmeasured-1', live: false },
        promotion: {
          ...{ promoted: false, forced: false, replacedId: null, note: null },
          refusal: { code: 'PROMOTION_REFUSED', remedy: expect.stringContaining('force') },
        },
      },
    });
  });

  test('items, people and friends are answered with the version that answered', async () => {
    const { last } = await train(
      '{ trainer: "node2vec", options: { epochs: 1, dimension: 8, walkLength: 10, walksPerNode: 3, window: 3, seed: 1 }, evaluate: false, promote: true, force: true }',
    );
    expect(last.run.model.id).toBe('users-1');
    const { data, errors } = await client.ask(`{
      item(itemId: "i3") { title attributes similar(first: 3) { edges { cursor score node { itemId title } } pageInfo { hasNextPage hasPreviousPage endCursor } model { id live } ranking } }
      user(userId: "u0") { title
        recommendedItems(first: 100, where: { attributes: [{ name: "even", equals: true }] }) { edges { node { itemId } } model { id } ranking }
        suggestedFriends(first: 3) { edges { score reason { mutualFriends friends(first: 1) { userId } } node { userId title } } model { id } } } }`);
    expect(errors).toBeUndefined();
    expect(data.item).toMatchObject({
      title: 'Item 3',
      similar: {
        model: { id: 'items-1', live: true },
        ranking: 'VECTORS',
        pageInfo: { hasNextPage: true, hasPreviousPage: false },
      },
    });
    expect(data.item.similar.edges).toHaveLength(3);
    const seen = interactions.filter(({ userId }) => userId === 'u0').map(({ itemId }) => itemId);
    const recommended = data.user.recommendedItems.edges.map((edge: Report) => edge.node.itemId);
    expect(recommended.length).toBeGreaterThan(0);
    for (const id of recommended) {
      expect(seen).not.toContain(id);
      expect(Number(id.slice(1)) % 2).toBe(0);
    }
    const known = relations.flatMap(({ userId, friendId }) =>
      userId === 'u0' ? [friendId] : friendId === 'u0' ? [userId] : [],
    );
    for (const { node, reason } of data.user.suggestedFriends.edges) {
      expect([...known, 'u0']).not.toContain(node.userId);
      expect(reason.friends).toHaveLength(Math.min(1, reason.mutualFriends));
    }
  });

  test('promotion is refused to a loser, and rollback needs something before', async () => {
    await train('{ trainer: "word2vec", options: { epochs: 1, dimension: 4 }, evaluate: false }');
    const promote = (force: boolean) =>
      client.ask(
        `mutation { promoteModel(id: "items-2", force: ${force}) { model { id live } replacedId forced note } }`,
      );
    expect((await promote(false)).errors![0].extensions).toMatchObject({ code: 'PROMOTION_REFUSED', field: 'id' });
    expect((await promote(true)).data.promoteModel).toMatchObject({
      model: { id: 'items-2', live: true },
      replacedId: 'items-1',
      forced: true,
    });
    const rollback = () => client.ask('mutation { rollbackSpace(space: "items") { model { id } replacedId } }');
    expect((await rollback()).data.rollbackSpace).toEqual({ model: { id: 'items-1' }, replacedId: 'items-2' });
    expect((await rollback()).errors![0].extensions).toMatchObject({ code: 'NOT_FOUND', field: 'space' });
    expect((await client.ask('mutation { promoteModel(id: "items-99") { forced } }')).errors![0].extensions.code).toBe(
      'MODEL_NOT_FOUND',
    );
  });

  test('fraud is scored with reasons, kept when recorded, and raises alerts that labels settle', async () => {
    const { last } = await train(
      '{ trainer: "autoencoder", options: { epochs: 30, hiddenLayers: [16, 4, 16], batchSize: 64, contamination: 0.02 }, promote: true, force: true }',
    );
    expect(last.run.model).toMatchObject({ id: 'accounts-1', live: true, evaluation: { primary: 'averagePrecision' } });
    const suspicious = {
      transactionId: 'new',
      accountId: 'a3',
      merchantId: 'm77',
      amount: '5000.25',
      currency: 'EUR',
      occurredAt: time(DAYS, 3),
    };
    const ask =
      'transactionId value decision threshold reconstructionError reasons(first: 3) { feature description observed expected share } model { id live }';
    const { data: scored } = await client.ask(
      `query($t: TransactionInput!) { scoreTransaction(transaction: $t) { ${ask} } transaction(transactionId: "new") { amount } }`,
      { t: suspicious },
    );
    expect(scored.scoreTransaction).toMatchObject({
      transactionId: 'new',
      decision: 'REVIEW',
      model: { id: 'accounts-1', live: true },
    });
    expect(scored.scoreTransaction.reasons).toHaveLength(3);
    expect(scored.scoreTransaction.reasons[0].share).toBeGreaterThanOrEqual(scored.scoreTransaction.reasons[1].share);
    expect(scored.transaction).toBeNull();

    const alerts = client.follow(
      'subscription { alerts { value status transaction { transactionId amount } score { decision } } }',
      (news) => news.length === 1,
    );
    await untilSubscribed();
    const usual = { ...transactions[3], transactionId: 'usual', occurredAt: time(DAYS, 4) };
    const { data: recorded } = await client.ask(
      `mutation($events: [TransactionInput!]!) { recordTransactions(events: $events) { accepted duplicates transactions { transactionId amount fraudScore { ${ask} } } } }`,
      { events: [suspicious, usual] },
    );
    const [first, second] = recorded.recordTransactions.transactions;
    expect(first).toEqual({ transactionId: 'new', amount: '5000.25', fraudScore: scored.scoreTransaction });
    expect(second.fraudScore.value).toBeLessThan(first.fraudScore.value);
    expect(await alerts).toEqual([
      {
        data: {
          alerts: {
            value: first.fraudScore.value,
            status: 'OPEN',
            transaction: { transactionId: 'new', amount: '5000.25' },
            score: { decision: 'REVIEW' },
          },
        },
      },
    ]);
    const kept = await client.ask(`{ transaction(transactionId: "new") { fraudScore { ${ask} } } }`);
    expect(kept.data.transaction.fraudScore).toEqual(first.fraudScore);

    await client.ask('mutation($l: [LabelInput!]!) { labelTransactions(labels: $l) { accepted } }', {
      l: [{ transactionId: 'new', isFraud: true, decidedAt: time(DAYS + 1) }],
    });
    const page = (status: string) =>
      client.ask(
        `{ alerts(status: ${status}, first: 1) { edges { cursor node { status transaction { transactionId isFraud } } } pageInfo { hasNextPage endCursor } } }`,
      );
    for (const { node } of (await page('OPEN')).data.alerts.edges)
      expect(node.transaction.transactionId).not.toBe('new');
    expect((await page('CONFIRMED')).data.alerts.edges[0].node).toEqual({
      status: 'CONFIRMED',
      transaction: { transactionId: 'new', isFraud: true },
    });
  });

  test('scoring the store in one stream gives what scoring one by one gives', async () => {
    const from = new Date(time(DAYS - 2));
    const found = new Map<string, number>();
    for await (const { transactionId, value } of app.services.fraud.scoreRange({ from }))
      found.set(transactionId, value);
    expect(found.size).toBe(2 * 20 + 2);
    for (const id of ['t770', 't799']) expect((await app.services.fraud.scoreStored(id)).value).toBe(found.get(id));
  });

  test('a run can be cancelled, and says so', async () => {
    const { data } = await client.ask(
      'mutation { startTraining(input: { trainer: "word2vec", options: { epochs: 10000, dimension: 512 } }) { run { id } } }',
    );
    const { id } = data.startTraining.run;
    await client.ask(`mutation { cancelTraining(id: "${id}") { run { id } } }`);
    const news = await client.follow(`subscription { trainingProgress(id: "${id}") { status } }`);
    expect(news.at(-1)).toEqual({ data: { trainingProgress: { status: 'CANCELLED' } } });
    expect((await client.ask(`{ trainingRun(id: "${id}") { status error { code } } }`)).data.trainingRun).toEqual({
      status: 'CANCELLED',
      error: { code: 'CANCELLED' },
    });
  });
});

describe('bad input', () => {
  const similar = (args: string) => `{ similarItems(like: ["i1"], ${args}) { edges { score } } }`;
  const query =
    'query($like: [ID!]!, $first: Int, $after: String, $where: ItemFilter) { similarItems(like: $like, first: $first, after: $after, where: $where) { edges { score } } }';
  const mega = 'x'.repeat(1_000_000);

  test.each<[string, string, string, (() => Record<string, unknown>)?]>([
    ['first: 0', similar('first: 0'), 'first'],
    ['first: -1', similar('first: -1'), 'first'],
    ['first: 10⁹', similar('first: 1000000000'), 'first'],
    ['first beyond 32 bits', similar('first: 99999999999'), 'first'],
    ['first as text', query, 'first', () => ({ like: ['i1'], first: 'ten' })],
    ['a forged cursor', similar('after: "Zm9yZ2Vk"'), 'after'],
    ['a cursor of a megabyte', query, 'after', () => ({ like: ['i1'], after: mega })],
    ['an id of a megabyte', query, 'like[0]', () => ({ like: [mega] })],
    ['an id of a megabyte in item', 'query($id: ID!) { item(itemId: $id) { title } }', 'itemId', () => ({ id: mega })],
    ['NaN as a literal', similar('where: { attributes: [{ name: "even", min: NaN }] }'), 'where.attributes[0].min'],
    [
      'NaN as text in a variable',
      query,
      'where.attributes[0].min',
      () => ({ like: ['i1'], where: { attributes: [{ name: 'even', min: 'NaN' }] } }),
    ],
    [
      'an unknown attribute',
      similar('where: { attributes: [{ name: "smell", equals: 1 }] }'),
      'where.attributes[0].name',
    ],
    ['an unknown field of the filter', similar('where: { colour: "red" }'), 'where.colour'],
    [
      'an unknown field of the filter in a variable',
      query,
      'where.colour',
      () => ({ like: ['i1'], where: { colour: 'red' } }),
    ],
    ['a condition that says nothing', similar('where: { attributes: [{ name: "even" }] }'), 'where.attributes[0]'],
    ['an empty list', query, 'like', () => ({ like: [] })],
    ['a list that is too long', query, 'like', () => ({ like: Array.from({ length: 101 }, (_, at) => `${at}`) })],
    [
      'half a surrogate pair in JSON',
      query,
      'where.attributes[0].name',
      () => ({ like: ['i1'], where: { attributes: [{ name: '\ud800', equals: '\ud800' }] } }),
    ],
    [
      'an amount that is no number',
      'query($t: TransactionInput!) { scoreTransaction(transaction: $t) { value } }',
      'transaction.amount',
      () => ({ t: { ...transactions[0], amount: 'NaN' } }),
    ],
    [
      'a time that is none',
      'query($t: TransactionInput!) { scoreTransaction(transaction: $t) { value } }',
      'transaction.occurredAt',
      () => ({ t: { ...transactions[0], occurredAt: 'noon' } }),
    ],
    [
      'a wrong option',
      'mutation { startTraining(input: { trainer: "word2vec", options: { dimension: -1 } }) { run { id } } }',
      'input.options.dimension',
    ],
    [
      'an option that contradicts another',
      'mutation { startTraining(input: { trainer: "coles", options: { loss: "softmax", margin: 0.3 } }) { run { id } } }',
      'input.options.margin',
    ],
    ['an unknown trainer', 'mutation { startTraining(input: { trainer: "magic" }) { run { id } } }', 'trainer'],
    ['a forged cursor of alerts', '{ alerts(after: "e30") { pageInfo { hasNextPage } } }', 'after'],
  ])('%s is refused by the path of its field', async (...[, text, field, variables]) => {
    const answer = await client.ask(text, variables?.());
    expect(answer.errors).toHaveLength(1);
    expect(answer.errors![0].extensions).toMatchObject({ code: 'BAD_USER_INPUT', field });
    expect(answer.text).not.toMatch(/stacktrace|node_modules|\.ts:\d+|\.js:\d+/);
    expect(answer.text.length).toBeLessThan(3_000);
  });

  test.each([
    ['NaN in JSON', '{"query": "{ streams { records } }", "variables": {"a": NaN}}', 400, 'BAD_USER_INPUT'],
    ['no JSON', 'hello', 400, 'BAD_USER_INPUT'],
    ['an empty body', '', 400, 'BAD_USER_INPUT'],
    ['five megabytes', () => JSON.stringify({ query: 'x'.repeat(5_000_000) }), 413, 'BAD_USER_INPUT'],
    ['a query that is none', JSON.stringify({ query: 'streams' }), 400, 'GRAPHQL_PARSE_FAILED'],
    ['a field that is none', JSON.stringify({ query: '{ nothing }' }), 400, 'GRAPHQL_VALIDATION_FAILED'],
    [
      'a value of lists in lists',
      () => JSON.stringify({ query: `{ item(itemId: ${'['.repeat(4_000)}${']'.repeat(4_000)}) { title } }` }),
      400,
      'GRAPHQL_PARSE_FAILED',
    ],
    [
      'a text of many tokens',
      () => JSON.stringify({ query: `{ ${'a '.repeat(20_000)} }` }),
      400,
      'GRAPHQL_PARSE_FAILED',
    ],
  ])('%s is refused', async (_name, body, status, code) => {
    const answer = await client.post(typeof body === 'string' ? body : body());
    expect(answer.status).toBe(status);
    expect(answer.errors![0].extensions.code).toBe(code);
    expect(answer.text).not.toMatch(/stack|node_modules|\.ts:\d+|\.js:\d+/);
  });

  test('a form, as any page in a browser can send it, is refused', async () => {
    expect((await client.post('query={streams{records}}', 'application/x-www-form-urlencoded')).status).toBe(415);
  });

  test.each([
    [
      'too deep',
      `{ item(itemId: "i1") { ${'similar(first: 1) { edges { node { '.repeat(6)} itemId ${'} } } '.repeat(6)} } }`,
      'depth',
    ],
    [
      'too many fields',
      `{ ${Array.from({ length: 300 }, (_, at) => `a${at}: item(itemId: "i1") { itemId }`).join(' ')} }`,
      'fields',
    ],
    [
      'too costly',
      '{ item(itemId: "i1") { similar(first: 100) { edges { node { similar(first: 100) { edges { node { title } } } } } } } }',
      'answer',
    ],
  ])('a query that is %s is refused before it runs', async (_name, text, limit) => {
    const { errors, status } = await client.ask(text);
    expect(status).toBe(400);
    expect(errors![0]).toMatchObject({
      message: expect.stringMatching(/more than \d+/),
      extensions: { code: 'BAD_USER_INPUT', field: 'query' },
    });
    expect(limit).toBeTruthy();
  });

  test.each([
    ['https://elsewhere.example', 'refused'],
    ['null', 'refused'],
    ['its own', 'open'],
  ])('a WebSocket that a page of origin %s opens is %s', async (origin, fate) => {
    const { origin: own } = new URL(client.url);
    const socket = new WebSocket(client.url.replace('http', 'ws'), 'graphql-transport-ws', {
      origin: origin === 'its own' ? own : origin,
    });
    const happened = new Promise((resolve) => {
      socket.once('open', () => resolve('open'));
      socket.once('error', () => resolve('refused'));
    });
    expect(await happened).toBe(fate);
    socket.terminate();
  });

  test('a subscription is held to the same rules', async () => {
    await expect(client.follow('subscription { trainingProgress(id: "x") { nothing } }')).rejects.toEqual([
      expect.objectContaining({ message: expect.stringContaining('nothing') }),
    ]);
    expect(await client.follow('subscription { trainingProgress(id: "x") { status } }')).toEqual([]);
    await expect(client.follow(`subscription { trainingProgress(id: ${'['.repeat(4_000)}`)).rejects.toEqual([
      expect.objectContaining({ message: expect.stringMatching(/nested too deeply|Syntax Error/) }),
    ]);
  });

  test('after all that the server still answers', async () => {
    expect((await client.ask('{ streams { stream } }')).data.streams).toHaveLength(6);
    expect((await fetch(client.url.replace('graphql', 'livez'))).status).toBe(200);
    expect((await fetch(client.url.replace('graphql', 'readyz'))).status).toBe(200);
    expect((await fetch(client.url.replace('graphql', 'elsewhere'))).status).toBe(404);
  });
});

/** Until the server listens for alerts on somebody's behalf: what is raised before is not told. */
async function untilSubscribed(): Promise<void> {
  const { raised } = app.services.alerts as unknown as { raised: { listeners: ReadonlySet<unknown> } };
  while (raised.listeners.size === 0) await sleep(5);
}

/** As one would write it in a query. */
function literal(record: object): string {
  return `{ ${Object.entries(record)
    .map(([name, value]) => `${name}: ${JSON.stringify(value)}`)
    .join(', ')} }`;
}
