import pino from 'pino';
import type { Services } from '../../src/services/services';
import { openKafka } from '../../src/streaming/kafka/kafkajs';
import type { KafkaRecord } from '../../src/streaming/kafka/port';
import { ID_HEADER, OutboxRelay } from '../../src/streaming/outbox-relay';
import { advance, fraudModel, openScoring, payments, promoteNew } from '../services/fraud-store';
import { onBothDatabases, openTestStore, type TestStore } from '../services/test-store';
import { describeWithKafka } from './brokers';

const silent = pino({ level: 'silent' });
const PARTITIONS = 3;

describeWithKafka('the relay of the outbox', (kafka) => {
  onBothDatabases((dialect) => {
    let store: TestStore;
    let topics: { scores: string; alerts: string; models: string };
    const opened: (() => Promise<void>)[] = [];
    let tests = 0;

    beforeAll(async () => {
      store = await openTestStore(dialect);
      const { services, close } = openScoring(store.database, false);
      await promoteNew(services, await fraudModel());
      await close();
    });
    afterAll(() => store.close());
    beforeEach(async () => {
      await store.database.query('TRUNCATE transactions, fraud_scores, alerts, outbox, stream_positions');
      const name = `${kafka().prefix}${dialect}-${++tests}`;
      topics = { scores: `${name}.scores`, alerts: `${name}.alerts`, models: `${name}.models` };
      const admin = kafka().kafka.admin();
      await admin.createTopics(Object.values(topics).map((topic) => ({ topic, partitions: PARTITIONS })));
      await admin.close();
    });
    afterEach(async () => {
      for (const close of opened.splice(0)) await close();
    });

    /** As a process has it. */
    const open = (): Services => {
      const { services, close } = openScoring(store.database, topics);
      opened.push(close);
      return services;
    };
    const relay = (services: Services, through = kafka().kafka, log = silent) =>
      new OutboxRelay({ kafka: through, outbox: services.outbox, log });
    const commit = async (services: Services, count: number, from = 0) => {
      await services.streamWriter.commit('transactions', payments(count, { from }), [advance(from, count)]);
    };
    const waiting = async (): Promise<string[]> => {
      const { rows } = await store.database.query<{ ids: string }>('SELECT ids FROM outbox ORDER BY id');
      return rows.flatMap(({ ids }) => JSON.parse(ids) as string[]);
    };
    const untilEmpty = async () => {
      while ((await waiting()).length > 0) await new Promise((resolve) => setTimeout(resolve, 20));
    };
    const told = async (topic: string): Promise<KafkaRecord[]> => {
      const admin = kafka().kafka.admin();
      const offsets = await admin.offsets(topic);
      await admin.close();
      const partitions = offsets.map(({ partition, start, end }) => ({ partition, from: start, to: end }));
      const records: KafkaRecord[] = [];
      for await (const fetched of kafka().kafka.read({ topic, partitions })) records.push(...fetched.records);
      return records;
    };
    const idsOf = (records: readonly KafkaRecord[]): string[] =>
      records.map(({ headers }) => headers[ID_HEADER].toString()).sort();
    const allIds = async () => [...idsOf(await told(topics.scores)), ...idsOf(await told(topics.alerts))].sort();

    test('tells scores and alerts with their ids, keys and reasons, and keeps none of them', async () => {
      const services = open();
      const running = relay(services);
      running.start();
      await commit(services, 120);
      await untilEmpty();
      await running.stop();
      const rows = new Map(payments(120).map((row) => [row.transactionId, row]));
      const scores = await told(topics.scores);
      expect(scores).toHaveLength(120);
      for (const { key, value, headers } of scores) {
        const message = JSON.parse(value!.toString());
        const { accountId, merchantId, occurredAt } = rows.get(message.transactionId)!;
        expect(key!.toString()).toBe(accountId);
        expect(headers[ID_HEADER].toString()).toBe(`${message.transactionId}/${message.modelId}`);
        const { description: _, ...reason } = (await services.fraud.storedScore(message.transactionId))!.reasons[0];
        expect(message).toMatchObject({ accountId, merchantId, occurredAt: occurredAt.toISOString() });
        expect(message.reasons[0]).toEqual(reason);
        expect(new Date(message.scoredAt).getTime()).toBeGreaterThan(0);
      }
      const alerts = (await told(topics.alerts)).map(({ value }) => JSON.parse(value!.toString()));
      const { rows: raised } = await store.database.query<{ id: string; transaction_id: string }>(
        'SELECT * FROM alerts',
      );
      expect(alerts.map(({ alertId }) => alertId).sort()).toEqual(raised.map(({ id }) => id).sort());
      for (const { alertId, transactionId, value, threshold, createdAt } of alerts) {
        expect(raised.find(({ id }) => id === alertId)).toMatchObject({ transaction_id: transactionId });
        expect(value).toBeGreaterThanOrEqual(threshold);
        expect(new Date(createdAt).getTime()).toBeGreaterThan(0);
      }
    });

    test('what a process committed and did not live to send, the next one sends, under the same ids', async () => {
      await commit(open(), 300);
      const left = await waiting();
      expect(left.length).toBeGreaterThan(300);
      const next = relay(open());
      next.start();
      await untilEmpty();
      await next.stop();
      expect(await allIds()).toEqual(left.sort());
    });

    test('what was sent and not yet forgotten goes out again, known by its id', async () => {
      const services = open();
      await commit(services, 60);
      const left = await waiting();
      const producer = kafka().kafka.producer();
      const dying = services.outbox.drain(async (topic, messages) => {
        await producer.send(
          topic,
          messages.map(({ id, key, content }) => ({ key, value: content, headers: { [ID_HEADER]: id } })),
        );
        throw new Error('killed');
      });
      expect([...(await dying).failed.values()]).toContainEqual(new Error('killed'));
      await producer.close();
      const next = relay(open());
      next.start();
      await untilEmpty();
      await next.stop();
      const ids = await allIds();
      expect(ids.length).toBeGreaterThan(left.length);
      expect([...new Set(ids)]).toEqual(left.sort());
    });

    test('a broker that is away keeps messages waiting, and is complained of once a topic', async () => {
      const lines: string[] = [];
      const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) });
      const nowhere = openKafka({ ...kafka().settings, brokers: ['127.0.0.1:1'] }, silent);
      const services = open();
      await commit(services, 20);
      const left = await waiting();
      let errors = 0;
      const away = new OutboxRelay({
        kafka: nowhere,
        outbox: services.outbox,
        log,
        observer: { onRelayed: () => undefined, onError: () => void errors++ },
      });
      away.start();
      while (errors < 2) await new Promise((resolve) => setTimeout(resolve, 50));
      await commit(services, 5, 20);
      await away.stop();
      const told = lines.map((line) => JSON.parse(line) as { level: number; topic: string });
      expect(told.map(({ level }) => level)).toEqual(told.map(() => pino.levels.values.warn));
      expect(told.map(({ topic }) => topic).sort()).toEqual([...new Set(told.map(({ topic }) => topic))].sort());
      expect((await waiting()).slice(0, left.length)).toEqual(left);
    });

    if (dialect === 'postgres')
      test('several processes share what waits, and tell nothing twice', async () => {
        const services = [open(), open(), open()];
        for (let from = 0; from < 2_000; from += 250) await commit(services[0], 250, from);
        const left = await waiting();
        const relays = services.map((each) => relay(each));
        for (const each of relays) each.start();
        await untilEmpty();
        await Promise.all(relays.map((each) => each.stop()));
        expect(await allIds()).toEqual(left.sort());
      });
  });
});
