/** The topics of Kindred: what they are called, and that they are there. */
import { STREAMS, type StreamName } from '../../domain/events';
import { KindredError } from '../../errors';
import type { Kafka } from './port';
import type { KafkaSettings } from './settings';

export interface Topics {
  readonly inputs: readonly string[];
  readonly fraudScores: string;
  readonly alerts: string;
  readonly models: string;
  readonly deadLetters: string;
  /** Fraud scores, alerts, promotions and dead letters. */
  readonly outputs: readonly string[];
}

export function inputTopic({ topicPrefix }: Pick<KafkaSettings, 'topicPrefix'>, stream: StreamName): string {
  return topicPrefix + stream;
}

export function topicsOf(settings: Pick<KafkaSettings, 'topicPrefix'>): Topics {
  const [fraudScores, alerts, models, deadLetters] = ['fraud-scores', 'alerts', 'models', 'dead-letters'].map(
    (name) => settings.topicPrefix + name,
  );
  return {
    inputs: STREAMS.map((stream) => inputTopic(settings, stream)),
    fraudScores,
    alerts,
    models,
    deadLetters,
    outputs: [fraudScores, alerts, models, deadLetters],
  };
}

/**
 * Makes those of the topics that are missing, where that is allowed.
 * @throws KindredError KAFKA_TOPIC_MISSING
 */
export async function ensureTopics(
  kafka: Kafka,
  { createTopics, partitions }: Pick<KafkaSettings, 'createTopics' | 'partitions'>,
  topics: readonly string[],
): Promise<void> {
  const admin = kafka.admin();
  try {
    const existing = new Set(await admin.existing(topics));
    const missing = topics.filter((topic) => !existing.has(topic));
    if (missing.length === 0) return;
    if (!createTopics)
      throw new KindredError('KAFKA_TOPIC_MISSING', `There is no topic ${missing.join(', ')}.`, {
        remedy: 'Make it, or let Kindred make it with KAFKA_CREATE_TOPICS=true.',
        facts: { missing },
        retriable: true,
      });
    await admin.createTopics(missing.map((topic) => ({ topic, partitions })));
  } finally {
    await admin.close();
  }
}
