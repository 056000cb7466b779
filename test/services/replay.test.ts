/** Replays on both databases: records are handed over as `streaming/replay.ts` does; that one is tested against a broker. */
import fc from 'fast-check';
import type { StreamName, StreamRecord } from '../../src/domain/events';
import type { ReplaySpec } from '../../src/domain/replay';
import { KindredError } from '../../src/errors';
import { checkReplayName } from '../../src/services/replay';
import { type OpenServices, openServices } from '../../src/services/services';
import type { Queryable } from '../../src/stores/database';
import { STREAM_TABLES } from '../../src/stores/stream-tables';
import { payments } from './payments';
import { onBothDatabases, openTestStore, type TestStore } from './test-store';

const ROWS = 3_000;
const BATCH = 500;
const TOPIC = 'kindred.transactions';

/** Content of every live table that a replay might be feared to touch. */
async function liveContent(on: Queryable): Promise<string> {
  const tables = [
    ...Object.keys(STREAM_TABLES),
    'fraud_scores',
    'alerts',
    'outbox',
    'awaiting_scores',
    'stream_positions',
  ];
  const sums: string[] = [];
  for (const table of tables) {
    const { rows } = await on.query<{ sum: string | null }>(
      `SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) AS sum FROM public.${table} t`,
    );
    sums.push(`${table} ${rows[0].sum}`);
  }
  return sums.join('\n');
}

const contentOf = async (on: Queryable, stream: StreamName, schema: string): Promise<unknown[]> => {
  const columns = STREAM_TABLES[stream].columns.map(([name]) => name).join(', ');
  return (await on.query(`SELECT ${columns} FROM ${schema}.${stream} ORDER BY ${columns}`)).rows;
};

const at = (from: number, to: number) => ({ partition: 0, from, to, next: from, rejected: 0, lost: 0 });

onBothDatabases((kind) => {
  let store: TestStore;
  let opened: OpenServices;
  const stream = payments(ROWS);
  const models: string[] = [];

  beforeAll(async () => {
    store = await openTestStore(kind);
    opened = openServices(store.database, { trainingThreads: 1, onTrainingFailure: () => undefined });
    const { ingestion, training, registry, streamWriter } = opened.services;
    await ingestion.record('transactions', stream.slice(0, 1_000));
    // Merchants have a past with frauds in it, known some days later.
    const labels = stream.slice(0, 1_000).filter((_, row) => row % 7 === 0);
    await ingestion.record(
      'labels',
      labels.map(({ transactionId, occurredAt }, row) => ({
        ...{ transactionId, isFraud: row % 3 === 0, decidedAt: new Date(occurredAt.getTime() + 86_400_000) },
      })),
    );
    for (const seed of [1, 2]) {
      const run = await training.start({
        trainer: 'autoencoder',
        options: { epochs: 1, hiddenLayers: [8, 3, 8], seed, threads: 1 },
        evaluate: false,
      });
      models.push((await run.outcome).model.id);
    }
    await registry.promote(models[0], { force: true });
    for (let start = 1_000; start < ROWS; start += BATCH)
      await streamWriter.commit('transactions', stream.slice(start, start + BATCH), [
        { topic: TOPIC, partition: 0, expected: start, next: start + BATCH, records: BATCH, deadLetters: 0, rate: 0 },
      ]);
  });
  afterAll(async () => {
    await opened?.close();
    await store?.close();
  });

  const spec = (name: string, modelId?: string): ReplaySpec => ({
    ...{ name, topic: TOPIC, stream: 'transactions', from: '1000', to: 'latest', modelId },
  });
  const take = (name: string, start: number, end: number): Promise<unknown> =>
    opened.services.replays.take(
      { name, stream: 'transactions' },
      {
        records: stream.slice(start, end),
        rejects: [],
        advances: [{ partition: 0, expected: start, next: end, rejected: 0 }],
      },
      0,
    );
  const read = async (asked: ReplaySpec): Promise<void> => {
    const { replays } = opened.services;
    await replays.check(asked);
    await replays.create(asked, [at(1_000, ROWS)]);
    for (let start = 1_000; start < ROWS; start += BATCH) await take(asked.name, start, start + BATCH);
    await replays.finishReading(asked);
  };

  it('gives the stored scores again, bit for bit, and touches nothing that is live', async () => {
    const { replays } = opened.services;
    const before = await liveContent(store.database);
    const asked = spec('same', models[0]);
    await read(asked);
    expect(await replays.score({ name: 'same', modelId: models[0] }, {})).toMatchObject({
      state: 'done',
      scored: 2_000,
    });
    const { rows, scores } = await replays.compare(asked);
    expect(rows).toEqual({ rows: 2_000, same: 2_000, different: 0, missing: 0 });
    expect(scores).toMatchObject({
      ...{ scores: 2_000, compared: 2_000, decisionsChanged: 0, alertsGained: 0, alertsLost: 0 },
      ...{ meanAbsoluteDifference: 0, largestDifference: 0 },
    });
    const { rows: unequal } = await store.database.query(
      `SELECT 1 FROM replay_same.fraud_scores r JOIN public.fraud_scores l USING (transaction_id, model_id)
       WHERE (r.value, r.decision, r.threshold, r.reconstruction_error, r.reasons)
         IS DISTINCT FROM (l.value, l.decision, l.threshold, l.reconstruction_error, l.reasons)`,
    );
    expect(unequal).toHaveLength(0);
    expect(await liveContent(store.database)).toBe(before);
  });

  it('gives other scores with another model, which need not be live', async () => {
    const { replays } = opened.services;
    const asked = spec('other', models[1]);
    await read(asked);
    await replays.score({ name: 'other', modelId: models[1] }, {});
    const { scores } = await replays.compare(asked);
    expect(scores).toMatchObject({ scores: 2_000, compared: 2_000 });
    expect(scores!.meanAbsoluteDifference).toBeGreaterThan(0);
    expect(scores!.correlation).toBeLessThan(1);
    expect(scores!.alertsGained + scores!.alertsLost).toBe(scores!.decisionsChanged);
  });

  it('goes on with scoring where it was cancelled, to the same scores', async () => {
    const { replays } = opened.services;
    const asked = spec('cancelled', models[1]);
    await read(asked);
    const cancelling = new AbortController();
    const first = replays.score(
      { name: 'cancelled', modelId: models[1] },
      { signal: cancelling.signal, rowsAtOnce: 300, onScored: () => cancelling.abort() },
    );
    await expect(first).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(await replays.find('cancelled')).toMatchObject({ state: 'scoring', scored: 300 });
    expect(await replays.score({ name: 'cancelled', modelId: models[1] }, {})).toMatchObject({ scored: 2_000 });
    const { rows } = await store.database.query(
      `SELECT transaction_id, value FROM replay_cancelled.fraud_scores EXCEPT SELECT transaction_id, value FROM replay_other.fraud_scores`,
    );
    expect(rows).toHaveLength(0);
  });

  it('keeps a batch whole or not at all, and lets two at one name not mix', async () => {
    const { replays } = opened.services;
    await replays.create(spec('contested'), [at(1_000, ROWS)]);
    await take('contested', 1_000, 1_500);
    await expect(take('contested', 1_000, 1_500)).rejects.toMatchObject({ code: 'STREAM_POSITION_MOVED' });
    expect(await replays.find('contested')).toMatchObject({ records: 500, duplicates: 0, state: 'reading' });
    expect(await contentOf(store.database, 'transactions', 'replay_contested')).toHaveLength(500);
    const other = { ...spec('contested'), from: '7' };
    await expect(replays.check(other)).rejects.toMatchObject({ code: 'BAD_USER_INPUT', field: 'into' });
    await expect(replays.check(spec('contested', models[0]))).rejects.toThrow('model none');
    expect(await replays.check(spec('contested'))).toMatchObject({ partitions: [{ partition: 0, next: 1_500 }] });
  });

  it('scores transactions with fraud models only', async () => {
    const { replays } = opened.services;
    await expect(replays.check(spec('x', 'accounts-99'))).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
    const items: ReplaySpec = { ...spec('x', models[0]), stream: 'items' };
    await expect(replays.check(items)).rejects.toMatchObject({ code: 'BAD_USER_INPUT', field: 'model' });
  });

  it('lists replays with their size, and drops one whole', async () => {
    const { replays } = opened.services;
    const before = await liveContent(store.database);
    const listed = await replays.list();
    expect(listed.map(({ name }) => name).sort()).toEqual(['cancelled', 'contested', 'other', 'same']);
    for (const { bytes } of listed) expect(bytes).toBeGreaterThan(0);
    await replays.drop('other');
    expect((await replays.list()).map(({ name }) => name)).not.toContain('other');
    await expect(replays.drop('other')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await liveContent(store.database)).toBe(before);
  });

  it('rebuilds every stream by the rules of live intake', async () => {
    const { ingestion, replays } = opened.services;
    const day = (n: number): Date => new Date(Date.UTC(2026, 2, n));
    const batches: { [S in StreamName]?: StreamRecord[S][][] } = {
      items: [[{ itemId: 'a', title: 'A' }], [{ itemId: 'a', attributes: { red: true } }, { itemId: 'b' }]],
      users: [
        [{ userId: 'u' }],
        [
          { userId: 'u', title: 'U' },
          { userId: 'u', imageUri: 'x' },
        ],
      ],
      labels: [
        [{ transactionId: 'p', isFraud: true, decidedAt: day(2) }],
        [
          { transactionId: 'p', isFraud: false, decidedAt: day(1) },
          { transactionId: 'q', isFraud: false, decidedAt: day(3), source: 'bank' },
        ],
      ],
      relations: [
        [{ userId: 'u', friendId: 'v', kind: 'friend', weight: 1, removed: false, occurredAt: day(1) }],
        [
          { userId: 'u', friendId: 'v', kind: 'friend', weight: 1, removed: true, occurredAt: day(2) },
          { userId: 'u', friendId: 'w', kind: 'friend', weight: 2, removed: false, occurredAt: day(2) },
        ],
      ],
      interactions: [
        [{ eventId: '1', userId: 'u', itemId: 'a', action: 'view', occurredAt: day(1) }],
        [{ eventId: '1', userId: 'u', itemId: 'b', action: 'view', occurredAt: day(1), value: 2 }],
      ],
    };
    for (const [name, parts] of Object.entries(batches) as [StreamName, StreamRecord[StreamName][][]][]) {
      const asked: ReplaySpec = { name: `all_${name}`, topic: `kindred.${name}`, stream: name, from: '0', to: '9' };
      await replays.create(asked, [at(0, parts.length)]);
      for (const [index, records] of parts.entries()) {
        await ingestion.record(name, records);
        const advances = [{ partition: 0, expected: index, next: index + 1, rejected: 0 }];
        await replays.take({ name: asked.name, stream: name }, { records, rejects: [], advances }, 0);
      }
      expect(await replays.finishReading(asked)).toMatchObject({ state: 'done' });
      const rebuilt = await contentOf(store.database, name, `replay_all_${name}`);
      // Of labels there were others before.
      const live = await contentOf(store.database, name, 'public');
      expect(name === 'labels' ? rebuilt : live).toHaveLength(name === 'users' || name === 'interactions' ? 1 : 2);
      expect(live).toEqual(expect.arrayContaining(rebuilt));
      expect((await replays.compare(asked)).rows).toMatchObject({ same: rebuilt.length, different: 0, missing: 0 });
    }
  });
});

describe('the name of a replay', () => {
  it('is refused unless it is an identifier that needs no quotes', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[a-z"'; ._-]{0,60}$/)), (name) => {
        fc.pre(!/^[a-z][a-z0-9_]{0,47}$/.test(name));
        expect(() => checkReplayName(name)).toThrow(KindredError);
      }),
    );
    for (const name of ['a', 'what_if_2', 'x'.repeat(48)]) expect(() => checkReplayName(name)).not.toThrow();
    expect(() => checkReplayName('a; DROP TABLE transactions')).toThrow('cannot be the name');
  });
});
