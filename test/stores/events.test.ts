import fc from 'fast-check';
import { decodeRecord } from '../../src/domain/decoding';
import { STREAMS, type StreamName, type StreamRecord } from '../../src/domain/events';
import { insertEvents, recordEvents } from '../../src/stores/events';
import { STREAM_TABLES, type StreamTable } from '../../src/stores/stream-tables';
import { rawRecord } from '../domain/raw-records';
import { describeOnEachDatabase } from './databases';

const day = (n: number): Date => new Date(Date.UTC(2026, 0, n));

const PADDING: { [S in StreamName]: (n: string) => StreamRecord[S] } = {
  interactions: (eventId) => ({ eventId, userId: 'u', itemId: 'i', action: 'play', occurredAt: day(1) }),
  transactions: (transactionId) => ({
    transactionId,
    accountId: 'a',
    merchantId: 'm',
    amount: 1,
    currency: 'EUR',
    occurredAt: day(1),
  }),
  relations: (friendId) => ({
    userId: 'a',
    friendId,
    kind: 'friend',
    weight: 1,
    removed: false,
    occurredAt: day(1),
  }),
  items: (itemId) => ({ itemId }),
  users: (userId) => ({ userId }),
  labels: (transactionId) => ({ transactionId, isFraud: false, decidedAt: day(1) }),
};

/** Enough records of no interest, the same each time, to send a batch down COPY's path. */
function padded<S extends StreamName>(stream: S, records: StreamRecord[S][], through: 'arrays' | 'COPY') {
  const count = through === 'arrays' ? 0 : 600;
  const padding = Array.from({ length: count }, (_, n) => PADDING[stream](`zz-padding-${n}`));
  return { records: [...records, ...padding], padding: count };
}

describeOnEachDatabase('Recording events', (database) => {
  beforeEach(async () => {
    await database().query(`TRUNCATE ${STREAMS.join(', ')}`);
  });

  const rowsOf = async (stream: StreamName, columns: string) =>
    (await database().query(`SELECT ${columns} FROM ${stream} t WHERE t::text NOT LIKE '%zz-padding%' ORDER BY 1, 2`))
      .rows;

  describe.each(['arrays', 'COPY'] as const)('through %s', (through) => {
    const record = async <S extends StreamName>(stream: S, records: StreamRecord[S][]) => {
      const { records: all, padding } = padded(stream, records, through);
      const { accepted, duplicates } = await recordEvents(database(), stream, all);
      expect(accepted + duplicates).toBe(records.length + padding);
      return { accepted, duplicates, padding };
    };

    it('counts what is new and what repeats, within a batch and between batches', async () => {
      const play = (eventId: string) => ({ eventId, userId: 'u', itemId: 'i', action: 'play', occurredAt: day(1) });
      const first = await record('interactions', [play('a'), play('b'), play('a')]);
      expect(first).toMatchObject({ accepted: 2 + first.padding, duplicates: 1 });
      const second = await record('interactions', [play('b'), play('c')]);
      expect(second).toMatchObject({ accepted: 1, duplicates: 1 + second.padding });
      expect(await rowsOf('interactions', 'event_id, user_id')).toHaveLength(3);
    });

    it('leaves the rest of the transaction as it is when something was there already', async () => {
      const play = (eventId: string) => ({ eventId, userId: 'u', itemId: 'i', action: 'play', occurredAt: day(1) });
      await record('interactions', [play('known')]);
      const { records, padding } = padded('interactions', [play('known'), play('new')], through);
      // Twice: a batch that comes after one with repeats takes another road than that one.
      const counts = await database().transaction(async (tx) => {
        await tx.query(`INSERT INTO items (item_id) VALUES ('beside')`);
        return [await insertEvents(tx, 'interactions', records), await insertEvents(tx, 'interactions', records)];
      });
      expect(counts.map(({ accepted }) => accepted)).toEqual([1, 0]);
      expect(counts.map(({ duplicates }) => duplicates)).toEqual([1 + padding, 2 + padding]);
      expect(await rowsOf('interactions', 'event_id, user_id')).toHaveLength(2);
      expect(await rowsOf('items', 'item_id, title')).toHaveLength(1);
    });

    it('keeps the first word on a transaction', async () => {
      const pay = (amount: number) => ({
        transactionId: 't',
        accountId: 'a',
        merchantId: 'm',
        amount,
        currency: 'EUR',
        occurredAt: day(1),
      });
      await record('transactions', [pay(10.12345)]);
      expect((await record('transactions', [pay(20)])).accepted).toBe(0);
      expect(await rowsOf('transactions', 'transaction_id, amount')).toEqual([
        { transaction_id: 't', amount: '10.1235' },
      ]);
    });

    it('lets the newest word on a tie win, in whatever order words come, and remembers removals', async () => {
      const tie = (on: number, weight: number, removed = false) => ({
        userId: 'a',
        friendId: 'b',
        kind: 'friend',
        occurredAt: day(on),
        weight,
        removed,
      });
      await record('relations', [tie(2, 2), tie(3, 3, true), tie(1, 1)]);
      expect((await record('relations', [tie(1, 9), tie(3, 3, true), tie(3, 9)])).accepted).toBe(0);
      const columns = 'weight, removed, occurred_at';
      expect(await rowsOf('relations', columns)).toEqual([{ weight: 3, removed: true, occurred_at: day(3) }]);
      expect((await record('relations', [tie(4, 4)])).accepted).toBe(1);
      expect(await rowsOf('relations', columns)).toEqual([{ weight: 4, removed: false, occurred_at: day(4) }]);
    });

    it('lets the newest decision on a transaction win', async () => {
      const label = (on: number, isFraud: boolean, source?: string) => ({
        transactionId: 't',
        decidedAt: day(on),
        isFraud,
        source,
      });
      await record('labels', [label(2, true, 'bank'), label(1, false)]);
      expect((await record('labels', [label(1, false), label(2, false)])).accepted).toBe(0);
      expect((await record('labels', [label(3, false, 'appeal')])).accepted).toBe(1);
      expect((await record('labels', [label(3, false, 'appeal')])).accepted).toBe(0);
      expect(await rowsOf('labels', 'is_fraud, source')).toEqual([{ is_fraud: false, source: 'appeal' }]);
    });

    it('adds to what it knows of an item, and takes nothing away', async () => {
      await record('items', [
        { itemId: 'i', title: 'old' },
        { itemId: 'i', attributes: { year: 1999 } },
      ]);
      const { accepted } = await record('items', [{ itemId: 'i', title: 'new' }]);
      expect(accepted).toBe(1);
      expect((await record('items', [{ itemId: 'i', title: 'new' }])).accepted).toBe(0);
      expect(await rowsOf('items', 'item_id, title, attributes')).toEqual([
        { item_id: 'i', title: 'new', attributes: { year: 1999 } },
      ]);
    });
  });

  it.each(STREAMS)('takes every %s record that decoding lets through, the same both ways', async (stream) => {
    const table = STREAM_TABLES[stream] as StreamTable<unknown>;
    const columns = table.columns.map(([name]) => name).join(', ');
    const all = `SELECT ${columns} FROM ${stream} ORDER BY ${table.columns[0][0]} COLLATE "C", ${table.columns[1][0]}::text COLLATE "C"`;
    await fc.assert(
      fc.asyncProperty(fc.array(rawRecord(stream), { minLength: 200, maxLength: 200 }), async (raws) => {
        const records = raws.flatMap((raw) => {
          const decoded = decodeRecord(stream, raw);
          return decoded.ok ? [decoded.record] : [];
        });
        // 499 and fewer go through arrays; the same ones three times over go through COPY.
        await database().query(`TRUNCATE ${stream}`);
        const few = await recordEvents(database(), stream, records as never);
        const throughArrays = (await database().query(all)).rows;
        await database().query(`TRUNCATE ${stream}`);
        const many = Array.from({ length: Math.ceil(600 / records.length) }, () => records).flat();
        // A stream that merges by key does so before it counts its rows, and may come to arrays again.
        const recorded = await recordEvents(database(), stream, many as never);
        expect(recorded.accepted).toBe(few.accepted);
        expect((await database().query(all)).rows).toEqual(throughArrays);
        expect(throughArrays).toHaveLength(few.accepted);
      }),
      { numRuns: 6 },
    );
  });

  it('gives back the very amount that decoding gave, however many decimals were sent', async () => {
    const amounts = fc.oneof(
      fc.double({ min: -1e15, max: 1e15, noNaN: true }),
      fc.double({ min: -1e3, max: 1e3, noNaN: true }),
      fc.integer().map((n) => n / 1e5),
      fc.constantFrom(0.00005, -0.00005, -0, 1e-7, 10.12345, 549755813888.0001),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(amounts, { minLength: 600, maxLength: 600 }), async (sent) => {
        await database().query('TRUNCATE transactions');
        const records = sent.map((amount, n) => {
          const decoded = decodeRecord('transactions', { ...PADDING.transactions(`t${n}`), amount });
          if (!decoded.ok) throw new Error(decoded.reason);
          return decoded.record;
        });
        await recordEvents(database(), 'transactions', records);
        const { rows } = await database().query<{ amount: string }>(
          'SELECT amount FROM transactions ORDER BY substr(transaction_id, 2)::integer',
        );
        rows.forEach(({ amount }, n) => {
          expect(Number(amount)).toBe(records[n].amount);
        });
      }),
      { numRuns: 4 },
    );
  });

  it('lets two writers of the same records both finish', async () => {
    const plays = Array.from({ length: 2_000 }, (_, n) => ({
      eventId: `e${n}`,
      userId: 'u',
      itemId: 'i',
      action: 'play',
      occurredAt: day(1),
    }));
    const both = await Promise.all([
      recordEvents(database(), 'interactions', plays),
      recordEvents(database(), 'interactions', [...plays].reverse()),
    ]);
    expect(both[0].accepted + both[1].accepted).toBe(2_000);
  });
});
