/** Reads a whole topic, from its beginning to where its end was at the call. */
import { randomUUID } from 'node:crypto';
import type { Scene } from './scene';
import { inTime } from './until';

export interface TopicMessage {
  readonly partition: number;
  readonly offset: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, string>>;
}

/** @param name without the scene's prefix */
export async function readTopic(scene: Scene, name: string): Promise<TopicMessage[]> {
  const topic = scene.prefix + name;
  const missing = new Map<number, number>();
  for (const { partition, low, high } of await scene.admin.fetchTopicOffsets(topic))
    if (Number(high) > Number(low)) missing.set(partition, Number(high));
  const messages: TopicMessage[] = [];
  if (missing.size === 0) return messages;
  const groupId = `${scene.prefix}reader-${randomUUID().slice(0, 8)}`;
  const consumer = scene.kafka.consumer({ groupId, allowAutoTopicCreation: false });
  await consumer.connect();
  try {
    await consumer.subscribe({ topic, fromBeginning: true });
    await inTime(
      `reading ${topic}`,
      new Promise<void>((resolve, reject) => {
        consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
        const eachBatch = async ({ batch }: { batch: import('kafkajs').Batch }): Promise<void> => {
          for (const { offset, key, value, headers } of batch.messages)
            messages.push({ partition: batch.partition, offset: Number(offset), key, value, headers: texts(headers) });
          if (Number(batch.lastOffset()) + 1 >= (missing.get(batch.partition) ?? Number.POSITIVE_INFINITY))
            missing.delete(batch.partition);
          if (missing.size === 0) resolve();
        };
        consumer.run({ eachBatch, autoCommit: false }).catch(reject);
      }),
      30_000,
    );
  } finally {
    await consumer.disconnect();
  }
  await scene.admin.deleteGroups([groupId]);
  return messages.sort((a, b) => a.partition - b.partition || a.offset - b.offset);
}

function texts(headers: import('kafkajs').IHeaders | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name, String(value)]));
}
