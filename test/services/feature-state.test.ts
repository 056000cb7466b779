import fc from 'fast-check';
import { Client } from 'pg';
import type { Label, Transaction } from '../../src/domain/events';
import { FEATURE_NAMES } from '../../src/features/columns';
import { FeatureStream } from '../../src/features/feature-stream';
import { parseFeatureOptions } from '../../src/features/options';
import type { FeatureTransaction } from '../../src/features/transaction';
import { FeatureState } from '../../src/services/feature-state';
import type { Database } from '../../src/stores/database';
import { insertTransactions, recordEvents } from '../../src/stores/events';
import { changesSince } from '../../src/stores/feature-history';
import { openDatabase } from '../../src/stores/open';
import { DAY, streams } from '../features/transactions.arbitrary';
import { describeOnEachDatabase, makeStore, testServer } from '../stores/databases';

const OPTIONS = parseFeatureOptions();
const WIDTH = FEATURE_NAMES.length;

type Rows = Map<string, number[]>;

/** What a walk over all of it in order of time gives. */
function walked(stream: readonly FeatureTransaction[]): Rows {
  const rows: Rows = new Map();
  const features = new FeatureStream(OPTIONS, ({ transactionId }, row) => rows.set(transactionId, [...row]));
  for (const transaction of stream) features.push(transaction);
  features.flush();
  return rows;
}

const asTransaction = ({ isFraud, decidedAt, ...rest }: FeatureTransaction): Transaction => ({
  ...rest,
  currency: 'EUR',
});

const labelsIn = (stream: readonly FeatureTransaction[]): Label[] =>
  stream.flatMap(({ transactionId, isFraud, decidedAt }) =>
    isFraud === undefined || decidedAt === undefined ? [] : [{ transactionId, isFraud, decidedAt }],
  );

/** Pieces of a stream that leave no instant in two. */
function batchesOf(stream: readonly FeatureTransaction[], size: number): FeatureTransaction[][] {
  const batches: FeatureTransaction[][] = [];
  for (const transaction of stream) {
    const last = batches.at(-1);
    const sameInstant = last?.at(-1)?.occurredAt.getTime() === transaction.occurredAt.getTime();
    if (last && (last.length < size || sameInstant)) last.push(transaction);
    else batches.push([transaction]);
  }
  return batches;
}

/** Writes and describes a batch as the stream writer does. */
async function take(database: Database, state: FeatureState, batch: readonly FeatureTransaction[]): Promise<Rows> {
  const transactions = batch.map(asTransaction);
  const values = await database.transaction(async (tx) => {
    await insertTransactions(tx, transactions);
    await state.prepare(tx, transactions, OPTIONS);
    return state.describe(transactions);
  });
  state.committed();
  return rowsOf(transactions, values);
}

const rowsOf = (transactions: readonly Transaction[], values: Float32Array): Rows =>
  new Map(
    transactions.map(({ transactionId }, row) => [transactionId, [...values.subarray(row * WIDTH, (row + 1) * WIDTH)]]),
  );

class Undone extends Error {}

/** The same, undone by a failure at the end. */
async function fail(database: Database, state: FeatureState, batch: readonly FeatureTransaction[]): Promise<void> {
  const transactions = batch.map(asTransaction);
  const work = database.transaction(async (tx) => {
    await insertTransactions(tx, transactions);
    await state.prepare(tx, transactions, OPTIONS);
    state.describe(transactions);
    throw new Undone();
  });
  await expect(work).rejects.toThrow(Undone);
  state.rolledBack();
}

describeOnEachDatabase('feature state', (database) => {
  beforeEach(async () => {
    await database().query('TRUNCATE transactions, labels');
  });

  it('gives the bits of a walk in order of time, whoever writes, whatever is undone or let go, and after a restart', async () => {
    const steps = fc.array(fc.constantFrom('take', 'fail', 'other', 'restart', 'small'), {
      minLength: 1,
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(streams, steps, fc.integer({ min: 1, max: 9 }), async (stream, kinds, size) => {
        await database().query('TRUNCATE transactions, labels');
        await recordEvents(database(), 'labels', labelsIn(stream));
        const expected = walked(stream);
        let state = new FeatureState();
        for (const [at, batch] of batchesOf(stream, size).entries()) {
          const kind = kinds[at % kinds.length];
          if (kind === 'other') {
            await recordEvents(database(), 'transactions', batch.map(asTransaction));
            continue;
          }
          if (kind === 'restart') state = new FeatureState();
          if (kind === 'small') state = new FeatureState({ maxRows: 2 });
          if (kind === 'fail') await fail(database(), state, batch);
          const rows = await take(database(), state, batch);
          for (const [id, row] of rows) expect(row).toEqual(expected.get(id));
        }
        const transactions = stream.map(asTransaction);
        const stored = await database().transaction((tx) => state.describeStored(tx, transactions, OPTIONS));
        expect(rowsOf(transactions, stored)).toEqual(expected);
      }),
      { numRuns: 25 },
    );
  });

  it('counts labels that come later, changed ones too, from whoever writes them', async () => {
    await fc.assert(
      fc.asyncProperty(streams, async (stream) => {
        await database().query('TRUNCATE transactions, labels');
        const state = new FeatureState();
        for (const batch of batchesOf(stream, 7)) await take(database(), state, batch);
        const early = labelsIn(stream).map((label) => ({
          ...label,
          isFraud: !label.isFraud,
          decidedAt: new Date(label.decidedAt.getTime() - DAY),
        }));
        await recordEvents(database(), 'labels', early);
        const transactions = stream.map(asTransaction);
        await database().transaction((tx) => state.describeStored(tx, transactions, OPTIONS));
        await recordEvents(database(), 'labels', labelsIn(stream));
        const values = await database().transaction((tx) => state.describeStored(tx, transactions, OPTIONS));
        expect(rowsOf(transactions, values)).toEqual(walked(stream));
      }),
      { numRuns: 15 },
    );
  });

  it('describes one that comes late by what was before it, and counts it for those after', async () => {
    await fc.assert(
      fc.asyncProperty(streams, fc.integer(), async (stream, seed) => {
        await database().query('TRUNCATE transactions, labels');
        const state = new FeatureState();
        const order = stream.map((_, at) => at).sort((a, b) => ((a * 7919 + seed) % 31) - ((b * 7919 + seed) % 31));
        const known: FeatureTransaction[] = [];
        for (const at of order) {
          const unlabelled = asTransaction(stream[at]);
          known.push(unlabelled);
          const expected = walked([...known].sort((a, b) => a.occurredAt.getTime() - b.occurredAt.getTime()));
          const rows = await take(database(), state, [unlabelled]);
          expect(rows.get(unlabelled.transactionId)).toEqual(expected.get(unlabelled.transactionId));
        }
      }),
      { numRuns: 8 },
    );
  });

  it('describes those that come very late to a busy merchant, and those after, beside all that happened since', async () => {
    const busy = made(0, 6_000, DAY / 50);
    await recordEvents(database(), 'transactions', busy.map(asTransaction));
    const state = new FeatureState();
    const known: FeatureTransaction[] = [...busy];
    const give = async (batch: readonly FeatureTransaction[]): Promise<void> => {
      known.push(...batch);
      const expected = walked([...known].sort((a, b) => a.occurredAt.getTime() - b.occurredAt.getTime()));
      for (const [id, row] of await take(database(), state, batch)) expect(row).toEqual(expected.get(id));
    };
    const at = (id: string, days: number): FeatureTransaction => ({
      ...busy[0],
      transactionId: id,
      amount: 77,
      occurredAt: new Date(busy[0].occurredAt.getTime() + days * DAY + 1),
    });
    await give([at('now', 120)]);
    await give([at('late', 60)]);
    await give([at('late too', 60.5), at('later', 61), at('now again', 121)]);
    await give([at('far ahead', 900)]);
    await give([at('in between', 122)]);
  });

  it('forgets what it knew where more has changed than is worth reading', async () => {
    const state = new FeatureState();
    const first = made(0, 50);
    await take(database(), state, first);
    const many = made(50, 21_000);
    await recordEvents(database(), 'transactions', many.map(asTransaction));
    const last = made(21_050, 20);
    const rows = await take(database(), state, last);
    const expected = walked([...first, ...many, ...last]);
    for (const [id, row] of rows) expect(row).toEqual(expected.get(id));
  });
});

describeOnEachDatabase('feature state over what a dump brought', (database) => {
  const first = made(0, 60);
  const next = made(60, 10);
  /** Beyond every number that this server has given out. */
  const ahead = (on: { query: Database['query'] }) =>
    on.query(
      "UPDATE transactions SET arrival = (arrival::text::bigint + 1000000000)::text::xid8 WHERE transaction_id < 't000060'",
    );

  it('does not take rows whose writers had higher numbers elsewhere for new ones again and again', async () => {
    await recordEvents(database(), 'transactions', first.map(asTransaction));
    await ahead(database());
    const [before, after] = await database().transaction(async (tx) => {
      const { snapshot } = await changesSince(tx, undefined, []);
      return [snapshot, await changesSince(tx, snapshot, [])];
    });
    expect(after.rows).toEqual([]);
    expect((await database().transaction((tx) => changesSince(tx, before, []))).rows).toEqual([]);
  });

  it('counts rows that carry, by chance, the number of the very transaction that asks', async () => {
    const expected = walked([...first, ...next]);
    const state = new FeatureState();
    const transactions = next.map(asTransaction);
    const values = await database().transaction(async (tx) => {
      await insertTransactions(tx, transactions);
      await tx.query('UPDATE transactions SET arrival = pg_current_xact_id()');
      await state.prepare(tx, transactions, OPTIONS);
      return state.describe(transactions);
    });
    for (const [id, row] of rowsOf(transactions, values)) expect(row).toEqual(expected.get(id));
  });

  it('knows nothing any more of what it read from a server that is gone', async () => {
    await database().transaction(async (tx) => {
      const { snapshot } = await changesSince(tx, undefined, []);
      expect((await changesSince(tx, snapshot, [])).rows).toBeDefined();
      expect((await changesSince(tx, { ...snapshot, server: 'another' }, [])).rows).toBeUndefined();
    });
  });
});

/** In order of time. @param gap milliseconds @default one a second */
function made(from: number, count: number, gap = 1_000): FeatureTransaction[] {
  return Array.from({ length: count }, (_, n) => ({
    transactionId: `t${String(from + n).padStart(6, '0')}`,
    accountId: `a${(from + n) % 7}`,
    merchantId: `m${(from + n) % 11}`,
    amount: ((from + n) % 101) + 0.5,
    occurredAt: new Date(Date.UTC(2026, 0, 1) + (from + n) * gap),
  }));
}

(testServer ? describe : describe.skip)(
  'feature state beside another session (needs KINDRED_TEST_DATABASE_URL)',
  () => {
    it('sees what a transaction wrote that was under way for several batches, once it ends', async () => {
      const store = await makeStore('postgres');
      const database = await openDatabase(store.location);
      const other = new Client({ connectionString: store.location.databaseUrl });
      await other.connect();
      try {
        const stream = made(0, 60);
        const state = new FeatureState();
        await take(database, state, stream.slice(0, 10));
        await other.query('BEGIN');
        for (const { transactionId, accountId, merchantId, amount, occurredAt } of stream.slice(10, 20))
          await other.query(
            `INSERT INTO transactions (transaction_id, account_id, merchant_id, amount, currency, occurred_at)
           VALUES ($1, $2, $3, $4, 'EUR', $5)`,
            [transactionId, accountId, merchantId, amount, occurredAt],
          );
        const without = walked([...stream.slice(0, 10), ...stream.slice(20, 40)]);
        const before = await take(database, state, stream.slice(20, 40));
        for (const [id, row] of before) expect(row).toEqual(without.get(id));
        await other.query('COMMIT');
        const all = walked(stream);
        const after = await take(database, state, stream.slice(40));
        for (const [id, row] of after) expect(row).toEqual(all.get(id));
      } finally {
        await other.end();
        await database.close();
        await store.remove();
      }
    });
  },
);
