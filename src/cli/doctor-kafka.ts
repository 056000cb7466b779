/** What `kindred doctor` looks at where a broker is configured: that it answers and lets us in, and that the topics are there or may be made. */
import { KindredError } from '../errors';
import type { KafkaAdmin } from '../streaming/kafka/port';
import type { KafkaSettings } from '../streaming/kafka/settings';
import { topicsOf } from '../streaming/kafka/topics';
import type { Finding } from './finding';

export async function kafkaFindings(settings: KafkaSettings): Promise<Finding[]> {
  const { openKafka } = await import('../streaming/kafka/kafkajs');
  const { default: pino } = await import('pino');
  const admin = openKafka(settings, pino({ level: 'silent' })).admin();
  const { inputs, outputs } = topicsOf(settings);
  const topics = [...inputs, ...outputs];
  try {
    const existing = new Set(await admin.existing(topics));
    const answer: Finding = {
      check: 'Kafka',
      state: 'ok',
      found: `${settings.brokers.join(', ')} answers${manner(settings)}`,
    };
    const missing = topics.filter((topic) => !existing.has(topic));
    return [answer, await topicsFinding(admin, settings, topics.length, missing)];
  } catch (error) {
    return [failure('Kafka', error)];
  } finally {
    await admin.close();
  }
}

function manner({ tls, sasl }: KafkaSettings): string {
  const login = sasl ? ` to ${sasl.username} (${sasl.mechanism})` : '';
  return `${login}${tls ? ' over TLS' : ''}`;
}

async function topicsFinding(
  admin: KafkaAdmin,
  { createTopics, partitions, topicPrefix }: KafkaSettings,
  wanted: number,
  missing: readonly string[],
): Promise<Finding> {
  const check = 'topics';
  if (missing.length === 0) return { check, state: 'ok', found: `all ${wanted} of ${topicPrefix}* are there` };
  const absent = `${missing.join(', ')} not there`;
  if (!createTopics)
    return {
      check,
      state: 'fail',
      found: `${absent}, and Kindred is told not to make topics`,
      remedy: 'Make them, or let Kindred make them with KAFKA_CREATE_TOPICS=true.',
    };
  try {
    await admin.createTopics(
      missing.map((topic) => ({ topic, partitions })),
      { rehearsal: true },
    );
    return { check, state: 'ok', found: `${absent} yet; the first start makes them` };
  } catch (error) {
    return failure(check, error);
  }
}

function failure(check: string, error: unknown): Finding {
  if (!(error instanceof KindredError)) throw error;
  const { message, code, remedy } = error;
  return { check, state: 'fail', found: `${message} [${code}]`, remedy };
}
