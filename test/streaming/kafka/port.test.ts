/** The port on a real broker: what every consumer, producer, admin and reader of Kindred relies on. */
import { setTimeout as sleep } from 'node:timers/promises';
import pino from 'pino';
import { openKafka } from '../../../src/streaming/kafka/kafkajs';
import type { FetchedRecords, Kafka, KafkaConsumer, TopicPartition } from '../../../src/streaming/kafka/port';
import { ensureTopics, topicsOf } from '../../../src/streaming/kafka/topics';
import { describeWithKafka } from '../brokers';
import { deleteTopics, until } from '../intake';
import { bare, numbered, scratchTopics } from './scratch-topics';

/** A member that takes down what it is given. */
class Member {
  readonly seen: FetchedRecords[] = [];
  readonly crashes: Error[] = [];
  assigned: readonly TopicPartition[] = [];
  assignments = 0;
  readonly consumer: KafkaConsumer;

  constructor(kafka: Kafka, group: string) {
    this.consumer = kafka.consumer(group);
  }

  async run(topics: readonly string[], onAssigned?: (consumer: KafkaConsumer) => void): Promise<this> {
    await this.consumer.run(topics, {
      onAssigned: (partitions) => {
        this.assigned = partitions;
        this.assignments++;
        onAssigned?.(this.consumer);
      },
      onRecords: (fetched) => this.seen.push(fetched),
      onCrash: (error) => this.crashes.push(error),
    });
    return this;
  }

  values(partition?: number): string[] {
    return this.seen
      .filter((fetched) => partition === undefined || fetched.partition === partition)
      .flatMap(({ records }) => records.map(({ value }) => String(value)));
  }
}

describeWithKafka('the port to Kafka', (given) => {
  const { newTopic, send, sendInTransaction } = scratchTopics(given);
  afterAll(() => deleteTopics(given().prefix));

  describe('a consumer', () => {
    it('hands over keys, values, headers and times as they were produced, and says where it goes on', async () => {
      const topic = await newTopic();
      const producer = given().kafka.producer();
      const before = Date.now();
      await producer.send(topic, [
        { key: 'k', value: Buffer.from([0, 255]), headers: { one: 'ä', two: Buffer.from([1]) } },
        { key: null, value: null },
      ]);
      await producer.close();
      const member = await new Member(given().kafka, topic).run([topic]);
      await until(() => member.values().length === 2);
      await member.consumer.stop();
      const [first] = member.seen;
      expect(first).toMatchObject({ topic, partition: 0, fetchedOffset: 0, endOffset: 2, nextOffset: 2 });
      const [one, two] = member.seen.flatMap(({ records }) => records);
      expect(one).toMatchObject({ offset: 0, key: Buffer.from('k'), value: Buffer.from([0, 255]) });
      expect({ ...one.headers }).toEqual({ one: Buffer.from('ä'), two: Buffer.from([1]) });
      expect(one.timestamp).toBeGreaterThanOrEqual(before - 1_000);
      expect(two).toMatchObject({ offset: 1, key: null, value: null });
    });

    it('goes where it is sought, also while a fetch is under way, and says where each fetch began', async () => {
      const topic = await newTopic();
      await send(topic, numbered(100));
      const member = await new Member(given().kafka, topic).run([topic], (consumer) =>
        consumer.seek({ topic, partition: 0 }, 90),
      );
      await until(() => member.values().length === 10);
      expect(member.seen[0].fetchedOffset).toBe(90);
      // It waits for records at the end: this one fetch is under way.
      await sleep(30);
      member.consumer.seek({ topic, partition: 0 }, 50);
      await until(() => member.seen.some(({ fetchedOffset }) => fetchedOffset === 50));
      await until(() => member.values().length === 60);
      expect(member.values().slice(10)).toEqual(numbered(50, 50));
      await member.consumer.stop();
    });

    it('loses nothing and repeats nothing when it is paused and goes on with fetches under way', async () => {
      const topic = await newTopic(2);
      await send(topic, numbered(1_000), 0);
      const member = await new Member(given().kafka, topic).run([topic]);
      const sending = (async () => {
        for (let n = 1; n <= 10; n++) await send(topic, numbered(100, n * 100), 1);
      })();
      for (let n = 0; n < 20; n++) {
        member.consumer.pause({ topic, partition: 1 });
        await sleep(n * 3);
        member.consumer.resume({ topic, partition: 1 });
        await sleep(20);
      }
      await sending;
      await until(() => member.values(1).length >= 1_000);
      expect(member.values(1)).toEqual(numbered(1_000, 100));
      expect(member.values(0)).toEqual(numbered(1_000));
      member.consumer.pause({ topic, partition: 1 });
      await send(topic, ['while paused'], 1);
      await send(topic, ['of the other'], 0);
      await until(() => member.values(0).includes('of the other'));
      expect(member.values(1)).not.toContain('while paused');
      await member.consumer.stop();
    });

    it('steps over the marks of transactions, and what was aborted, without a gap in where fetches begin', async () => {
      const topic = await newTopic();
      await sendInTransaction(topic, ['a', 'b'], 'commit');
      await sendInTransaction(topic, ['never', 'never'], 'abort');
      const member = await new Member(given().kafka, topic).run([topic]);
      await until(() => member.seen.at(-1)?.nextOffset === 6);
      await sendInTransaction(topic, ['no', 'no'], 'abort');
      await until(() => member.seen.at(-1)?.nextOffset === 9);
      await send(topic, ['c']);
      await until(() => member.seen.at(-1)?.nextOffset === 10);
      await member.consumer.stop();
      expect(member.values()).toEqual(['a', 'b', 'c']);
      let expected = 0;
      for (const { fetchedOffset, nextOffset } of member.seen) {
        expect(fetchedOffset).toBe(expected);
        expected = nextOffset;
      }
    });

    it('is not led astray by marks of transactions that were fetched before it was sought elsewhere', async () => {
      const topic = await newTopic(2);
      await send(topic, numbered(3), 0);
      await send(topic, numbered(10), 1);
      await sendInTransaction(topic, ['no', 'no'], 'abort', 1);
      const member = new Member(given().kafka, topic);
      // One fetch brings records of 0 and nothing but marks of 1; while those wait to be looked at, 1 is sought.
      let isSought = false;
      const sought = { topic, partition: 1 };
      await member.consumer.run([topic], {
        onAssigned: () => member.consumer.seek(sought, 10),
        onRecords: (fetched) => {
          member.seen.push(fetched);
          if (fetched.partition === 0 && !isSought) member.consumer.seek(sought, 0);
          isSought ||= fetched.partition === 0;
        },
        onCrash: () => undefined,
      });
      await until(() => isSought && member.seen.at(-1)?.nextOffset === 13);
      await member.consumer.stop();
      expect(member.values(1)).toEqual(numbered(10));
      let expected = member.seen.filter(({ partition }) => partition === 1)[0].fetchedOffset;
      for (const { partition, fetchedOffset, nextOffset } of member.seen) {
        if (partition !== 1) continue;
        expect([0, expected]).toContain(fetchedOffset);
        expected = nextOffset;
      }
    });

    it('shares partitions with another member, and gets them back at once when that one leaves', async () => {
      const topic = await newTopic(4);
      // A session that would run for a minute more: only a member that says that it leaves is gone at once.
      const kafka = openKafka({ ...given().settings, sessionTimeoutMillis: 60_000 }, pino({ level: 'silent' }));
      const one = await new Member(kafka, topic).run([topic]);
      expect(one.assigned).toHaveLength(4);
      const two = await new Member(kafka, topic).run([topic]);
      await until(() => one.assigned.length === 2 && two.assigned.length === 2);
      const all = [...one.assigned, ...two.assigned].map(({ partition }) => partition);
      expect(all.sort()).toEqual([0, 1, 2, 3]);
      const left = Date.now();
      await two.consumer.stop();
      await two.consumer.stop();
      await until(() => one.assigned.length === 4);
      expect(Date.now() - left).toBeLessThan(30_000);
      await one.consumer.stop();
    });

    it('that is stopped while it joins does not stay in the group', async () => {
      const topic = await newTopic();
      const first = new Member(given().kafka, topic);
      const joining = first.run([topic]);
      await first.consumer.stop();
      await joining;
      const second = await new Member(given().kafka, topic).run([topic]);
      await until(() => second.assigned.length === 1);
      const { members } = (await describeGroup(topic)).groups[0];
      expect(members).toHaveLength(1);
      await second.consumer.stop();
    });

    it('tells Kafka its positions for tools that show lag, and begins nowhere because of them', async () => {
      const topic = await newTopic();
      await send(topic, numbered(10));
      const member = await new Member(given().kafka, topic).run([topic]);
      await until(() => member.values().length === 10);
      await member.consumer.commit([{ topic, partition: 0, offset: 7 }]);
      await member.consumer.stop();
      const admin = bare(given().brokers).admin();
      await admin.connect();
      const [{ partitions }] = await admin.fetchOffsets({ groupId: topic, topics: [topic] });
      await admin.disconnect();
      expect(partitions).toEqual([expect.objectContaining({ partition: 0, offset: '7' })]);
    });
  });

  async function describeGroup(groupId: string) {
    const admin = bare(given().brokers).admin();
    await admin.connect();
    const described = await admin.describeGroups([groupId]);
    await admin.disconnect();
    return described;
  }

  describe('a producer', () => {
    it('says what the broker says of a message that is too large', async () => {
      const topic = await newTopic();
      const producer = given().kafka.producer();
      await expect(producer.send(topic, [{ key: null, value: Buffer.alloc(2 ** 21) }])).rejects.toMatchObject({
        code: 'KAFKA_REFUSED',
        message: expect.stringMatching(/Producing to .* was refused: .*(larger|too large)/),
        facts: { kafka: 'MESSAGE_TOO_LARGE' },
      });
      // And goes on with the next.
      await producer.send(topic, [{ key: null, value: 'small' }]);
      await producer.close();
      await producer.close();
      await expect(producer.send(topic, [{ key: null, value: 'late' }])).rejects.toMatchObject({ code: 'CANCELLED' });
    });

    it('does not make a topic by naming it', async () => {
      const producer = given().kafka.producer();
      const sending = producer.send(`${given().prefix}nowhere`, [{ key: null, value: 'x' }]);
      await expect(sending).rejects.toMatchObject({ code: expect.stringMatching(/^KAFKA_/) });
      await producer.close();
      const admin = given().kafka.admin();
      expect(await admin.existing([`${given().prefix}nowhere`])).toEqual([]);
      await admin.close();
    });

    it('sends equal keys to one partition', async () => {
      const topic = await newTopic(3);
      const producer = given().kafka.producer();
      const keys = numbered(30);
      await producer.send(
        topic,
        [...keys, ...keys].map((key) => ({ key, value: key })),
      );
      await producer.close();
      const partitionsOf = new Map<string, Set<number>>();
      const ranges = numbered(3).map((n) => ({ partition: Number(n), from: 0, to: Number.MAX_SAFE_INTEGER }));
      const admin = given().kafka.admin();
      const ends = await admin.offsets(topic);
      await admin.close();
      const partitions = ranges.map(({ partition, from }) => ({ partition, from, to: ends[partition].end }));
      for await (const { partition, records } of given().kafka.read({ topic, partitions }))
        for (const { key } of records)
          partitionsOf.set(String(key), (partitionsOf.get(String(key)) ?? new Set()).add(partition));
      expect(partitionsOf.size).toBe(30);
      for (const found of partitionsOf.values()) expect(found.size).toBe(1);
    });
  });

  describe('an admin', () => {
    it('makes topics that are missing, once, whoever asks first', async () => {
      const { settings } = given();
      const topics = [...topicsOf(settings).inputs, ...topicsOf(settings).outputs];
      const refused = ensureTopics(given().kafka, { ...settings, createTopics: false }, topics);
      await expect(refused).rejects.toMatchObject({
        code: 'KAFKA_TOPIC_MISSING',
        remedy: expect.stringMatching(/KAFKA_CREATE_TOPICS/),
      });
      const admin = given().kafka.admin();
      // Again and again: who finds a topic that another has just made must not be told that there is none.
      for (let round = 0; round < 5; round++) {
        const others = topics.slice(0, 3).map((topic) => `${topic}-${round}`);
        await Promise.all([1, 2, 3].map(() => ensureTopics(given().kafka, settings, others)));
        for (const topic of others) expect(await admin.offsets(topic)).toHaveLength(settings.partitions);
      }
      await Promise.all([ensureTopics(given().kafka, settings, topics), ensureTopics(given().kafka, settings, topics)]);
      expect(await admin.existing([...topics, 'not-there'])).toEqual(topics);
      expect(await admin.offsets(topics[0])).toEqual([0, 1, 2].map((partition) => ({ partition, start: 0, end: 0 })));
      await admin.close();
    });

    it('finds offsets by time', async () => {
      const topic = await newTopic();
      await send(topic, numbered(3));
      await sleep(20);
      const between = new Date();
      await sleep(20);
      await send(topic, numbered(2));
      const admin = given().kafka.admin();
      expect(await admin.offsetsAt(topic, new Date(0))).toEqual([{ partition: 0, offset: 0 }]);
      expect(await admin.offsetsAt(topic, between)).toEqual([{ partition: 0, offset: 3 }]);
      expect(await admin.offsetsAt(topic, new Date(Date.now() + 1e6))).toEqual([{ partition: 0, offset: 5 }]);
      await admin.close();
    });
  });
});
