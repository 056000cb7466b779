/**
 * The port to Kafka on kafkajs. The client writes its log through pino; its own restarts are switched off (a consumer that
 * crashed says so, and whoever runs it makes another), and topics never come into being by being named.
 */
import { Kafka as Client, type KafkaConfig, type LogEntry, logLevel, type SASLOptions } from 'kafkajs';
import type { Logger } from 'pino';
import { registerCodecs } from './codecs';
import { KafkajsAdmin } from './kafkajs-admin';
import { KafkajsConsumer } from './kafkajs-consumer';
import { KafkajsProducer } from './kafkajs-producer';
import { readRange } from './kafkajs-reader';
import { silenceNegativeTimeouts } from './negative-timeouts';
import type { Kafka } from './port';
import type { KafkaSettings } from './settings';

const CONNECTION_TIMEOUT_MILLIS = 5_000;
const REQUEST_TIMEOUT_MILLIS = 15_000;

export function openKafka(settings: KafkaSettings, log: Logger): Kafka {
  registerCodecs();
  silenceNegativeTimeouts();
  const client = new Client(clientConfig(settings, log));
  return {
    consumer: (groupId) =>
      new KafkajsConsumer(client, { groupId, sessionTimeoutMillis: settings.sessionTimeoutMillis }),
    producer: () => new KafkajsProducer(client),
    admin: () => new KafkajsAdmin(client),
    read: (range) => readRange(client, range),
  };
}

function clientConfig(settings: KafkaSettings, log: Logger): KafkaConfig {
  const { brokers, clientId, tls, sasl } = settings;
  return {
    brokers: [...brokers],
    clientId,
    ...(tls && { ssl: { ca: tls.ca, cert: tls.cert, key: tls.key } }),
    ...(sasl && { sasl: sasl as SASLOptions }),
    connectionTimeout: CONNECTION_TIMEOUT_MILLIS,
    authenticationTimeout: REQUEST_TIMEOUT_MILLIS,
    requestTimeout: REQUEST_TIMEOUT_MILLIS,
    enforceRequestTimeout: true,
    retry: { initialRetryTime: 200, maxRetryTime: 5_000, retries: 5 },
    logLevel: logLevel.INFO,
    logCreator: () => (entry) => tell(log, entry),
  };
}

/** What the client calls an error is a try that failed, and most are followed by another: whoever gives up tells it. */
function tell(log: Logger, { level, log: { message, timestamp, logger, ...facts } }: LogEntry): void {
  const { groupId, memberId, broker, error, retryCount, topic, partition } = facts;
  const told = { client: logger, groupId, memberId, broker, error, retryCount, topic, partition };
  if (level === logLevel.ERROR || level === logLevel.WARN) log.debug(told, message);
  else log.trace(told, message);
}
