/** The real Kafka that suites run against: `eval "$(node scripts/kafka.mjs start)"` names it. Each suite has topics of its own. */
import { randomBytes } from 'node:crypto';
import pino from 'pino';
import { openKafka } from '../../src/streaming/kafka/kafkajs';
import type { Kafka } from '../../src/streaming/kafka/port';
import type { KafkaSettings } from '../../src/streaming/kafka/settings';

export interface TestKafka {
  readonly brokers: string;
  readonly prefix: string;
  readonly settings: KafkaSettings;
  readonly kafka: Kafka;
  /** For processes under test. */
  readonly env: Readonly<Record<string, string>>;
}

const brokers = process.env.KINDRED_TEST_KAFKA_BROKERS;

export function testKafkaSettings(overrides: Partial<KafkaSettings> = {}): KafkaSettings {
  const name = `test-${randomBytes(6).toString('hex')}`;
  return {
    brokers: (brokers ?? '').split(','),
    clientId: name,
    groupId: name,
    topicPrefix: `${name}.`,
    createTopics: true,
    partitions: 3,
    startFrom: 'earliest',
    sessionTimeoutMillis: 10_000,
    maxRecordBytes: 262_144,
    ...overrides,
  };
}

/** Skipped, with the reason in its name, where no broker is given. */
export function describeWithKafka(name: string, suite: (kafka: () => TestKafka) => void): void {
  if (!brokers) {
    describe.skip(`${name} (KINDRED_TEST_KAFKA_BROKERS is not set)`, () => suite(() => absent()));
    return;
  }
  describe(name, () => {
    let given: TestKafka | undefined;
    const make = (): TestKafka => {
      const settings = testKafkaSettings();
      const { topicPrefix: prefix, groupId } = settings;
      const env = {
        KAFKA_BROKERS: brokers,
        KAFKA_TOPIC_PREFIX: prefix,
        KAFKA_GROUP_ID: groupId,
        KAFKA_PARTITIONS: '3',
      };
      return { brokers, prefix, settings, env, kafka: openKafka(settings, pino({ level: 'silent' })) };
    };
    suite(() => {
      given ??= make();
      return given;
    });
  });
}

function absent(): never {
  throw new Error('KINDRED_TEST_KAFKA_BROKERS is not set');
}
