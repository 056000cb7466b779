import { openDatabase } from '../../src/stores/open';
import { describeOnEachDatabase } from './databases';

describeOnEachDatabase('A database', (database, store) => {
  beforeEach(async () => {
    await database().query('TRUNCATE items, transactions');
  });

  it('gives the same JavaScript values for the same SQL values', async () => {
    const { rows } = await database().query(
      `SELECT timestamptz '2020-02-29 23:59:59.123+01' AS time, 12.3400::numeric(20, 4) AS amount, 9000000000::bigint AS big,
         0.1::float8 AS real, '{"a": [1, null]}'::jsonb AS document, '[1,2.5]'::vector(2) AS vector, 'x'::text AS text,
         NULL::text AS nothing, true AS yes, '\\x00ff'::bytea AS bytes, ARRAY['a', 'b,"c"'] AS list`,
    );
    expect(rows).toEqual([
      {
        time: new Date('2020-02-29T22:59:59.123Z'),
        amount: '12.3400',
        big: 9_000_000_000,
        real: 0.1,
        document: { a: [1, null] },
        vector: '[1,2.5]',
        text: 'x',
        nothing: null,
        yes: true,
        bytes: Buffer.from([0, 255]),
        list: ['a', 'b,"c"'],
      },
    ]);
  });

  it('takes dates, buffers, arrays and documents as parameters', async () => {
    const at = new Date('1969-07-20T20:17:40.001Z');
    const sql = 'SELECT $1::timestamptz AS at, $2::bytea AS bytes, $3::text[] AS list, $4::jsonb AS document';
    const params = [at, Buffer.from([1, 2]), ['a\\b', 'c"d', 'é,\n'], JSON.stringify({ deep: { a: 'ü' } })];
    for (let time = 0; time < 3; time++) {
      const { rows } = await database().query(sql, params);
      expect(rows).toEqual([{ at, bytes: params[1], list: params[2], document: { deep: { a: 'ü' } } }]);
    }
  });

  it('counts days in UTC', async () => {
    const { rows } = await database().query("SELECT (timestamptz '2020-01-01 23:30:00Z')::date::text AS day");
    expect(rows).toEqual([{ day: '2020-01-01' }]);
  });

  it('copies text rows in, with nulls and escapes, and says how many', async () => {
    const pieces = [Buffer.from('a\tA\\tB\nb\t'), Buffer.from('\\N\nc\té\\\\\n')];
    const copied = await database().transaction((tx) => tx.copyIn('items', ['item_id', 'title'], pieces));
    expect(copied).toBe(3);
    const { rows } = await database().query('SELECT item_id, title FROM items ORDER BY item_id');
    expect(rows).toEqual([
      { item_id: 'a', title: 'A\tB' },
      { item_id: 'b', title: null },
      { item_id: 'c', title: 'é\\' },
    ]);
  });

  it('copies more than goes in one part, cut anywhere, and leaves nothing of it where a row is refused', async () => {
    const title = `${'x'.repeat(100_000)}\\n`;
    function* pieces(rows: number, last = '') {
      let rest = '';
      for (let row = 0; row < rows; row++) {
        rest += `item ${row}\t${title}\n`;
        yield Buffer.from(rest.slice(0, 70_000));
        rest = rest.slice(70_000);
      }
      yield Buffer.from(rest + last);
    }
    const copy = (bytes: Iterable<Buffer>) =>
      database().transaction((tx) => tx.copyIn('items', ['item_id', 'title'], bytes));
    const count = async () =>
      (await database().query('SELECT count(*) AS rows, max(length(title)) AS longest FROM items')).rows[0];
    await expect(copy(pieces(200, 'item 0\tagain\n'))).rejects.toMatchObject({ code: '23505' });
    expect(await count()).toEqual({ rows: 0, longest: null });
    expect(await copy(pieces(200))).toBe(200);
    expect(await count()).toEqual({ rows: 200, longest: 100_001 });
  });

  it('leaves nothing of a transaction that fails, and works on', async () => {
    const failing = database().transaction(async (tx) => {
      await tx.query("INSERT INTO items (item_id) VALUES ('a')");
      await tx.copyIn('items', ['item_id'], [Buffer.from('a\n')]);
    });
    await expect(failing).rejects.toMatchObject({ code: '23505' });
    expect((await database().query('SELECT count(*) AS n FROM items')).rows).toEqual([{ n: 0 }]);
  });

  it('rejects with the SQLSTATE, prepared or not', async () => {
    for (let time = 0; time < 3; time++) {
      await expect(database().query('SELECT 1 / $1::int', [0])).rejects.toMatchObject({ code: '22012' });
      await expect(database().query('SELECT nothing')).rejects.toMatchObject({ code: '42703' });
    }
  });

  it('refuses a query on itself inside a transaction, where it would wait for ever', async () => {
    await expect(database().transaction(() => database().query('SELECT 1'))).rejects.toThrow(/use the transaction/);
  });

  it('keeps transactions that run at once apart', async () => {
    const add = (id: string) =>
      database().transaction(async (tx) => {
        await tx.query('INSERT INTO items (item_id) VALUES ($1)', [id]);
        if (id === 'item-3') throw new Error('not this one');
        return (await tx.query<{ n: number }>('SELECT count(*) AS n FROM items WHERE item_id = $1', [id])).rows[0].n;
      });
    const outcomes = await Promise.allSettled(['1', '2', '3', '4', '5'].map((n) => add(`item-${n}`)));
    expect(outcomes.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
    ]);
    expect((await database().query('SELECT count(*) AS n FROM items')).rows).toEqual([{ n: 4 }]);
  });

  it('is found as it was left, and closes twice without harm', async () => {
    await database().query("INSERT INTO items (item_id) VALUES ('kept')");
    if (store().kind === 'embedded') await database().close();
    const again = await openDatabase(store().location);
    expect((await again.query('SELECT item_id FROM items')).rows).toEqual([{ item_id: 'kept' }]);
    await again.close();
    await again.close();
    await expect(again.query('SELECT 1')).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
  });
});

it('says what to do when Postgres does not answer', async () => {
  const opening = openDatabase({ databaseUrl: 'postgresql://nobody@127.0.0.1:1/none', dataDir: '/nowhere' });
  await expect(opening).rejects.toMatchObject({
    code: 'DATABASE_UNAVAILABLE',
    remedy: expect.stringContaining('DATABASE_URL'),
  });
});
