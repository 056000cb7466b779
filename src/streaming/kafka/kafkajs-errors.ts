/** What kafkajs throws, in words of ours: whether brokers cannot be reached, refuse who asks, or refuse what is asked. */
import { KafkaJSError } from 'kafkajs';
import { KindredError } from '../../errors';

const LOGIN = new Set(['KafkaJSSASLAuthenticationError']);
const UNREACHABLE = new Set([
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSRequestTimeoutError',
  'KafkaJSBrokerNotFound',
  'KafkaJSNoBrokerAvailableError',
  'KafkaJSTimeout',
  'KafkaJSGroupCoordinatorNotFound',
]);

/** @param doing what was tried, as the beginning of a sentence: `Producing to kindred.alerts` */
export function asKafkaError(error: unknown, doing: string): unknown {
  if (!(error instanceof KafkaJSError)) return error;
  const cause = rootOf(error);
  if (cause instanceof KindredError) return cause;
  const why = cause.message.replace(/\.$/, '');
  if (LOGIN.has(cause.name))
    return new KindredError('KAFKA_UNAVAILABLE', `${doing} failed: Kafka refuses the login: ${why}.`, {
      field: 'KAFKA_SASL_USERNAME',
      remedy:
        'Check KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME and the password, and that brokers offer this mechanism.',
      cause: error,
    });
  if (UNREACHABLE.has(cause.name) || (cause instanceof KafkaJSError && cause.retriable))
    return new KindredError('KAFKA_UNAVAILABLE', `${doing} failed: ${why}.`, {
      remedy: 'Check KAFKA_BROKERS, KAFKA_TLS and that the brokers run.',
      retriable: true,
      cause: error,
    });
  return new KindredError('KAFKA_REFUSED', `${doing} was refused: ${why}.`, {
    remedy: "See the brokers' reason: the topic's limits, the rights of this user, or a setting of the cluster.",
    facts: { kafka: (cause as { type?: string }).type ?? cause.name },
    cause: error,
  });
}

function rootOf(error: Error): Error {
  let root = error;
  // An error's cause may be anything that was thrown, itself not among them.
  for (let depth = 0; depth < 10 && root.cause instanceof Error; depth++) root = root.cause;
  return root;
}
