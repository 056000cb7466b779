/** A broker that goes away and comes back, and one whose cleaner works: each needs a broker of this suite's own. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka as Client, logLevel } from 'kafkajs';
import pino from 'pino';
import { openKafka } from '../../../src/streaming/kafka/kafkajs';
import type { FetchedRecords, Kafka } from '../../../src/streaming/kafka/port';
import { describeWithKafka, testKafkaSettings } from '../brokers';
import { until } from '../intake';
import { makeTopics } from '../make-topics';
import { BrokerOfItsOwn } from './broker-of-its-own';

describeWithKafka('the port to Kafka, with a broker of its own,', () => {
  const broker = new BrokerOfItsOwn({ properties: { 'log.cleaner.backoff.ms': '100' } });
  let kafka: Kafka;
  let client: Client;

  beforeAll(async () => {
    await broker.start();
    const settings = testKafkaSettings({ brokers: [broker.address], sessionTimeoutMillis: 6_000 });
    kafka = openKafka(settings, pino({ level: 'silent' }));
    client = new Client({ brokers: [broker.address], logLevel: logLevel.NOTHING });
  }, 60_000);

  afterAll(() => broker.stop());

  it('reads a range whose last offsets were compacted away to its end, and leaves no group behind', async () => {
    const topic = 'compacted';
    const admin = client.admin();
    await admin.connect();
    const config = {
      'cleanup.policy': 'compact',
      'segment.ms': '1',
      'min.cleanable.dirty.ratio': '0.0001',
      'max.compaction.lag.ms': '100',
    };
    const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
    await makeTopics(admin, [{ topic, numPartitions: 1, replicationFactor: 1, configEntries }]);
    const producer = kafka.producer();
    for (let n = 0; n < 6; n++) {
      await producer.send(topic, [{ key: 'same', value: `${n}` }]);
      await sleep(10);
    }
    await producer.close();
    const read = async (to: number): Promise<FetchedRecords[]> => {
      const fetches: FetchedRecords[] = [];
      for await (const fetched of kafka.read({ topic, partitions: [{ partition: 0, from: 0, to }] }))
        fetches.push(fetched);
      return fetches;
    };
    const offsets = (fetches: readonly FetchedRecords[]): number[] =>
      fetches.flatMap(({ records }) => records.map(({ offset }) => offset));
    // The newest segment is not cleaned, so of equal keys the last two stay.
    let all: FetchedRecords[] = [];
    for (const end = Date.now() + 20_000; Date.now() < end && offsets(all).length !== 2; await sleep(200))
      all = await read(6);
    expect(offsets(all)).toEqual([4, 5]);
    const range = await read(3);
    expect(offsets(range)).toEqual([]);
    expect(range.at(-1)).toMatchObject({ nextOffset: 3 });
    const { groups } = await admin.listGroups();
    await admin.disconnect();
    expect(groups).toEqual([]);
  });

  it('tells of a broker that went away and did not come back, and works again with one that did', async () => {
    const topic = 'restarted';
    const admin = kafka.admin();
    await admin.createTopics([{ topic, partitions: 1 }]);
    const producer = kafka.producer();
    await producer.send(topic, [{ key: null, value: 'before' }]);
    const seen: FetchedRecords[] = [];
    const crashes: Error[] = [];
    const first = kafka.consumer('first');
    const handlers = { onAssigned: () => undefined, onRecords: (fetched: FetchedRecords) => seen.push(fetched) };
    await first.run([topic], { ...handlers, onCrash: (error) => crashes.push(error) });
    await until(() => seen.length === 1);

    await broker.pause();
    await expect(producer.send(topic, [{ key: null, value: 'lost' }])).rejects.toMatchObject({
      code: 'KAFKA_UNAVAILABLE',
      retriable: true,
    });
    await until(() => crashes.length > 0, 60_000);
    expect(crashes).toEqual([expect.objectContaining({ code: 'KAFKA_UNAVAILABLE', retriable: true })]);
    await expect(admin.offsets(topic)).rejects.toMatchObject({ code: 'KAFKA_UNAVAILABLE' });
    const stopping = Date.now();
    await first.stop();
    // It gives itself ten seconds to take its leave.
    expect(Date.now() - stopping).toBeLessThan(25_000);
    await expect(kafka.consumer('other').run([topic], { ...handlers, onCrash: () => undefined })).rejects.toMatchObject(
      {
        code: 'KAFKA_UNAVAILABLE',
      },
    );

    await broker.start();
    await producer.send(topic, [{ key: null, value: 'after' }]);
    expect((await admin.offsets(topic))[0]).toMatchObject({ start: 0 });
    const second = kafka.consumer('second');
    seen.length = 0;
    await second.run([topic], { ...handlers, onCrash: (error) => crashes.push(error) });
    await until(() => seen.some(({ records }) => records.some(({ value }) => String(value) === 'after')));
    await second.stop();
    await producer.close();
    await admin.close();
    expect(crashes).toHaveLength(1);
  }, 240_000);
});
