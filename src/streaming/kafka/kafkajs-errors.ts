/** What kafkajs throws, in words of ours: whether brokers cannot be reached, refuse who asks, or refuse what is asked. */
import { KafkaJSAggregateError, KafkaJSError } from 'kafkajs';
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
  // Of several topics, say: one reason is enough to go by.
  if (error instanceof KafkaJSAggregateError) return asKafkaError(error.errors[0], doing);
  if (!(error instanceof KafkaJSError)) return error;
  const cause = rootOf(error);
  if (cause instanceof KindredError) return cause;
  const why = reasonIn(cause.message);
  if (LOGIN.has(cause.name))
    return new KindredError('KAFKA_UNAVAILABLE', `${doing} failed: Kafka refuses the login: ${why}.`, {
      field: 'KAFKA_SASL_USERNAME',
      remedy:
        'Check KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME and the password, and that brokers offer this mechanism.',
      cause: error,
    });
  const certificates = remedyForCertificates((cause as { code?: unknown }).code);
  if (certificates)
    return new KindredError('KAFKA_UNAVAILABLE', `${doing} failed: no trust between Kindred and a broker: ${why}.`, {
      field: 'KAFKA_TLS',
      remedy: certificates,
      cause: error,
    });
  if (UNREACHABLE.has(cause.name) || (cause instanceof KafkaJSError && cause.retriable))
    return new KindredError('KAFKA_UNAVAILABLE', `${doing} failed: ${why}.`, {
      remedy: 'Check that the brokers run, KAFKA_BROKERS, and whether they want TLS at this port (KAFKA_TLS).',
      retriable: true,
      cause: error,
    });
  return new KindredError('KAFKA_REFUSED', `${doing} was refused: ${why}.`, {
    remedy: "See the brokers' reason: the topic's limits, the rights of this user, or a setting of the cluster.",
    facts: { kafka: (cause as { type?: string }).type ?? cause.name },
    cause: error,
  });
}

/** @returns undefined where certificates are not what it is about */
function remedyForCertificates(code: unknown): string | undefined {
  if (typeof code !== 'string') return undefined;
  if (/^(UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|CERT_|ERR_TLS_CERT_)/.test(code))
    return "Put the authority that signed the brokers' certificates into KAFKA_TLS_CA_FILE, and name brokers as their certificates do.";
  if (/^ERR_SSL_.*(CERTIFICATE|UNKNOWN_CA|HANDSHAKE_FAILURE)/.test(code))
    return "The brokers want another certificate of Kindred's: set KAFKA_TLS_CERT_FILE and KAFKA_TLS_KEY_FILE.";
  return undefined;
}

/** Of OpenSSL's errors, which are addresses and source files, the part that says something. */
function reasonIn(message: string): string {
  const said = message.match(/:SSL routines:[^:]*:([^:]+):/)?.[1] ?? message;
  return said.trim().replace(/\.$/, '');
}

function rootOf(error: Error): Error {
  let root = error;
  // An error's cause may be anything that was thrown, itself not among them.
  for (let depth = 0; depth < 10 && root.cause instanceof Error; depth++) root = root.cause;
  return root;
}
