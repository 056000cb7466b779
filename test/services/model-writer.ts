/**
 * Runs as a process of its own, to be killed: adds model after model, promotes each, and says on stdout what has been
 * acknowledged. A training run stands in its store as running all the while.
 */
import { ModelRegistry } from '../../src/services/registry';
import { openDatabase } from '../../src/stores/open';
import { saveRun } from '../../src/stores/runs';
import { embedding } from './test-store';

const ids = Array.from({ length: 200 }, (_, row) => `thing${row}`);

async function main(location: { databaseUrl?: string; dataDir: string }): Promise<void> {
  const database = await openDatabase(location);
  const registry = new ModelRegistry(database);
  const startedAt = new Date(0);
  const run = {
    id: 'run',
    trainer: 'word2vec',
    space: 'items',
    options: {},
    status: 'running',
    done: 1,
    total: 9,
  } as const;
  await saveRun(database, { ...run, startedAt }, startedAt);
  for (let seed = 1; ; seed++) {
    const { id } = await registry.add(embedding({ ids, dimension: 16, seed }));
    process.stdout.write(`added ${id}\n`);
    await registry.promote(id);
    process.stdout.write(`promoted ${id}\n`);
  }
}

void main(JSON.parse(process.argv[2]));
