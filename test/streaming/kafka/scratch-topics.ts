/** Topics that a test makes, and what it writes into them, marks of transactions among it. */
import { Kafka as Client, logLevel } from 'kafkajs';
import type { TestKafka } from '../brokers';

/** The client itself, for what Kindred's port has no need of. */
export const bare = (brokers: string): Client =>
  new Client({ brokers: brokers.split(','), logLevel: logLevel.NOTHING });

export const numbered = (count: number, from = 0): string[] => Array.from({ length: count }, (_, n) => `${from + n}`);

export interface ScratchTopics {
  newTopic(partitions?: number): Promise<string>;
  send(topic: string, values: readonly string[], partition?: number): Promise<void>;
  /** Its end, either way, is a record of its own that no reader sees. */
  sendInTransaction(
    topic: string,
    values: readonly string[],
    end: 'commit' | 'abort',
    partition?: number,
  ): Promise<void>;
}

export function scratchTopics(given: () => TestKafka): ScratchTopics {
  let made = 0;
  return {
    newTopic: async (partitions = 1) => {
      const topic = `${given().prefix}scratch-${made++}`;
      const admin = given().kafka.admin();
      await admin.createTopics([{ topic, partitions }]);
      await admin.close();
      return topic;
    },
    send: async (topic, values, partition = 0) => {
      const producer = given().kafka.producer();
      await producer.send(
        topic,
        values.map((value) => ({ key: null, value, partition })),
      );
      await producer.close();
    },
    sendInTransaction: async (topic, values, end, partition = 0) => {
      const transactionalId = `${topic}-${made++}`;
      const producer = bare(given().brokers).producer({ transactionalId, maxInFlightRequests: 1 });
      await producer.connect();
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: values.map((value) => ({ value, partition })) });
      await transaction[end]();
      await producer.disconnect();
    },
  };
}
