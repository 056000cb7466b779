/** Replays from a real broker into both databases. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka as Client, logLevel } from 'kafkajs';
import pino from 'pino';
import type { Interaction } from '../../src/domain/events';
import { type OpenServices, openServices } from '../../src/services/services';
import { openKafka } from '../../src/streaming/kafka/kafkajs';
import type { Kafka } from '../../src/streaming/kafka/port';
import type { KafkaSettings } from '../../src/streaming/kafka/settings';
import { inputTopic } from '../../src/streaming/kafka/topics';
import { type ReplayRequest, type ReplayRunOptions, runReplay } from '../../src/streaming/replay';
import { onBothDatabases, openTestStore, type TestStore } from '../services/test-store';
import { makeTopics } from './make-topics';

const brokers = process.env.KINDRED_TEST_KAFKA_BROKERS;
const PARTITIONS = 3;
const EACH = 4_000;

const settings: KafkaSettings = {
  brokers: (brokers ?? '').split(','),
  clientId: 'kindred-test',
  groupId: `replay-${randomUUID().slice(0, 8)}`,
  topicPrefix: `replay-${randomUUID().slice(0, 8)}.`,
  createTopics: true,
  partitions: PARTITIONS,
  startFrom: 'earliest',
  sessionTimeoutMillis: 30_000,
  maxRecordBytes: 2_000,
};

const interaction = (row: number): Interaction => ({
  ...{ eventId: `e${row}`, userId: `u${row % 50}`, itemId: `i${row % 70}`, action: 'view' },
  occurredAt: new Date(Date.UTC(2026, 0, 1) + row * 1_000),
});

/** One of each way to be refused, in partition 1. */
const REFUSED = [
  { value: 'no JSON', code: 'UNDECODABLE' },
  { value: JSON.stringify({ ...interaction(0), userId: undefined }), code: 'INVALID', field: 'userId' },
  { value: JSON.stringify({ ...interaction(0), pad: 'x'.repeat(3_000) }), code: 'OVERSIZED' },
  { value: null, code: 'UNDECODABLE' },
];

const suite = brokers ? describe : describe.skip;
suite(`kindred replay${brokers ? '' : ' (skipped: KINDRED_TEST_KAFKA_BROKERS is not set)'}`, () => {
  const client = new Client({ brokers: [...settings.brokers], logLevel: logLevel.NOTHING });
  const admin = client.admin();
  const topic = inputTopic(settings, 'interactions');
  let kafka: Kafka;
  /** Between the first half of each partition and the second. */
  let middle: Date;

  beforeAll(async () => {
    await admin.connect();
    kafka = openKafka(settings, pino({ level: 'silent' }));
    await makeTopics(admin, [{ topic, numPartitions: PARTITIONS }]);
    const producer = kafka.producer();
    const send = async (from: number, to: number): Promise<void> => {
      for (let partition = 0; partition < PARTITIONS; partition++)
        for (let start = from; start < to; start += 1_000)
          await producer.send(
            topic,
            Array.from({ length: 1_000 }, (_, at) => {
              const record = interaction((start + at) * PARTITIONS + partition);
              return { key: record.userId, value: JSON.stringify(record), partition };
            }),
          );
    };
    await send(0, EACH / 2);
    await sleep(20);
    middle = new Date();
    await sleep(20);
    await send(EACH / 2, EACH);
    await producer.send(
      topic,
      REFUSED.map(({ value }) => ({ key: 'u1', value, partition: 1 })),
    );
    await producer.close();
  });
  afterAll(async () => {
    await admin.deleteTopics({ topics: [topic] });
    await admin.disconnect();
  });

  onBothDatabases((kind) => {
    let store: TestStore;
    let opened: OpenServices;
    const notes: string[] = [];
    beforeAll(async () => {
      store = await openTestStore(kind);
      opened = openServices(store.database, { trainingThreads: 1, onTrainingFailure: () => undefined });
      const all = Array.from({ length: PARTITIONS * EACH }, (_, row) => interaction(row));
      await opened.services.ingestion.record('interactions', all);
    });
    afterAll(async () => {
      await opened?.close();
      await store?.close();
    });
    beforeEach(() => notes.splice(0));

    const run = (request: Omit<ReplayRequest, 'topic'> & { topic?: string }, more: Partial<ReplayRunOptions> = {}) =>
      runReplay(
        { topic: 'interactions', ...request },
        { kafka, settings, replays: opened.services.replays, onNote: (note) => notes.push(note), ...more },
      );
    const next = (name: string) =>
      store.database
        .query<{ next_offset: number }>(`SELECT next_offset FROM replay_${name}.positions ORDER BY partition`)
        .then(({ rows }) => rows.map(({ next_offset }) => next_offset));

    it('rebuilds what is live, row for row, and lists what is no record with place and reason', async () => {
      const status = await run({ name: 'whole', topic, from: 'earliest' });
      expect(status).toMatchObject({
        ...{ state: 'done', records: PARTITIONS * EACH, duplicates: 0, rejected: REFUSED.length },
      });
      const { rows } = await opened.services.replays.compare(status);
      expect(rows).toEqual({ rows: PARTITIONS * EACH, same: PARTITIONS * EACH, different: 0, missing: 0 });
      const rejects = await opened.services.replays.rejects('whole');
      expect(rejects).toMatchObject(
        REFUSED.map(({ code, field }, at) => ({ partition: 1, offset: EACH + at, code, ...(field && { field }) })),
      );
      for (const { reason } of rejects) expect(reason.length).toBeGreaterThan(5);
    });

    it('takes a range of offsets in each partition, and a range of time', async () => {
      expect(await run({ name: 'offsets', from: '10', to: '15' })).toMatchObject({ records: 5 * PARTITIONS });
      expect(await next('offsets')).toEqual([15, 15, 15]);
      const { rows } = await store.database.query<{ event_id: string }>(
        'SELECT event_id FROM replay_offsets.interactions',
      );
      const wanted = [10, 11, 12, 13, 14].flatMap((at) =>
        [0, 1, 2].map((partition) => `e${at * PARTITIONS + partition}`),
      );
      expect(rows.map(({ event_id }) => event_id).sort()).toEqual(wanted.sort());
      const later = await run({ name: 'later', from: middle.toISOString() });
      expect(later).toMatchObject({ records: (PARTITIONS * EACH) / 2, rejected: REFUSED.length });
      const earlier = await run({ name: 'earlier', from: '2020-01-01', to: middle.toISOString() });
      expect(earlier).toMatchObject({ records: (PARTITIONS * EACH) / 2, rejected: 0 });
    });

    it('goes on where it was stopped, and does nothing when it is done', async () => {
      const stopping = new AbortController();
      const first = run(
        { name: 'stopped', from: '0' },
        { signal: stopping.signal, batchRecords: 500, onRead: () => stopping.abort() },
      );
      await expect(first).rejects.toMatchObject({ code: 'CANCELLED' });
      const sofar = (await opened.services.replays.find('stopped'))!;
      expect(sofar.records).toBeGreaterThan(0);
      expect(sofar.records).toBeLessThan(PARTITIONS * EACH);
      const status = await run({ name: 'stopped', from: '0' });
      expect(notes).toEqual(['The replay "stopped" goes on where it stopped.']);
      expect(status).toMatchObject({
        state: 'done',
        records: PARTITIONS * EACH,
        duplicates: 0,
        rejected: REFUSED.length,
      });
      expect(await run({ name: 'stopped', from: '0' })).toEqual(status);
    });

    it('leaves no group, no position and no record behind', async () => {
      const before = await admin.fetchTopicOffsets(topic);
      await run({ name: 'quiet', from: '0', to: '100' });
      expect(await admin.fetchTopicOffsets(topic)).toEqual(before);
      const { groups } = await admin.listGroups();
      expect(groups.filter(({ groupId }) => groupId.includes(settings.groupId))).toEqual([]);
      expect((await store.database.query('SELECT 1 FROM stream_positions')).rows).toEqual([]);
    });

    it('says what it cannot read, before it makes anything', async () => {
      await expect(run({ name: 'bad', topic: 'alerts', from: '0' })).rejects.toMatchObject({ field: 'topic' });
      await expect(run({ name: 'bad', topic: 'items', from: '0' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
      await expect(run({ name: 'bad', from: 'yesterday' })).rejects.toMatchObject({ field: 'from' });
      await expect(run({ name: 'bad', from: '7', to: '3' })).rejects.toMatchObject({ field: 'to' });
      await expect(run({ name: 'bad"; --', from: '7' })).rejects.toMatchObject({ field: 'into' });
      expect(await opened.services.replays.find('bad')).toBeUndefined();
    });
  });

  it('says what retention took of the range, at the start and while it lay still', async () => {
    const short = inputTopic(settings, 'users');
    await makeTopics(admin, [{ topic: short, numPartitions: 1 }]);
    const producer = kafka.producer();
    await producer.send(
      short,
      Array.from({ length: 100 }, (_, row) => ({ key: null, value: JSON.stringify({ userId: `u${row}` }) })),
    );
    await producer.close();
    const forget = (offset: string) =>
      admin.deleteTopicRecords({ topic: short, partitions: [{ partition: 0, offset }] });
    // The client learns of the topic by this.
    await admin.fetchTopicOffsets(short);
    await forget('30');
    const store = await openTestStore('embedded');
    const { services, close } = openServices(store.database, {
      trainingThreads: 1,
      onTrainingFailure: () => undefined,
    });
    const notes: string[] = [];
    const options = { kafka, settings, replays: services.replays, onNote: (note: string) => notes.push(note) };
    const request = { name: 'short', topic: 'users', from: '10', to: '60' };
    const stopping = new AbortController();
    stopping.abort();
    await expect(runReplay(request, { ...options, signal: stopping.signal })).rejects.toMatchObject({
      code: 'CANCELLED',
    });
    expect(notes).toEqual([expect.stringContaining('offsets 10 to 29 are gone')]);
    await forget('40');
    const status = await runReplay(request, options);
    expect(notes.at(-1)).toContain('offsets 30 to 39 are gone');
    expect(status).toMatchObject({ records: 20, partitions: [{ from: 10, to: 60, next: 60, lost: 30 }] });
    await runReplay({ ...request, name: 'by_time', from: '2020-01-01' }, options);
    expect(notes.at(-1)).toContain('older records of the range may be gone');
    await close();
    await store.close();
    await admin.deleteTopics({ topics: [short] });
  });
});
