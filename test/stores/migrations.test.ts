import { KindredError } from '../../src/errors';
import { migrate, readMigrations } from '../../src/stores/migrations';
import { openDatabase } from '../../src/stores/open';
import { describeOnEachDatabase, makeStore, testServer } from './databases';

const extra = (name: string, sql: string) => ({ name, sql, checksum: 'c'.repeat(64) });

describeOnEachDatabase('Migrations', (database) => {
  it('are recorded as `prisma migrate deploy` records them', async () => {
    const { rows } = await database().query(
      `SELECT migration_name, checksum, applied_steps_count, finished_at IS NOT NULL AS finished, rolled_back_at, logs
       FROM _prisma_migrations ORDER BY started_at`,
    );
    expect(rows).toEqual(
      readMigrations().map(({ name, checksum }) => ({
        migration_name: name,
        checksum,
        applied_steps_count: 1,
        finished: true,
        rolled_back_at: null,
        logs: null,
      })),
    );
  });

  it('are applied once', async () => {
    expect(await migrate(database())).toEqual([]);
  });

  it('are refused when one was changed after it was applied', async () => {
    const changed = readMigrations().map((migration) => ({ ...migration, checksum: '0'.repeat(64) }));
    await expect(migrate(database(), changed)).rejects.toMatchObject({ code: 'MIGRATION_FAILED' });
  });

  it('leave nothing behind when one fails, and name it', async () => {
    const broken = extra('99990101000000_broken', 'CREATE TABLE half (a int); SELECT nothing;');
    await expect(migrate(database(), [...readMigrations(), broken])).rejects.toThrow(/99990101000000_broken/);
    expect((await database().query("SELECT to_regclass('half') AS half")).rows).toEqual([{ half: null }]);
    expect(await migrate(database())).toEqual([]);
  });

  it('are refused on a database of a newer Kindred', async () => {
    const later = extra('99990101000000_later', 'CREATE TABLE later (a int)');
    expect(await migrate(database(), [...readMigrations(), later])).toEqual([later.name]);
    const error = await migrate(database()).catch((caught: KindredError) => caught);
    expect(error).toBeInstanceOf(KindredError);
    expect(error).toMatchObject({ code: 'MIGRATION_FAILED', message: expect.stringContaining('newer Kindred') });
  });
});

(testServer ? it : it.skip)('apply once when several processes open a new Postgres at the same time', async () => {
  const store = await makeStore('postgres');
  const opened = await Promise.all([1, 2, 3].map(() => openDatabase(store.location)));
  const { rows } = await opened[0].query('SELECT count(*) AS n FROM _prisma_migrations');
  expect(rows).toEqual([{ n: readMigrations().length }]);
  await Promise.all(opened.map((database) => database.close()));
  await store.remove();
});
