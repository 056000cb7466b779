import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openDatabase } from '../../src/stores/open';
import { makeStore } from './databases';

it('begins anew where a process was killed while it made the folder', async () => {
  const store = await makeStore('embedded');
  const half = join(store.location.dataDir, 'postgres.new');
  mkdirSync(half, { recursive: true });
  writeFileSync(join(half, 'PG_VERSION'), '18\n');
  const database = await openDatabase(store.location);
  expect((await database.query('SELECT count(*) AS n FROM items')).rows).toEqual([{ n: 0 }]);
  await database.close();
  await store.remove();
});

const unfit = [join(__filename, 'store'), ...(process.platform === 'linux' ? ['/proc/kindred/store'] : [])];
it.each(unfit)('refuses a folder that cannot be made: %s', async (dataDir) => {
  await expect(openDatabase({ dataDir })).rejects.toMatchObject({ code: 'BAD_CONFIGURATION' });
});
