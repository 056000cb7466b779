/**
 * What every verb that needs the store does: read the configuration, open the app, work, and close, whatever happens.
 */
import type { Command } from 'commander';
import type { App } from '../app';
import { type Config, readConfig } from '../config';
import { listenForInterrupts } from './interrupts';
import { openTerminal, type Terminal } from './terminal';

export interface StoreOptions {
  dataDir?: string;
}

export interface Session {
  readonly app: App;
  readonly config: Config;
  readonly terminal: Terminal;
  /** Aborts at the first Ctrl-C. */
  readonly signal: AbortSignal;
}

/** Adds the option that every verb with a store has. */
export function withStoreOption(command: Command): Command {
  return command.option(
    '--data-dir <dir>',
    'folder of the embedded store (default: KINDRED_DATA_DIR, else .kindred; DATABASE_URL replaces the embedded store)',
  );
}

export interface SessionSettings {
  /** What the verb's own options say in place of the environment. */
  overrides?: Partial<Config>;
  /**
   * What the log tells where KINDRED_LOG_LEVEL does not say. Verbs report on stderr in their own words, so that the log says only
   * what is amiss; what runs for long says what goes on.
   * @default 'warn'
   */
  usualLogLevel?: Config['logLevel'];
}

export function configFor(options: StoreOptions, settings: SessionSettings = {}): Config {
  const { overrides = {}, usualLogLevel = 'warn' } = settings;
  // An empty variable means "not set", as in config.ts.
  const environment = { ...process.env, KINDRED_LOG_LEVEL: process.env.KINDRED_LOG_LEVEL || usualLogLevel };
  return readConfig(environment, { ...overrides, dataDir: options.dataDir });
}

/** Opens the store for `work` and closes it, also when `work` fails or is interrupted. */
export async function withApp<T>(
  options: StoreOptions,
  work: (session: Session) => Promise<T>,
  settings: SessionSettings = {},
): Promise<T> {
  const terminal = openTerminal();
  const config = configFor(options, settings);
  const interrupts = listenForInterrupts((line) => terminal.say(line));
  try {
    // Loaded here, so that `kindred --help` does not wait for the database and the trainers.
    const { createApp } = await import('../app');
    // What runs for long off a terminal has a log, and somebody who reads that.
    const logged = settings.usualLogLevel === 'info' && !terminal.animated;
    const app = await createApp(config, logged ? undefined : (sentence) => terminal.say(`warning: ${sentence}`));
    try {
      return await work({ app, config, terminal, signal: interrupts.signal });
    } finally {
      await app.stop();
    }
  } finally {
    interrupts.release();
  }
}
