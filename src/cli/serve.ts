/** `kindred serve`: the GraphQL server on what the store holds. Fills and trains nothing. */
import { Command } from 'commander';
import { parsePort } from './arguments';
import { requirePort } from './port';
import { type StoreOptions, withApp, withStoreOption } from './session';

interface ServeOptions extends StoreOptions {
  host?: string;
  port?: number;
}

export function serveCommand(): Command {
  return withStoreOption(new Command('serve'))
    .description('serve GraphQL on what the store holds')
    .option('--host <host>', 'address to listen on (default: KINDRED_HOST, else 127.0.0.1)')
    .option('--port <port>', 'port to listen on, 0 for any free one (default: KINDRED_PORT, else 4000)', parsePort)
    .addHelpText(
      'after',
      `
Where KAFKA_BROKERS names a broker, this process also reads the streams' topics, sharing them with all processes of its group.
/livez says that it lives, /readyz whether to give it work, /metrics what Prometheus may know (docs/metrics.md). The log goes to
stderr: JSON lines, or lines for people on a terminal. KINDRED_LOG_LEVEL says how much (default: info).

Examples:
  kindred serve
  kindred serve --data-dir mine --port 4001
  DATABASE_URL=postgres://localhost/kindred kindred serve
  DATABASE_URL=postgres://localhost/kindred KAFKA_BROKERS=localhost:9092 kindred serve`,
    )
    .action(serve);
}

async function serve(options: ServeOptions): Promise<void> {
  await withApp(
    options,
    async ({ app, config, terminal, signal }) => {
      await requirePort(config);
      const { url } = await app.start();
      terminal.say(`GraphQL at ${url}; Ctrl-C stops`);
      await untilAborted(signal);
    },
    { overrides: { host: options.host, port: options.port }, usualLogLevel: 'info' },
  );
}

export function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
