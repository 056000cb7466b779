import { AsyncResource } from 'node:async_hooks';
import type { Transaction } from '../../src/domain/events';
import type { Services } from '../../src/services/services';
import type { NewModel } from '../../src/stores/models';
import {
  advance,
  commitAll,
  empty,
  fraudModel,
  OUTPUTS,
  openScoring,
  payments,
  promoteNew,
  scoresOfBatch,
  storedScores,
  TOPIC,
  takeOut,
  written,
} from './fraud-store';
import { onBothDatabases, openTestStore, type TestStore } from './test-store';

let models: NewModel[];
beforeAll(async () => {
  models = [await fraudModel(1), await fraudModel(2)];
});

onBothDatabases((kind) => {
  let store: TestStore;
  let services: Services;
  let close: () => Promise<void>;

  beforeAll(async () => {
    store = await openTestStore(kind);
  });
  afterAll(() => store.close());
  beforeEach(async () => {
    await empty(store.database);
    ({ services, close } = openScoring(store.database));
  });
  afterEach(() => close());

  const commit = (rows: readonly Transaction[], offset: number) =>
    services.streamWriter.commit('transactions', rows, [advance(offset, rows.length)]);
  const count = async (table: string) =>
    (await store.database.query<{ n: number }>(`SELECT count(*) AS n FROM ${table}`)).rows[0].n;

  test('rows, scores, alerts, messages and the next offset are there together', async () => {
    const id = await promoteNew(services, models[0]);
    const rows = payments(120);
    const done = await commit(rows, 0);
    expect(done).toMatchObject({ accepted: 120, duplicates: 0, scores: 120, awaiting: 0, modelId: id });
    expect(done.alerts).toBeGreaterThan(0);
    expect(await count('alerts')).toBe(done.alerts);
    expect(await storedScores(services, rows)).toHaveLength(120);
    const { rows: positions } = await store.database.query('SELECT next_offset, records FROM stream_positions');
    expect(positions).toEqual([{ next_offset: 120, records: 120 }]);
    const told = await takeOut(services);
    expect(told.filter(({ topic }) => topic === OUTPUTS.scores)).toHaveLength(120);
    expect(told.filter(({ topic }) => topic === OUTPUTS.alerts)).toHaveLength(done.alerts);
  });

  test.each(['transactions', 'labels'] as const)(
    'a batch of %s from a moved position leaves nothing',
    async (stream) => {
      await promoteNew(services, models[0]);
      await commit(payments(10), 0);
      const before = await written(store.database);
      const records =
        stream === 'transactions'
          ? payments(600, { from: 100 })
          : [{ transactionId: 'payment-1', isFraud: true, decidedAt: new Date(0) }];
      const elsewhere = advance(0, 5, { partition: 1 });
      await expect(
        services.streamWriter.commit(stream, records as never, [elsewhere, advance(9, records.length)]),
      ).rejects.toMatchObject({ code: 'STREAM_POSITION_MOVED' });
      expect(await written(store.database)).toEqual(before);
    },
  );

  test('after a refused batch the next one is scored as if it had never been', async () => {
    await promoteNew(services, models[0]);
    const rows = payments(90);
    await commit(rows.slice(0, 30), 0);
    await expect(commit(rows.slice(30, 60), 7)).rejects.toMatchObject({ code: 'STREAM_POSITION_MOVED' });
    await commit(rows.slice(30), 30);
    expect(await storedScores(services, rows)).toEqual(await scoresOfBatch(services));
  });

  test.each([1, 37, 700])('in batches of %d, scores are those of a batch over the store, bit for bit', async (size) => {
    await promoteNew(services, models[0]);
    const rows = payments(size === 1 ? 40 : 800);
    await commitAll(services, rows, size);
    const labels = rows
      .filter((_, n) => n % 4 === 0)
      .map(({ transactionId, occurredAt }, n) => ({ transactionId, isFraud: n % 3 === 0, decidedAt: occurredAt }));
    await services.streamWriter.commit('labels', labels, [advance(0, labels.length, { topic: 'test.labels' })]);
    // Late enough for the labels to count, yet within the windows of what came before.
    const later = payments(300, { from: 2_000 });
    await commitAll(services, later, size * 3, rows.length);
    const kept = await storedScores(services, [...rows, ...later]);
    expect(kept).toHaveLength(rows.length + later.length);
    const batch = new Map((await scoresOfBatch(services)).map((score) => [score.transactionId, score]));
    for (const score of kept) expect(score).toEqual(batch.get(score.transactionId));
  });

  test('what arrives late is described by what was before it, as a batch does', async () => {
    await promoteNew(services, models[0]);
    const rows = payments(200);
    const late = rows.filter((_, n) => n % 5 === 1);
    await commitAll(
      services,
      rows.filter((row) => !late.includes(row)),
      64,
    );
    await commitAll(services, late, 16, 160);
    const batch = new Map((await scoresOfBatch(services)).map((score) => [score.transactionId, score]));
    for (const score of await storedScores(services, late)) expect(score).toEqual(batch.get(score.transactionId));
  });

  test('what came before is not scored again, nor told again, also after a promotion', async () => {
    const first = await promoteNew(services, models[0]);
    const rows = payments(80);
    await commit(rows, 0);
    const told = await takeOut(services);
    const second = await promoteNew(services, models[1]);
    expect(await commit(rows, 80)).toMatchObject({ accepted: 0, duplicates: 80, scores: 0, alerts: 0 });
    const more = [...payments(20, { from: 80 }), ...rows.slice(0, 10)];
    expect(await commit([...more, ...more], 160)).toMatchObject({
      accepted: 20,
      duplicates: 40,
      scores: 20,
      modelId: second,
    });
    expect(await count('fraud_scores')).toBe(100);
    for (const { modelId } of await storedScores(services, rows)) expect(modelId).toBe(first);
    const again = await takeOut(services);
    const before = new Set(told.map(({ id }) => id));
    expect(again.filter(({ id }) => before.has(id))).toEqual([]);
    expect(again.filter(({ topic }) => topic === OUTPUTS.scores)).toHaveLength(20);
  });

  test('a promotion during load takes over between two batches, and each score names one model', async () => {
    const first = await promoteNew(services, models[0]);
    const { id: second } = await services.registry.add(models[1]);
    const rows = payments(2_400);
    const loading = commitAll(services, rows, 40);
    const scoredBy = async (model: string) => {
      const question = 'SELECT FROM fraud_scores WHERE model_id = $1 LIMIT 1';
      while ((await store.database.query(question, [model])).rows.length === 0);
    };
    await scoredBy(first);
    await services.registry.promote(second);
    await scoredBy(second);
    await services.registry.rollback('accounts');
    await loading;
    const { rows: scored } = await store.database.query<{ transaction_id: string; models: string[] }>(
      'SELECT transaction_id, array_agg(model_id) AS models FROM fraud_scores GROUP BY transaction_id',
    );
    expect(scored).toHaveLength(rows.length);
    const byId = new Map(scored.map(({ transaction_id, models: names }) => [transaction_id, names]));
    const runs: string[] = [];
    rows.forEach(({ transactionId }, n) => {
      const names = byId.get(transactionId)!;
      expect(names).toHaveLength(1);
      if (names[0] === runs.at(-1)) return;
      expect(n % 40).toBe(0);
      runs.push(names[0]);
    });
    expect(runs).toEqual([first, second, first]);
  });

  test('without a model transactions wait; once one is live they get the scores that they would have got', async () => {
    const rows = payments(700);
    expect(await commit(rows.slice(0, 650), 0)).toEqual({
      accepted: 650,
      duplicates: 0,
      scores: 0,
      alerts: 0,
      awaiting: 650,
    });
    expect(await services.awaiting.scorePage()).toEqual({ transactions: 0, scores: 0, alerts: 0 });
    await promoteNew(services, models[0]);
    expect(await commit(rows.slice(650), 650)).toMatchObject({ scores: 50, awaiting: 0 });
    let scored = 0;
    for (
      let page = await services.awaiting.scorePage();
      page.transactions > 0;
      page = await services.awaiting.scorePage()
    )
      scored += page.scores;
    expect(scored).toBe(650);
    expect(await count('awaiting_scores')).toBe(0);
    expect(await storedScores(services, rows)).toEqual(await scoresOfBatch(services));
    const told = await takeOut(services);
    const scores = told.filter(({ topic }) => topic === OUTPUTS.scores).map(({ value }) => value.transactionId);
    expect(scores.sort()).toEqual(rows.map(({ transactionId }) => transactionId).sort());
    expect(told.filter(({ topic }) => topic === OUTPUTS.alerts)).toHaveLength(await count('alerts'));
  });

  test('a promotion sets off the scoring of what waits, by itself', async () => {
    await commit(payments(30), 0);
    const scored = new Promise<number>((resolve, reject) => {
      services.awaiting.start({ onScored: (scores) => resolve(scores), onProblem: reject });
    });
    await promoteNew(services, models[0]);
    expect(await scored).toBe(30);
    await services.awaiting.stop();
  });

  test('a model that is corrupt holds nothing up: transactions are stored and wait, and the partition says why', async () => {
    const network = models[0].artifacts.autoencoder.slice();
    network[network.length - 100] ^= 1;
    const corrupt = await promoteNew(services, {
      ...models[0],
      artifacts: { ...models[0].artifacts, autoencoder: network },
    });
    const rows = payments(60);
    expect(await commit(rows.slice(0, 40), 0)).toMatchObject({
      accepted: 40,
      scores: 0,
      awaiting: 40,
      modelId: corrupt,
      problem: { code: 'MODEL_CORRUPT' },
    });
    const { rows: positions } = await store.database.query('SELECT next_offset, last_error FROM stream_positions');
    expect(positions).toEqual([{ next_offset: 40, last_error: expect.stringContaining('damaged') }]);
    const problems: unknown[] = [];
    services.awaiting.start({ onScored: () => undefined, onProblem: (error) => problems.push(error) });
    for (let look = 0; look < 5; look++) {
      services.awaiting.look();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await services.awaiting.stop();
    expect(problems).toMatchObject([{ code: 'MODEL_CORRUPT' }]);
    await promoteNew(services, models[1]);
    expect(await commit(rows.slice(40), 40)).toMatchObject({ scores: 20, awaiting: 0 });
    expect(await services.awaiting.scorePage()).toMatchObject({ transactions: 40, scores: 40 });
    expect(await storedScores(services, rows)).toEqual(await scoresOfBatch(services));
  });

  test('a state begun anew, as after a restart, gives the same scores', async () => {
    await promoteNew(services, models[0]);
    const rows = payments(300);
    await commitAll(services, rows.slice(0, 150), 50);
    const restarted = openScoring(store.database);
    await commitAll(restarted.services, rows.slice(150, 200), 50, 150);
    // The first one goes on where the second has written meanwhile, as after a rebalance.
    await commitAll(services, rows.slice(200), 50, 200);
    await restarted.close();
    expect(await storedScores(services, rows)).toEqual(await scoresOfBatch(services));
  });

  test('alerts are told to whoever listens here, once they are committed', async () => {
    await promoteNew(services, models[0]);
    const listening = services.alerts.stream();
    const next = listening.next();
    const { alerts } = await commit(payments(120), 0);
    const { value } = await next;
    expect(alerts).toBeGreaterThan(0);
    const { rows } = await store.database.query('SELECT transaction_id FROM alerts WHERE id = $1', [value.id]);
    expect(rows).toEqual([{ transaction_id: value.transactionId }]);
    await listening.return(undefined);
  });

  test('a batch of dead letters alone moves the offset', async () => {
    await services.streamWriter.commit('transactions', [], [advance(0, 0, { next: 3, deadLetters: 3 })]);
    const { rows } = await store.database.query('SELECT topic, next_offset, dead_letters FROM stream_positions');
    expect(rows).toEqual([{ topic: TOPIC, next_offset: 3, dead_letters: 3 }]);
  });

  if (kind === 'postgres')
    test('a model that is dropped while a batch is scored by it is replaced by the one that is live then', async () => {
      const first = await promoteNew(services, models[0]);
      const second = (await services.registry.add(models[1])).id;
      // Bound out here: within the other transaction it would count as a part of that.
      const write = AsyncResource.bind(() => commit(payments(30), 0));
      let writing: Promise<unknown> | undefined;
      await store.database.transaction(async (tx) => {
        await tx.execute('LOCK TABLE fraud_scores IN SHARE MODE');
        writing = write();
        // Awaited below; a failure before then must not count as unhandled.
        writing.catch(() => undefined);
        const waiting = `SELECT 1 FROM pg_locks WHERE relation = 'fraud_scores'::regclass AND NOT granted`;
        while ((await tx.query(waiting)).rows.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
        await tx.query('UPDATE live_models SET model_id = $1', [second]);
        await tx.query('DELETE FROM models WHERE id = $1', [first]);
      });
      expect(await writing).toMatchObject({ scores: 30, modelId: second });
    });
});
