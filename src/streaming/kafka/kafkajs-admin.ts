/** Topics and offsets through kafkajs' admin client. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Admin, type Kafka as Client, KafkaJSProtocolError } from 'kafkajs';
import { CancelledError } from '../../errors';
import { asKafkaError } from './kafkajs-errors';
import type { KafkaAdmin, PartitionOffsets } from './port';

/** For so long brokers may not know a topic that was just made: they hear of it within moments, on a busy machine within seconds. */
const KNOWN_WITHIN_MILLIS = 30_000;
const LOOK_MILLIS = 100;

export class KafkajsAdmin implements KafkaAdmin {
  private readonly admin: Admin;
  private connecting?: Promise<void>;
  private closed = false;

  constructor(client: Client) {
    this.admin = client.admin();
  }

  existing(topics: readonly string[]): Promise<string[]> {
    return this.run('Listing topics', async () => {
      const present = new Set(await this.admin.listTopics());
      return topics.filter((topic) => present.has(topic));
    });
  }

  createTopics(
    topics: readonly { topic: string; partitions: number }[],
    { rehearsal = false }: { rehearsal?: boolean } = {},
  ): Promise<void> {
    return this.run(`Creating ${topics.map(({ topic }) => topic).join(', ')}`, async () => {
      for (const { topic, partitions } of topics) {
        try {
          await this.admin.createTopics({
            validateOnly: rehearsal,
            // The client gives up on a broker that does not know the topic yet; see `untilKnown`.
            waitForLeaders: false,
            // -1: as many replicas as the cluster gives by default.
            topics: [{ topic, numPartitions: partitions, replicationFactor: -1 }],
          });
        } catch (error) {
          if (!isThereAlready(error)) throw error;
        }
      }
      if (!rehearsal) await this.untilKnown(topics.map(({ topic }) => topic));
    });
  }

  /** The controller has made them; a broker hears of that, and of their leaders, a moment later. */
  private async untilKnown(topics: readonly string[]): Promise<void> {
    for (const end = performance.now() + KNOWN_WITHIN_MILLIS; ; await sleep(LOOK_MILLIS)) {
      try {
        await this.admin.fetchTopicMetadata({ topics: [...topics] });
        return;
      } catch (error) {
        if (!isNotKnownYet(error) || this.closed || performance.now() > end) throw error;
      }
    }
  }

  offsets(topic: string): Promise<PartitionOffsets[]> {
    return this.run(`Asking for the offsets of ${topic}`, async () =>
      (await this.admin.fetchTopicOffsets(topic))
        .map(({ partition, low, high }) => ({ partition, start: Number(low), end: Number(high) }))
        .sort((a, b) => a.partition - b.partition),
    );
  }

  offsetsAt(topic: string, time: Date): Promise<{ partition: number; offset: number }[]> {
    return this.run(`Asking for the offsets of ${topic} at ${time.toISOString()}`, async () =>
      (await this.admin.fetchTopicOffsetsByTimestamp(topic, time.getTime()))
        .map(({ partition, offset }) => ({ partition, offset: Number(offset) }))
        .sort((a, b) => a.partition - b.partition),
    );
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await this.connecting?.then(
      () => this.admin.disconnect(),
      () => undefined,
    );
  }

  private async run<T>(doing: string, work: () => Promise<T>): Promise<T> {
    if (this.closed) throw new CancelledError(doing);
    try {
      this.connecting ??= this.admin.connect().catch((error) => {
        this.connecting = undefined;
        throw error;
      });
      await this.connecting;
      return await work();
    } catch (error) {
      throw asKafkaError(error, doing);
    } finally {
      // The client connects anew for what was under way when it was closed.
      if (this.closed) await this.admin.disconnect();
    }
  }
}

function isNotKnownYet(error: unknown): boolean {
  const { type, cause } = error as { type?: unknown; cause?: unknown };
  if (type === 'UNKNOWN_TOPIC_OR_PARTITION' || type === 'LEADER_NOT_AVAILABLE') return true;
  // After its own tries the client wraps the last of them.
  return cause instanceof Error && cause !== error && isNotKnownYet(cause);
}

/** Another process made it in the meantime. */
function isThereAlready(error: unknown): boolean {
  const errors = (error as { errors?: unknown[] }).errors ?? [error];
  return errors.every((each) => each instanceof KafkaJSProtocolError && each.type === 'TOPIC_ALREADY_EXISTS');
}
