import { join } from 'node:path';
import { openDatabase } from '../../src/stores/open';
import { makeStore } from './databases';
import { BATCH_ROWS } from './ingesting-process';
import { killInTheMiddle } from './killed-process';

it('keeps every acknowledged batch and no half batch when a process is killed, time after time', async () => {
  const store = await makeStore('embedded');
  let next = 0;
  const acknowledged: string[] = [];
  for (const moment of [
    { afterLines: 2, delayMillis: 3 },
    { afterLines: 5, delayMillis: Math.random() * 40 },
  ]) {
    const script = join(__dirname, 'ingesting-process.ts');
    const outcome = await killInTheMiddle(script, [store.location.dataDir, String(next)], moment);
    expect(outcome).toMatchObject({ killed: true, stderr: '' });
    acknowledged.push(...outcome.acknowledged);

    const database = await openDatabase(store.location);
    const { rows } = await database.query<{ batch: string; rows: number }>(
      "SELECT split_part(event_id, '-', 1) AS batch, count(*) AS rows FROM interactions GROUP BY 1 ORDER BY 1",
    );
    expect(rows.filter((row) => row.rows !== BATCH_ROWS)).toEqual([]);
    const present = new Set(rows.map((row) => row.batch));
    expect(acknowledged.filter((batch) => !present.has(batch))).toEqual([]);
    // At most the one batch that was under way came to be kept without being acknowledged.
    const throughIndex = await database.query<{ n: number }>(
      "SELECT count(*) AS n FROM interactions WHERE user_id = 'user-7'",
    );
    expect(throughIndex.rows[0].n).toBe(rows.length);
    await database.close();
    next = Math.max(...[...present].map(Number)) + 1;
  }
  await store.remove();
}, 120_000);
