/** The one place where things are constructed and wired. */
import type { Config } from './config';
import type { Services } from './services/services';

export interface App {
  readonly services: Services;
  /** Serves GraphQL; resolves once it answers. */
  start(): Promise<{ url: string }>;
  /** Drains HTTP, ends runs, closes the store. Twice without harm. */
  stop(): Promise<void>;
}

/** Opens the store (taking its lock) and constructs the services; serves nothing yet. */
export function createApp(config: Config): Promise<App> {
  throw new Error(`unwritten ${config}`);
}
