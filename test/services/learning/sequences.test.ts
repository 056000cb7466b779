/** What the options of sequence trainers make of the records in a store. */
import type { Interaction, Transaction } from '../../../src/domain/events';
import { IngestionService } from '../../../src/services/ingestion';
import { readSequences, type SequenceReading } from '../../../src/services/learning/sequences';
import { sequenceOptionsOf } from '../../../src/services/learning/spaces';
import type { Database } from '../../../src/stores/database';
import { eventPages } from '../../../src/stores/event-pages';
import type { EventSequences } from '../../../src/training/sequence2vec/event-sequences';
import { corpusOf, historiesOf } from '../../../src/training/sequence2vec/histories';
import { describeOnEachDatabase } from '../../stores/databases';

const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 0, minute));

const INTERACTIONS: readonly Omit<Interaction, 'eventId'>[] = [
  { userId: 'ann', itemId: 'hat', action: 'view', occurredAt: at(1), sessionId: 's1' },
  { userId: 'ann', itemId: 'cap', action: 'buy', occurredAt: at(2), sessionId: 's2', value: 3 },
  { userId: 'ann', itemId: 'tie', action: 'view', occurredAt: at(3), sessionId: 's1' },
  { userId: 'bob', itemId: 'cap', action: 'view', occurredAt: at(1), sessionId: 's1' },
  { userId: 'bob', itemId: 'hat', action: 'view', occurredAt: at(2) },
  { userId: 'bob', itemId: 'tie', action: 'buy', occurredAt: at(3), value: 5 },
];

const payment = (n: number, more: Partial<Transaction>): Transaction => ({
  transactionId: `t${n}`,
  accountId: 'acc',
  merchantId: 'grocer',
  amount: 10 * n,
  currency: 'EUR',
  occurredAt: at(n),
  ...more,
});

const TRANSACTIONS: readonly Transaction[] = [
  payment(1, { category: 'food', channel: 'shop', attributes: { mood: 'good' } }),
  payment(2, { merchantId: 'baker', category: 'food', country: 'DE' }),
  payment(3, { accountId: 'other' }),
  payment(4, { merchantId: 'tailor', category: 'clothes', channel: 'web' }),
  payment(5, { currency: 'JPY', amount: 7000 }),
  payment(6, { currency: 'JPY', amount: 9000, accountId: 'other' }),
];

function read({ keys, ids, offsets, things }: EventSequences): Record<string, string[]> {
  return Object.fromEntries(
    keys.map((key, s) => [key, Array.from(things.subarray(offsets[s], offsets[s + 1]), (thing) => ids[thing])]),
  );
}

describeOnEachDatabase('reading sequences', (database) => {
  beforeAll(async () => {
    const ingestion = new IngestionService(database() as Database);
    const interactions = INTERACTIONS.map((each, n) => ({ eventId: `e${n}`, ...each }));
    await ingestion.record('interactions', interactions);
    await ingestion.record('transactions', TRANSACTIONS);
    await ingestion.record('items', [
      { itemId: 'hat', title: 'A hat', attributes: { 'made.of': 'felt', colour: 'red' } },
      { itemId: 'cap', attributes: { colour: 'blue' } },
    ]);
  });

  const reading = (options: Record<string, unknown>, how?: SequenceReading, range = {}) =>
    readSequences(
      { database: database(), range, options, signal: new AbortController().signal },
      sequenceOptionsOf(options),
      how,
    );

  test('by session, a user where events name none, and two of one name are two', async () => {
    const { sequences, facts, data } = await reading({});
    expect(read(sequences)).toEqual({ s1: ['hat', 'tie'], s2: ['cap'], 'bob/s1': ['cap'], bob: ['hat', 'tie'] });
    expect(facts).toEqual({});
    expect(data).toMatchObject({ stream: 'interactions', rows: 6 });
  });

  test('by user, with sessions told apart only where that is wanted', async () => {
    const { sequences } = await reading({ sequences: 'users' });
    expect(read(sequences)).toEqual({ ann: ['hat', 'cap', 'tie'], bob: ['cap', 'hat', 'tie'] });
    const whole = await reading({}, { wholeUsers: true });
    expect(read(whole.sequences)).toEqual(read(sequences));
    const [{ name, codes }] = whole.sequences.categories;
    expect([name, ...codes]).toEqual(['session', 0, 1, 0, 0, -1, -1]);
    // What word2vec makes of it is what the others read.
    const { ids, tokens } = corpusOf(historiesOf(whole.sequences));
    const sentences = [...tokens].map((token) => (token < 0 ? '|' : ids[token])).join(' ');
    expect(sentences).toBe('hat tie | cap | cap | hat tie |');
  });

  test('by account', async () => {
    const { sequences } = await reading({ sequences: 'accounts' });
    expect(read(sequences)).toEqual({ acc: ['grocer', 'baker', 'tailor', 'grocer'], other: ['grocer', 'grocer'] });
  });

  test.each([
    ['users', 'action', { ann: ['view', 'buy', 'view'], bob: ['view', 'view', 'buy'] }, undefined],
    ['users', 'attributes.colour', { ann: ['red', 'blue'], bob: ['blue', 'red'] }, 2],
    ['users', 'attributes.made.of', { ann: ['felt'], bob: ['felt'] }, 4],
    ['accounts', 'category', { acc: ['food', 'food', 'clothes'] }, 3],
    ['accounts', 'channel', { acc: ['shop', 'web'] }, 4],
    ['accounts', 'country', { acc: ['DE'] }, 5],
    ['accounts', 'currency', { acc: ['EUR', 'EUR', 'EUR', 'JPY'], other: ['EUR', 'JPY'] }, undefined],
    ['accounts', 'attributes.mood', { acc: ['good'] }, 5],
  ])(
    'of %s, with %s for the thing; events without it are left out and counted',
    async (kind, field, expected, left) => {
      const { sequences, facts } = await reading({ sequences: kind, field });
      expect(read(sequences)).toEqual(expected);
      expect(facts.eventsWithoutField).toBe(left);
    },
  );

  test('a field that no event has is named, with what to do', async () => {
    for (const options of [
      { sequences: 'users', field: 'attributes.size' },
      { sequences: 'accounts', field: 'attributes.size' },
    ])
      await expect(reading(options)).rejects.toMatchObject({
        code: 'EMPTY_CORPUS',
        field: 'field',
        message: expect.stringContaining('"attributes.size"'),
        remedy: expect.stringContaining(options.sequences === 'users' ? 'ingest items' : 'ingest transactions'),
      });
  });

  test('amounts in bins of equal size, each currency with its own, and their edges among the facts', async () => {
    const { sequences, facts } = await reading({ sequences: 'accounts', amountBins: 2 });
    expect(read(sequences)).toEqual({
      acc: ['grocer·bin 1', 'baker·bin 1', 'tailor·bin 2', 'grocer·bin 1'],
      other: ['grocer·bin 2', 'grocer·bin 2'],
    });
    expect(facts.amountBinEdges).toBe('EUR: 20; JPY: 7000');
    // Bins tell things apart; they are not something to look at besides.
    expect(sequences.amounts).toBeUndefined();
  });

  test('amounts and categories where a trainer looks at them', async () => {
    const payments = (await reading({ sequences: 'accounts' }, { details: true })).sequences;
    expect([...payments.amounts!]).toEqual([10, 20, 40, 7000, 30, 9000]);
    expect(payments.categories.map(({ name, values, codes }) => [name, values, [...codes]])).toEqual([
      ['category', ['food', 'clothes'], [0, 0, 1, -1, -1, -1]],
      ['channel', ['shop', 'web'], [0, -1, 1, -1, -1, -1]],
      ['country', ['DE'], [-1, 0, -1, -1, -1, -1]],
    ]);
    const visits = (await reading({ sequences: 'users' }, { details: true })).sequences;
    expect([...visits.amounts!]).toEqual([Number.NaN, 3, Number.NaN, Number.NaN, Number.NaN, 5]);
    expect(visits.categories[0].values).toEqual(['view', 'buy']);
  });

  test('of a range of time alone, and none of an empty one', async () => {
    const { sequences } = await reading({ sequences: 'users' }, {}, { from: at(2), to: at(3) });
    expect(read(sequences)).toEqual({ ann: ['cap'], bob: ['hat'] });
    await expect(reading({}, {}, { from: at(50) })).rejects.toMatchObject({ code: 'EMPTY_CORPUS' });
  });

  test('the same fingerprint for the same records and options, another for others', async () => {
    const prints = [
      await reading({}),
      await reading({ field: 'itemId' }),
      await reading({ sequences: 'users' }),
      await reading({}, {}, { from: at(2) }),
    ].map(({ fingerprint }) => fingerprint);
    expect((await reading({})).fingerprint).toBe(prints[0]);
    expect(new Set(prints).size).toBe(4);
  });

  test('another fingerprint where a payment is of another amount or currency, if amounts tell things apart', async () => {
    const options = { sequences: 'accounts', amountBins: 2 };
    const { fingerprint } = await reading(options);
    for (const set of ['amount = 11', "currency = 'JPY'"]) {
      await database().query(`UPDATE transactions SET ${set} WHERE transaction_id = 't1'`);
      expect((await reading(options)).fingerprint).not.toBe(fingerprint);
      await database().query("UPDATE transactions SET amount = 10, currency = 'EUR' WHERE transaction_id = 't1'");
    }
    expect((await reading(options)).fingerprint).toBe(fingerprint);
  });

  test('a page at a time, with nothing lost between pages', async () => {
    const ids: string[] = [];
    const sizes: number[] = [];
    for await (const page of eventPages(
      database(),
      {},
      { stream: 'interactions', field: 'attributes.colour', pageRows: 2 },
    )) {
      sizes.push(page.length);
      ids.push(...page.map(({ event_id }) => event_id));
    }
    expect(sizes).toEqual([2, 2, 2]);
    expect(ids).toEqual(['e0', 'e1', 'e2', 'e3', 'e4', 'e5']);
  });

  test('stops when it is told to', async () => {
    const cancelled = new AbortController();
    cancelled.abort();
    const context = { database: database(), range: {}, options: {}, signal: cancelled.signal };
    await expect(readSequences(context, sequenceOptionsOf({}))).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});
