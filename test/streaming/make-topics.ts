/** Topics made with the client itself, and known to its brokers by then: the client's own wait gives up on one that has not heard of them. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin, ITopicConfig } from 'kafkajs';

const KNOWN_WITHIN_MILLIS = 30_000;

export async function makeTopics(admin: Admin, topics: ITopicConfig[]): Promise<void> {
  await admin.createTopics({ topics, waitForLeaders: false });
  for (const end = Date.now() + KNOWN_WITHIN_MILLIS; ; await sleep(50)) {
    try {
      await admin.fetchTopicMetadata({ topics: topics.map(({ topic }) => topic) });
      return;
    } catch (error) {
      if (Date.now() > end) throw error;
    }
  }
}
