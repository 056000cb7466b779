/** Looks whether a port can be listened on, before minutes of work are spent on what could then not be served. */
import { createServer } from 'node:net';
import type { Config } from '../config';
import { KindredError } from '../errors';

/** @returns what the system says against it, or undefined */
export function portObstacle({
  host,
  port,
}: Pick<Config, 'host' | 'port'>): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', resolve);
    probe.listen(port, host, () => {
      probe.close(() => resolve(undefined));
    });
  });
}

/** @throws KindredError PORT_IN_USE, or BAD_CONFIGURATION where the address cannot be had at all */
export async function requirePort(config: Pick<Config, 'host' | 'port'>): Promise<void> {
  const obstacle = await portObstacle(config);
  if (obstacle === undefined) return;
  const address = `${config.host}:${config.port}`;
  if (obstacle.code === 'EADDRINUSE')
    throw new KindredError('PORT_IN_USE', `Something already listens on ${address}.`, {
      remedy: `Stop it (perhaps another Kindred), or choose another port: KINDRED_PORT=${config.port + 1}.`,
      facts: { host: config.host, port: config.port },
      cause: obstacle,
    });
  throw new KindredError('BAD_CONFIGURATION', `Cannot listen on ${address}: ${obstacle.message}.`, {
    field: obstacle.code === 'EACCES' ? 'KINDRED_PORT' : 'KINDRED_HOST',
    remedy: 'Choose an address of this machine with KINDRED_HOST and a port above 1023 with KINDRED_PORT.',
    cause: obstacle,
  });
}
