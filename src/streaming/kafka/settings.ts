/** How to reach a company's Kafka, and what Kindred's topics and its consumer group are called there; read from KAFKA_ variables. */
import { z } from 'zod';
import { secretIn, textIn, wrong } from '../../config-files';

export const SASL_MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;
export type SaslMechanism = (typeof SASL_MECHANISMS)[number];

export interface KafkaSettings {
  /** host:port of some of the cluster's brokers: the rest is learned from them. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  /** Processes of one group share the partitions between them. */
  readonly groupId: string;
  /** Before the name of every topic. */
  readonly topicPrefix: string;
  /** Whether missing topics are made. */
  readonly createTopics: boolean;
  /** Of topics that Kindred makes. */
  readonly partitions: number;
  /** Where a partition begins that was never read. */
  readonly startFrom: 'earliest' | 'latest';
  /** A member that gives no sign for so long is replaced. */
  readonly sessionTimeoutMillis: number;
  /** A record whose key, value and headers are larger goes to the dead letters. */
  readonly maxRecordBytes: number;
  /** Absent: no TLS. */
  readonly tls?: KafkaTls;
  readonly sasl?: KafkaSasl;
}

/** PEM texts. */
export interface KafkaTls {
  /** Who signed the brokers' certificates; absent: those that Node trusts. */
  readonly ca?: string;
  /** The client's own certificate and its key, where brokers ask for one. */
  readonly cert?: string;
  readonly key?: string;
}

export interface KafkaSasl {
  readonly mechanism: SaslMechanism;
  readonly username: string;
  readonly password: string;
}

function isAddress(text: string): boolean {
  const port = /^(?:[^\s:/]+|\[[0-9a-fA-F:]+\]):(\d{1,5})$/.exec(text)?.[1];
  return port !== undefined && Number(port) >= 1 && Number(port) <= 65_535;
}

const flag = z.enum(['true', 'false']).transform((value) => value === 'true');

/** The variables, each alone; how they relate is checked by `kafkaSettings`. */
export const kafkaEnvironment = {
  /** host:port,host:port … Streams are on where it is set. */
  KAFKA_BROKERS: z
    .string()
    .transform((list) => list.split(',').map((broker) => broker.trim()))
    .refine((list) => list.every(isAddress), { message: 'must be host:port, several with commas between them' })
    .optional(),
  KAFKA_CLIENT_ID: z.string().min(1).max(200).default('kindred'),
  KAFKA_GROUP_ID: z.string().min(1).max(200).default('kindred'),
  KAFKA_TOPIC_PREFIX: z
    .string()
    .regex(/^[a-zA-Z0-9._-]{0,200}$/, 'may hold letters, digits, dots, underscores and hyphens')
    .default('kindred.'),
  KAFKA_CREATE_TOPICS: flag.default(true),
  KAFKA_PARTITIONS: z.coerce.number().int().min(1).max(1_000).default(6),
  KAFKA_START_FROM: z.enum(['earliest', 'latest']).default('earliest'),
  KAFKA_SESSION_TIMEOUT_MS: z.coerce.number().int().min(1_000).max(1_800_000).default(30_000),
  KAFKA_MAX_RECORD_BYTES: z.coerce.number().int().min(1_024).max(16_777_216).default(262_144),
  KAFKA_TLS: flag.default(false),
  KAFKA_TLS_CA_FILE: z.string().optional(),
  KAFKA_TLS_CERT_FILE: z.string().optional(),
  KAFKA_TLS_KEY_FILE: z.string().optional(),
  KAFKA_SASL_MECHANISM: z
    .string()
    .transform((name) => name.toLowerCase())
    .pipe(z.enum(SASL_MECHANISMS))
    .optional(),
  KAFKA_SASL_USERNAME: z.string().optional(),
  KAFKA_SASL_PASSWORD: z.string().optional(),
  KAFKA_SASL_PASSWORD_FILE: z.string().optional(),
};

const environment = z.object(kafkaEnvironment);
type KafkaEnvironment = z.output<typeof environment>;

/**
 * @returns undefined where no broker is named
 * @throws KindredError BAD_CONFIGURATION where variables contradict each other or a file cannot be read
 */
export function kafkaSettings(value: KafkaEnvironment): KafkaSettings | undefined {
  if (!value.KAFKA_BROKERS) return undefined;
  return Object.freeze({
    brokers: value.KAFKA_BROKERS,
    clientId: value.KAFKA_CLIENT_ID,
    groupId: value.KAFKA_GROUP_ID,
    topicPrefix: value.KAFKA_TOPIC_PREFIX,
    createTopics: value.KAFKA_CREATE_TOPICS,
    partitions: value.KAFKA_PARTITIONS,
    startFrom: value.KAFKA_START_FROM,
    sessionTimeoutMillis: value.KAFKA_SESSION_TIMEOUT_MS,
    maxRecordBytes: value.KAFKA_MAX_RECORD_BYTES,
    tls: tlsOf(value),
    sasl: saslOf(value),
  });
}

function tlsOf(value: KafkaEnvironment): KafkaTls | undefined {
  const files = ['KAFKA_TLS_CA_FILE', 'KAFKA_TLS_CERT_FILE', 'KAFKA_TLS_KEY_FILE'] as const;
  const named = files.filter((name) => value[name] !== undefined);
  if (!value.KAFKA_TLS) {
    if (named.length > 0) throw wrong(named[0], 'is set, but TLS is off', 'Set KAFKA_TLS=true, or unset it.');
    return undefined;
  }
  if ((value.KAFKA_TLS_CERT_FILE === undefined) !== (value.KAFKA_TLS_KEY_FILE === undefined))
    throw wrong(named.at(-1)!, 'is set without its other half', 'A certificate and its key go together: set both.');
  const [ca, cert, key] = files.map((name) => value[name] && pemIn(name, value[name]));
  return { ca, cert, key };
}

function pemIn(name: string, path: string): string {
  const text = textIn(name, path);
  // Said here, by the variable's name: what OpenSSL says of it later names neither.
  const block = name === 'KAFKA_TLS_KEY_FILE' ? 'PRIVATE KEY-----' : '-----BEGIN CERTIFICATE-----';
  if (!text.includes(block)) throw wrong(name, `names a file without "${block}"`, 'It is to be a PEM file.');
  return text;
}

function saslOf(value: KafkaEnvironment): KafkaSasl | undefined {
  const { KAFKA_SASL_MECHANISM: mechanism, KAFKA_SASL_USERNAME: username, KAFKA_SASL_PASSWORD_FILE: file } = value;
  const given = value.KAFKA_SASL_PASSWORD;
  if (mechanism === undefined) {
    const set = [username, given, file].some((each) => each !== undefined);
    if (set)
      throw wrong(
        'KAFKA_SASL_MECHANISM',
        'is missing beside a user or a password',
        `Set it: ${SASL_MECHANISMS.join(', ')}.`,
      );
    return undefined;
  }
  if (username === undefined) throw wrong('KAFKA_SASL_USERNAME', 'is missing', 'Set it beside KAFKA_SASL_MECHANISM.');
  if ((given === undefined) === (file === undefined))
    throw wrong(
      'KAFKA_SASL_PASSWORD',
      given === undefined ? 'is missing' : 'is given twice',
      'Set either KAFKA_SASL_PASSWORD or KAFKA_SASL_PASSWORD_FILE.',
    );
  const password = given ?? secretIn('KAFKA_SASL_PASSWORD_FILE', file!);
  return { mechanism, username, password };
}
