/** Reading a range of a topic from a real broker, to its end and no further. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { FetchedRecords } from '../../../src/streaming/kafka/port';
import { describeWithKafka } from '../brokers';
import { deleteTopics } from '../intake';
import { bare, numbered, scratchTopics } from './scratch-topics';

describeWithKafka('a reader of a range', (given) => {
  const { newTopic, send, sendInTransaction } = scratchTopics(given);
  afterAll(() => deleteTopics(given().prefix));

  const collect = async (topic: string, partitions: { partition: number; from: number; to: number }[]) => {
    const fetches: FetchedRecords[] = [];
    for await (const fetched of given().kafka.read({ topic, partitions })) fetches.push(fetched);
    return fetches;
  };
  const offsetsOf = (fetches: readonly FetchedRecords[]): number[] =>
    fetches.flatMap(({ records }) => records.map(({ offset }) => offset));

  it('reads exactly what it was asked for', async () => {
    const topic = await newTopic(2);
    await send(topic, numbered(100), 0);
    await send(topic, numbered(100), 1);
    const fetches = await collect(topic, [{ partition: 1, from: 10, to: 20 }]);
    expect(offsetsOf(fetches)).toEqual(numbered(10, 10).map(Number));
    expect(fetches.at(-1)).toMatchObject({ partition: 1, nextOffset: 20 });
    expect(await collect(topic, [{ partition: 0, from: 5, to: 5 }])).toEqual([]);
  });

  it('does not fill the memory while nobody asks, and brings the rest to whoever asks later', async () => {
    const topic = await newTopic(4);
    // Fetches bring 1 MB of a partition at most: this makes a hundred and more.
    const value = 'x'.repeat(400_000);
    for (const partition of [0, 1, 2, 3])
      for (let n = 0; n < 4; n++) await send(topic, Array(2).fill(value), partition);
    const partitions = [0, 1, 2, 3].map((partition) => ({ partition, from: 0, to: 8 }));
    let records = 0;
    for await (const fetched of given().kafka.read({ topic, partitions })) {
      records += fetched.records.length;
      await sleep(50);
    }
    expect(records).toBe(32);
  });

  it('says so at once when retention took the beginning away', async () => {
    const topic = await newTopic();
    await send(topic, numbered(10));
    const admin = bare(given().brokers).admin();
    await admin.connect();
    // Loads what the next call needs to know of the topic.
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '4' }] });
    await admin.disconnect();
    await expect(collect(topic, [{ partition: 0, from: 1, to: 10 }])).rejects.toMatchObject({
      code: 'STREAM_POSITION_LOST',
      message: expect.stringMatching(/Offset 1 .* begins at 4/),
    });
    expect(offsetsOf(await collect(topic, [{ partition: 0, from: 4, to: 10 }]))).toEqual([4, 5, 6, 7, 8, 9]);
  });

  it('ends with the marks of a transaction', async () => {
    const topic = await newTopic();
    await sendInTransaction(topic, ['a'], 'commit');
    await sendInTransaction(topic, ['b'], 'abort');
    const fetches = await collect(topic, [{ partition: 0, from: 0, to: 4 }]);
    expect(offsetsOf(fetches)).toEqual([0]);
    expect(fetches.at(-1)!.nextOffset).toBe(4);
  });

  it('ends when it is told to', async () => {
    const topic = await newTopic();
    await send(topic, numbered(5));
    const stop = new AbortController();
    const reading = given().kafka.read({
      topic,
      partitions: [{ partition: 0, from: 0, to: 1_000 }],
      signal: stop.signal,
    });
    const iterator = reading[Symbol.asyncIterator]();
    expect((await iterator.next()).value.records).toHaveLength(5);
    setTimeout(() => stop.abort(), 100);
    await expect(iterator.next()).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('says so when the topic ends before the range does', async () => {
    const topic = await newTopic();
    await send(topic, numbered(5));
    await expect(collect(topic, [{ partition: 0, from: 0, to: 1_000 }])).rejects.toMatchObject({
      code: 'KAFKA_UNAVAILABLE',
      message: expect.stringMatching(/partition 0 at 5 of 1000/),
    });
  });
});
