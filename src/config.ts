/**
 * The environment, read once into a frozen, validated object. Nothing else in Kindred reads `process.env`.
 * Every variable here is listed in README.md under Configuration.
 */
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { z } from 'zod';
import { KindredError } from './errors';
import { type KafkaSettings, kafkaEnvironment, kafkaSettings } from './streaming/kafka/settings';

const environment = z.object({
  /** Postgres to use in place of the embedded store. */
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must start with postgres:// or postgresql://')
    .optional(),
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
    databaseUrl: value.DATABASE_URL,
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
