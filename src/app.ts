/** The one place where things are constructed and wired. */
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Config } from './config';
import type { TrainingRun } from './domain/model';
import { KindredError } from './errors';
import { openLog } from './log';
import { Metrics } from './metrics';
import { Readiness } from './readiness';
import { type RunningServer, startServer } from './server';
import { openServices, type Services } from './services/services';
import { openDatabase } from './stores/open';

export interface App {
  readonly services: Services;
  /** Serves GraphQL, and reads streams where a broker is configured; resolves once GraphQL answers. */
  start(): Promise<{ url: string }>;
  /** Brings streams to rest, drains HTTP, ends runs, closes the store. Twice without harm. */
  stop(): Promise<void>;
}

/**
 * Opens the store (taking its lock) and constructs the services; serves nothing yet.
 * @param warn told what is amiss with the store, a sentence each. @default the log
 */
export async function createApp(config: Config, warn?: (sentence: string) => void): Promise<App> {
  const log = openLog(config);
  const tell = warn ?? ((sentence: string) => log.warn(sentence));
  const database = await openDatabase(config);
  for (const warning of database.warnings) tell(warning);
  // Loaded only where it is of use: Kafka's client takes a moment.
  const streams = config.kafka && (await import('./stream-wiring')).wireStreams(config.kafka, log);
  const { services, close } = openServices(database, {
    trainingThreads: config.trainingThreads,
    checkpoints: join(config.dataDir, 'checkpoints'),
    onTrainingFailure: (run, error) => logFailure(log, run, error),
    onTrainingNotice: ({ id, trainer }, sentence) => log.info({ run: id, trainer }, sentence),
    ...streams?.serviceSettings,
  });
  try {
    const interrupted = await services.training.recover();
    if (interrupted > 0) tell(`${interrupted} training run(s) that a killed process left are marked as failed.`);
  } catch (error) {
    await close();
    await database.close();
    throw error;
  }
  // Made only where somebody can look at them.
  const openMetrics = (): Metrics => new Metrics({ services, connections: () => database.connections() });
  const openReadiness = (): Readiness =>
    new Readiness({ askStore: () => services.store.describe(), streamsObstacle: streams?.obstacle, log });
  const serve = async (): Promise<RunningServer> => {
    const { host, port } = config;
    const metrics = openMetrics();
    const running = await startServer({ host, port, services, readiness: openReadiness(), metrics, log });
    if (!stopping) streams?.start(services, metrics);
    return running;
  };
  let server: Promise<RunningServer> | undefined;
  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    if (server) log.info('stopping: what is under way ends first');
    // First, so that what is under way still finds all it needs.
    await streams?.stop();
    // A server that failed to start has nothing to stop; whoever started it was told.
    await (await server?.catch(() => undefined))?.stop();
    await close();
    await database.close();
    if (server) log.info('stopped');
  };
  return {
    services,
    start: async () => {
      server ??= serve();
      return { url: (await server).url };
    },
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
  };
}

/** A failure that Kindred named and that has no cause of its own is told whole to whoever asked for the run. */
function logFailure(log: Logger, { id, trainer }: TrainingRun, error: unknown): void {
  if (error instanceof KindredError && error.cause === undefined)
    log.info({ run: id, trainer, code: error.code, reason: error.message }, 'a training run failed');
  else log.error({ err: error, run: id, trainer }, 'a training run failed');
}
