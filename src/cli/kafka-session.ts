/** What every verb does that speaks with Kafka and needs no store: read the configuration, connect, work, and close. */
import type { Config } from '../config';
import { KindredError } from '../errors';
import { openLog } from '../log';
import type { Kafka } from '../streaming/kafka/port';
import type { KafkaSettings } from '../streaming/kafka/settings';
import { listenForInterrupts } from './interrupts';
import { configFor } from './session';
import { openTerminal, type Terminal } from './terminal';

export interface KafkaSession {
  readonly kafka: Kafka;
  readonly settings: KafkaSettings;
  readonly terminal: Terminal;
  /** Aborts at the first Ctrl-C. */
  readonly signal: AbortSignal;
}

/** @throws KindredError BAD_CONFIGURATION where no broker is named */
export function requireKafka({ kafka }: Pick<Config, 'kafka'>): KafkaSettings {
  if (kafka) return kafka;
  throw new KindredError('BAD_CONFIGURATION', 'No Kafka broker is named, so there is no stream to speak with.', {
    field: 'KAFKA_BROKERS',
    remedy: 'Name one or several: KAFKA_BROKERS=localhost:9092',
  });
}

export async function withKafka<T>(work: (session: KafkaSession) => Promise<T>): Promise<T> {
  const terminal = openTerminal();
  const config = configFor({});
  const settings = requireKafka(config);
  const interrupts = listenForInterrupts((line) => terminal.say(line));
  try {
    // Loaded here, so that `kindred --help` does not wait for the client.
    const { openKafka } = await import('../streaming/kafka/kafkajs');
    const kafka = openKafka(settings, openLog(config).child({ part: 'kafka' }));
    return await work({ kafka, settings, terminal, signal: interrupts.signal });
  } finally {
    interrupts.release();
  }
}
