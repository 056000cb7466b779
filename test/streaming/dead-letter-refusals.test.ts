/** Sending dead letters again to a topic that takes some and refuses others, with a real broker. */
import { Kafka as Client, logLevel } from 'kafkajs';
import { DeadLetterTopic } from '../../src/streaming/dead-letter-reading';
import { replayDeadLetters } from '../../src/streaming/dead-letter-replay';
import type { OutgoingMessage } from '../../src/streaming/kafka/port';
import { describeWithKafka } from './brokers';
import { makeTopics } from './make-topics';

const MAX_MESSAGE_BYTES = 2_000;

describeWithKafka('dead letters that the broker refuses', (given) => {
  it('are told with the reason, and hold up none of the others', async () => {
    const { kafka, prefix, brokers } = given();
    const [topic, deadLetters] = [`${prefix}labels`, `${prefix}dead-letters`];
    const client = new Client({ brokers: brokers.split(','), logLevel: logLevel.NOTHING }).admin();
    await client.connect();
    const configEntries = [{ name: 'max.message.bytes', value: String(MAX_MESSAGE_BYTES) }];
    await makeTopics(client, [
      { topic, numPartitions: 1, configEntries },
      { topic: deadLetters, numPartitions: 1 },
    ]);
    const letterOf = (offset: number, value: string): OutgoingMessage => ({
      key: null,
      value,
      headers: Object.fromEntries(
        Object.entries({
          id: `${topic}/0/${offset}`,
          topic,
          partition: '0',
          offset: String(offset),
          code: 'INVALID',
          reason: 'bad',
          timestamp: '1',
          'failed-at': String(offset + 1),
        }).map(([name, text]) => [`kindred.${name}`, text]),
      ),
    });
    const producer = kafka.producer();
    const tooLarge = incompressible(4 * MAX_MESSAGE_BYTES);
    await producer.send(deadLetters, [letterOf(0, 'first'), letterOf(1, tooLarge), letterOf(2, 'last')]);
    await producer.close();

    const request = { kafka, letters: new DeadLetterTopic(kafka, deadLetters), inputs: [topic], filter: {} };
    const outcome = await replayDeadLetters({ ...request, dryRun: false });
    expect(outcome).toMatchObject({ sent: { [topic]: 2 }, refused: 1 });
    expect(outcome.refusals).toEqual([{ id: `${topic}/0/1`, reason: expect.stringContaining('refused') }]);
    const [{ high }] = await client.fetchTopicOffsets(topic);
    await client.deleteTopics({ topics: [topic, deadLetters] });
    await client.disconnect();
    expect(high).toBe('2');
  }, 60_000);
});

/** The same every time, and no codec makes it much smaller. */
function incompressible(length: number): string {
  let state = 1;
  const next = (): string => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return String.fromCharCode(33 + ((state >>> 16) % 90));
  };
  return Array.from({ length }, next).join('');
}
