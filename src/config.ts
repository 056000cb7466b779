/**
 * The environment, read once into a frozen, validated object. Nothing else in Kindred reads `process.env`.
 * Every variable here is listed in README.md under Configuration.
 */
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { z } from 'zod';
import { secretIn, wrong } from './config-files';
import { KindredError } from './errors';
import { type KafkaSettings, kafkaEnvironment, kafkaSettings } from './streaming/kafka/settings';

const postgresUrl = z.string().regex(/^postgres(ql)?:\/\//, 'must start with postgres:// or postgresql://');

const environment = z.object({
  /** Postgres to use in place of the embedded store. */
  DATABASE_URL: postgresUrl.optional(),
  /** A file that holds DATABASE_URL, for those who keep secrets in files. */
  DATABASE_URL_FILE: z.string().optional(),
  /** A file that holds the password of DATABASE_URL, which then has none. */
  DATABASE_PASSWORD_FILE: z.string().optional(),
  /** Folder of the embedded store. */
  KINDRED_DATA_DIR: z.string().min(1).default('.kindred'),
  KINDRED_HOST: z.string().min(1).default('127.0.0.1'),
  KINDRED_PORT: z.coerce.number().int().min(0).max(65_535).default(4000),
  /** Worker threads that a training run may use; 0 means one for each core. */
  KINDRED_TRAINING_THREADS: z.coerce.number().int().min(0).max(256).default(0),
  KINDRED_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
  ...kafkaEnvironment,
});

export interface Config {
  /** Postgres connection string; undefined means the embedded store in `dataDir`. */
  readonly databaseUrl?: string;
  /** Absolute path. */
  readonly dataDir: string;
  readonly host: string;
  /** 0 asks the system for a free port. */
  readonly port: number;
  readonly trainingThreads: number;
  readonly logLevel: z.infer<typeof environment>['KINDRED_LOG_LEVEL'];
  /** undefined: no streams. */
  readonly kafka?: KafkaSettings;
}

/** @throws KindredError BAD_CONFIGURATION; it never has the URL in it, which may hold a password */
function databaseUrl({
  DATABASE_URL: given,
  DATABASE_URL_FILE: file,
  DATABASE_PASSWORD_FILE: passwordFile,
}: z.output<typeof environment>): string | undefined {
  if (given !== undefined && file !== undefined)
    throw wrong('DATABASE_URL', 'is given twice', 'Set either DATABASE_URL or DATABASE_URL_FILE.');
  const url = file === undefined ? given : secretIn('DATABASE_URL_FILE', file);
  if (file !== undefined && !postgresUrl.safeParse(url).success)
    throw wrong('DATABASE_URL_FILE', 'holds no address of a Postgres', 'It begins with postgres:// or postgresql://.');
  if (passwordFile === undefined) return url;
  if (url === undefined) throw wrong('DATABASE_PASSWORD_FILE', 'is set without DATABASE_URL', 'Set both, or neither.');
  return withPassword(url, secretIn('DATABASE_PASSWORD_FILE', passwordFile));
}

function withPassword(url: string, password: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed?.hostname)
    throw wrong(
      'DATABASE_URL',
      'cannot take a password from a file',
      'Write it as postgresql://user@host:port/database.',
    );
  if (parsed.password !== '' || parsed.searchParams.has('password'))
    throw wrong('DATABASE_PASSWORD_FILE', 'gives a second password', 'Take the password out of DATABASE_URL.');
  if (parsed.username === '' && !parsed.searchParams.has('user'))
    throw wrong('DATABASE_URL', 'names no user for the password', 'Write it as postgresql://user@host:port/database.');
  // Encoded whole: a URL's own setter lets some characters be that drivers take for something else.
  if (parsed.username === '') parsed.searchParams.set('password', password);
  else parsed.password = encodeURIComponent(password);
  return parsed.href;
}

/** @throws KindredError BAD_CONFIGURATION naming every variable that is wrong */
export function readConfig(env: NodeJS.ProcessEnv = process.env, overrides: Partial<Config> = {}): Config {
  // An empty variable means "not set", as in most shells' scripts.
  const present = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = environment.safeParse(present);
  if (!parsed.success) {
    const complaints = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw new KindredError('BAD_CONFIGURATION', `The configuration is wrong. ${complaints.join('; ')}`, {
      field: parsed.error.issues[0]?.path.join('.'),
      remedy: 'Correct or unset the variables named; README.md lists them with their meaning.',
    });
  }
  const value = parsed.data;
  const config: Config = {
    databaseUrl: databaseUrl(value),
    dataDir: value.KINDRED_DATA_DIR,
    host: value.KINDRED_HOST,
    port: value.KINDRED_PORT,
    trainingThreads: value.KINDRED_TRAINING_THREADS || availableParallelism(),
    logLevel: value.KINDRED_LOG_LEVEL,
    kafka: kafkaSettings(value),
    ...Object.fromEntries(Object.entries(overrides).filter(([, given]) => given !== undefined)),
  };
  return Object.freeze({ ...config, dataDir: resolve(config.dataDir) });
}
