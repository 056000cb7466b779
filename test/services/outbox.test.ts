import { fraudModel, OUTPUTS, openScoring, payments, promoteNew, takeOut } from './fraud-store';
import { onBothDatabases, openTestStore, type TestStore } from './test-store';

onBothDatabases((kind) => {
  let store: TestStore;

  beforeAll(async () => {
    store = await openTestStore(kind);
    const { services, close } = openScoring(store.database);
    await promoteNew(services, await fraudModel());
    await close();
  });
  afterAll(() => store.close());
  beforeEach(async () => {
    await store.database.query('TRUNCATE transactions, fraud_scores, alerts, outbox, stream_positions');
  });

  const waiting = async () =>
    (await store.database.query<{ n: number }>('SELECT coalesce(sum(messages), 0)::integer AS n FROM outbox')).rows[0]
      .n;

  test('what a sender records is told as well, each score once however often it is sent', async () => {
    const { services, close } = openScoring(store.database);
    const rows = payments(130);
    const { scores } = await services.fraud.recordTransactions(rows);
    await services.fraud.recordTransactions(rows.slice(0, 60));
    const told = await takeOut(services);
    expect(told.filter(({ topic }) => topic === OUTPUTS.scores).map(({ value }) => value.transactionId)).toEqual(
      rows.map(({ transactionId }) => transactionId),
    );
    const suspicious = scores.filter(({ decision }) => decision === 'REVIEW').map(({ transactionId }) => transactionId);
    expect(suspicious.length).toBeGreaterThan(0);
    const alerts = told.filter(({ topic }) => topic === OUTPUTS.alerts);
    expect(alerts.map(({ value }) => value.transactionId).sort()).toEqual(suspicious.sort());
    await close();
  });

  test('without Kafka nothing is put in, as nothing would take it out', async () => {
    const { services, close } = openScoring(store.database, false);
    const { scores } = await services.fraud.recordTransactions(payments(40));
    expect(scores).toHaveLength(40);
    expect(await waiting()).toBe(0);
    await close();
  });

  test('what was acknowledged before a failure is forgotten, the rest stays', async () => {
    const { services, close } = openScoring(store.database);
    await services.fraud.recordTransactions(payments(300));
    const before = await waiting();
    const sent: string[] = [];
    const failing = services.outbox.drain(async (_, messages) => {
      if (sent.length > 0) throw new Error('away');
      sent.push(...messages.map(({ id }) => id));
    });
    expect([...(await failing).failed.values()]).toContainEqual(new Error('away'));
    expect(sent.length).toBeGreaterThan(0);
    expect(await waiting()).toBe(before - sent.length);
    const rest = (await takeOut(services)).map(({ id }) => id);
    expect(new Set([...sent, ...rest]).size).toBe(before);
    await close();
  });

  test('a topic that cannot be written to holds up no other, however much waits for it', async () => {
    const { services, close } = openScoring(store.database);
    for (let from = 0; from < 400; from += 20) await services.fraud.recordTransactions(payments(20, { from }));
    const alerts: string[] = [];
    const publish = async (topic: string, messages: readonly { id: string }[]): Promise<void> => {
      if (topic === OUTPUTS.scores) throw new Error('away');
      alerts.push(...messages.map(({ id }) => id));
    };
    const { failed } = await services.outbox.drain(publish);
    expect([...failed.keys()]).toEqual([OUTPUTS.scores]);
    while ((await services.outbox.drain(publish, { except: [...failed.keys()] })).published > 0);
    const { rows } = await store.database.query<{ id: string }>('SELECT id FROM alerts');
    expect(alerts.sort()).toEqual(rows.map(({ id }) => id).sort());
    expect(await waiting()).toBe(400);
    await close();
  });

  test('a large batch is put in by pieces that fit into one request each', async () => {
    const { services, close } = openScoring(store.database);
    await services.fraud.recordTransactions(payments(900));
    const { rows } = await store.database.query<{ bytes: number }>('SELECT bytes FROM outbox');
    expect(rows.length).toBeGreaterThan(2);
    for (const { bytes } of rows) expect(bytes).toBeLessThan(512 * 1024);
    await close();
  });

  test('a promotion and a rollback are told once each, and a promotion that changes nothing is not', async () => {
    const { services, close } = openScoring(store.database);
    const first = (await services.registry.live('accounts')).id;
    const second = await promoteNew(services, await fraudModel(2));
    await services.registry.promote(second, { force: true });
    await services.registry.rollback('accounts');
    const told = (await takeOut(services)).filter(({ topic }) => topic === OUTPUTS.models);
    expect(told.map(({ value }) => [value.kind, value.space, value.modelId, value.replacedId])).toEqual([
      ['promote', 'accounts', second, first],
      ['rollback', 'accounts', first, second],
    ]);
    await close();
  });
});
