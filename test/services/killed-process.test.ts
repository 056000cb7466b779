import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ModelRegistry } from '../../src/services/registry';
import { TrainingRuns } from '../../src/services/training';
import type { Database } from '../../src/stores/database';
import { openDatabase } from '../../src/stores/open';
import { makePlace, onBothDatabases, type TestStore } from './test-store';

const TYPESCRIPT = join(__dirname, '..', '..', 'scripts', 'typescript.cjs');

/** Kills a writer some time after its `after`th acknowledgement; returns what it had acknowledged. */
async function writeUntilKilled(location: TestStore['location'], after: number, millis: number): Promise<string[]> {
  const child = spawn(
    process.execPath,
    [
      ...['--disable-warning=ExperimentalWarning', '--require', 'reflect-metadata', '--require', TYPESCRIPT],
      ...[join(__dirname, 'model-writer.ts'), JSON.stringify(location)],
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const exited = once(child, 'exit');
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (lines.length === after) setTimeout(() => child.kill('SIGKILL'), millis);
  }
  expect(await exited).toEqual([null, 'SIGKILL']);
  return lines;
}

const idsOf = (lines: readonly string[], verb: string) =>
  lines.filter((line) => line.startsWith(verb)).map((line) => line.split(' ')[1]);

/** Every version is whole, every table belongs to a version, and what is live is the last that was promoted. */
async function checkStore(database: Database, acknowledged: readonly string[]): Promise<void> {
  const registry = new ModelRegistry(database);
  const models = await registry.list('items');
  expect(models.map(({ id }) => id)).toEqual(expect.arrayContaining(idsOf(acknowledged, 'added')));
  const { rows: tables } = await database.query<{ name: string; indexes: number }>(
    `SELECT t.tablename AS name, count(i.indexname) AS indexes FROM pg_tables t LEFT JOIN pg_indexes i ON i.tablename = t.tablename
     WHERE t.tablename LIKE 'vectors\\_%' GROUP BY t.tablename ORDER BY t.tablename`,
  );
  expect(tables).toEqual(
    models
      .map(({ version }) => ({ name: `vectors_items_${version}`, indexes: 4 }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
  );
  for (const { version, vectors } of models) {
    const { rows } = await database.query<{ count: number }>(`SELECT count(*) AS count FROM vectors_items_${version}`);
    expect(rows[0].count).toBe(vectors);
  }
  const live = await registry.live('items');
  const { rows: promotions } = await database.query<{ model_id: string }>(
    'SELECT model_id FROM promotions ORDER BY id',
  );
  const promoted = promotions.map(({ model_id }) => model_id);
  expect(promoted.at(-1)).toBe(live.id);
  // At most one promotion more than was told: the one whose acknowledgement was killed on its way.
  const told = idsOf(acknowledged, 'promoted');
  expect(promoted.slice(-told.length - 1)).toEqual(expect.arrayContaining(told));
}

onBothDatabases((kind) => {
  test('a process killed while it writes and promotes models leaves no half model and loses none', async () => {
    const { location, remove } = await makePlace(kind);
    try {
      // Starting the embedded store takes seconds each time; once in the middle of a third model is what can be paid for.
      const kills =
        kind === 'embedded'
          ? [[3, 25]]
          : [
              [3, 10],
              [2, 25],
              [3, 40],
            ];
      for (const [after, millis] of kills) {
        const acknowledged = await writeUntilKilled(location, after, millis);
        expect(acknowledged.length).toBeGreaterThanOrEqual(after);
        const database = await openDatabase(location);
        try {
          await checkStore(database, acknowledged);
          const settings = { threads: 1, onFailure: () => undefined };
          const runs = new TrainingRuns(database, new ModelRegistry(database), settings);
          expect(await runs.recover()).toBe(1);
          expect(await runs.get('run')).toMatchObject({ status: 'failed', error: { message: 'interrupted' } });
        } finally {
          await database.close();
        }
      }
    } finally {
      await remove();
    }
  });
});
