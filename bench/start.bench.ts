/**
 * What `npm start` takes once packages and build are there: the first start (fill an empty store, train three models, promote,
 * serve, answer) and the second one, each a process of its own on the embedded store.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endAll, start } from '../test/cli/process';
import type { Figure } from './figure';

export async function* figures(): AsyncIterable<Figure> {
  const folder = mkdtempSync(join(tmpdir(), 'kindred-bench-'));
  try {
    for (const figure of ['first start, until it answers', 'second start, until it answers']) {
      const startedAt = performance.now();
      const up = start(['up', '--data-dir', join(folder, 'store')], { KINDRED_PORT: '0' });
      await up.until(/GraphQL at/);
      const value = (performance.now() - startedAt) / 1000;
      up.child.kill('SIGINT');
      await up.ended;
      yield { bench: 'start', figure, value, unit: 's' };
    }
  } finally {
    await endAll();
    rmSync(folder, { recursive: true, force: true });
  }
}
