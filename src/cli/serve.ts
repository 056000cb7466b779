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
Examples:
  kindred serve
  kindred serve --data-dir mine --port 4001
  DATABASE_URL=postgres://localhost/kindred kindred serve`,
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
    { host: options.host, port: options.port },
  );
}

export function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
