/** What tests of streams against a real broker share: topics of their own, records to send, and waiting for an end. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka as Client, logLevel } from 'kafkajs';
import pino from 'pino';
import type { StreamName } from '../../src/domain/events';
import { type OpenServices, openServices } from '../../src/services/services';
import type { Database } from '../../src/stores/database';
import { positionRows } from '../../src/stores/stream-positions';
import { openKafka } from '../../src/streaming/kafka/kafkajs';
import type { Kafka, KafkaProducer, OutgoingMessage } from '../../src/streaming/kafka/port';
import type { KafkaSettings } from '../../src/streaming/kafka/settings';
import { inputTopic, topicsOf } from '../../src/streaming/kafka/topics';
import { Streams } from '../../src/streaming/streams';

export const testBrokers = process.env.KINDRED_TEST_KAFKA_BROKERS?.split(',');

/** Settings with topics and a group that nobody else has. */
export function ownSettings(change: Partial<KafkaSettings> = {}): KafkaSettings {
  const name = `t${randomUUID().slice(0, 8)}`;
  return {
    brokers: testBrokers ?? [],
    clientId: name,
    groupId: name,
    topicPrefix: `${name}.`,
    createTopics: true,
    partitions: 2,
    startFrom: 'earliest',
    sessionTimeoutMillis: 6_000,
    maxRecordBytes: 10_000,
    ...change,
  };
}

export class Intake {
  readonly kafka: Kafka;
  readonly opened: OpenServices;
  private readonly members: Streams[] = [];
  private readonly producer: KafkaProducer;

  constructor(
    readonly database: Database,
    readonly settings: KafkaSettings = ownSettings(),
  ) {
    this.kafka = openKafka(settings, pino({ level: 'silent' }));
    this.producer = this.kafka.producer();
    const { fraudScores: scores, alerts, models } = topicsOf(settings);
    this.opened = openServices(database, {
      trainingThreads: 1,
      onTrainingFailure: () => undefined,
      outboxTopics: { scores, alerts, models },
    });
  }

  /** Another member of the group. @param groupId of another group, on the same positions */
  join(groupId = this.settings.groupId): Streams {
    const log = pino({ level: process.env.KINDRED_TEST_LOG_LEVEL ?? 'silent' });
    const streams = new Streams({
      kafka: this.kafka,
      settings: { ...this.settings, groupId },
      services: this.opened.services,
      log,
    });
    this.members.push(streams);
    streams.start();
    return streams;
  }

  async createTopics(): Promise<void> {
    const admin = this.kafka.admin();
    const { inputs, outputs } = topicsOf(this.settings);
    const { partitions } = this.settings;
    await admin.createTopics([...inputs, ...outputs].map((topic) => ({ topic, partitions })));
    await admin.close();
  }

  topic(stream: StreamName): string {
    return inputTopic(this.settings, stream);
  }

  send(stream: StreamName, messages: readonly OutgoingMessage[]): Promise<void> {
    return this.producer.send(this.topic(stream), messages);
  }

  /** Until everything that is in the topics is in the store, or a dead letter. */
  async untilRead(...streams: StreamName[]): Promise<void> {
    const admin = this.kafka.admin();
    try {
      await until(async () => {
        const rows = await positionRows(this.database);
        for (const stream of streams)
          for (const { partition, end } of await admin.offsets(this.topic(stream))) {
            const row = rows.find((each) => each.topic === this.topic(stream) && each.partition === partition);
            if (row?.nextOffset !== end) return false;
          }
        return true;
      });
    } finally {
      await admin.close();
    }
  }

  /** All messages of an output topic. */
  async messages(
    topic: string,
  ): Promise<{ key: string | undefined; value: Buffer | null; headers: Record<string, string> }[]> {
    const admin = this.kafka.admin();
    const ends = await admin.offsets(topic);
    await admin.close();
    const partitions = ends.map(({ partition, start, end }) => ({ partition, from: start, to: end }));
    const found = [];
    for await (const { records } of this.kafka.read({ topic, partitions: partitions.filter((p) => p.from < p.to) }))
      for (const { key, value, headers } of records) {
        const texts = Object.entries(headers).map(([name, bytes]) => [name, bytes.toString()]);
        found.push({ key: key?.toString(), value, headers: Object.fromEntries(texts) });
      }
    return found;
  }

  async count(stream: StreamName): Promise<number> {
    const { rows } = await this.database.query<{ n: number }>(`SELECT count(*) AS n FROM ${stream}`);
    return rows[0].n;
  }

  async positions() {
    return (await positionRows(this.database)).filter(({ topic }) => topic.startsWith(this.settings.topicPrefix));
  }

  async close(): Promise<void> {
    await Promise.all(this.members.map((each) => each.stop()));
    await this.producer.close();
    await this.opened.close();
    await deleteTopics(this.settings.topicPrefix);
  }
}

/** Topics pile up in a broker that many tests share. */
export async function deleteTopics(prefix: string): Promise<void> {
  const admin = new Client({ brokers: testBrokers!, logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(prefix));
  if (topics.length > 0) await admin.deleteTopics({ topics });
  await admin.disconnect();
}

export async function until(what: () => boolean | Promise<boolean>, millis = 30_000): Promise<void> {
  for (const end = Date.now() + millis; !(await what()); await sleep(25))
    if (Date.now() > end) throw new Error('It did not come to that in time.');
}

const TIME = Date.UTC(2026, 0, 1);

/** A valid record of each stream, by number. */
export const RECORDS: { readonly [S in StreamName]: (n: number) => { key: string; value: string } } = {
  interactions: (n) =>
    message(`u${n % 7}`, {
      eventId: `e${n}`,
      userId: `u${n % 7}`,
      itemId: `i${n}`,
      action: 'view',
      occurredAt: TIME + n,
    }),
  transactions: (n) =>
    message(`a${n % 7}`, {
      transactionId: `x${n}`,
      accountId: `a${n % 7}`,
      merchantId: `m${n % 3}`,
      amount: n,
      currency: 'EUR',
      occurredAt: TIME + n * 1_000,
    }),
  relations: (n) => message(`u${n}`, { userId: `u${n}`, friendId: `v${n}`, occurredAt: TIME + n }),
  items: (n) => message(`i${n}`, { itemId: `i${n}`, title: `item ${n}` }),
  users: (n) => message(`u${n}`, { userId: `u${n}`, title: `user ${n}` }),
  labels: (n) => message(`x${n}`, { transactionId: `x${n}`, isFraud: n % 5 === 0, decidedAt: TIME + n }),
};

const message = (key: string, value: object) => ({ key, value: JSON.stringify(value) });
