import fc from 'fast-check';
import { decodeRecord, STREAM_FIELDS, timeOf } from '../../src/domain/decoding';
import { STREAMS } from '../../src/domain/events';
import { parseIso } from '../../src/domain/times';
import { rawRecord } from './raw-records';

const play = { userId: 'u', itemId: 'i', action: 'play', occurredAt: '2026-01-01T00:00:00Z' };
const payment = {
  transactionId: 't',
  accountId: 'a',
  merchantId: 'm',
  amount: '12.50',
  currency: 'eur',
  occurredAt: 1_767_225_600_000,
};
const tie = { userId: 'b', friendId: 'a', occurredAt: '2026-01-01' };

describe('Decoding', () => {
  it('takes text from files and values from JSON alike', () => {
    expect(decodeRecord('transactions', payment)).toEqual({
      ok: true,
      record: { ...payment, amount: 12.5, currency: 'EUR', occurredAt: new Date('2026-01-01') },
    });
    expect(decodeRecord('labels', { transactionId: 7, isFraud: '1', decidedAt: '2026-01-02' })).toMatchObject({
      record: { transactionId: '7', isFraud: true },
    });
  });

  it('gives an interaction without an id one that depends on its content only', () => {
    const id = (raw: object) => {
      const decoded = decodeRecord('interactions', { ...play, ...raw });
      return decoded.ok ? decoded.record.eventId : decoded;
    };
    expect(id({})).toBe(id({ occurredAt: '2026-01-01T01:00:00+01:00' }));
    const others = [{ value: 0 }, { sessionId: 's' }, { userId: 'ui', itemId: 'x' }, { occurredAt: '2026-01-02' }];
    expect(new Set([{}, ...others].map(id)).size).toBe(5);
    expect(id({ eventId: 'mine' })).toBe('mine');
  });

  it('writes a tie one way round', () => {
    expect(decodeRecord('relations', tie)).toMatchObject({
      record: { userId: 'a', friendId: 'b', kind: 'friend', weight: 1, removed: false },
    });
  });

  it.each([
    ['interactions', play, { userId: undefined }, 'userId', 'is missing'],
    ['interactions', play, { userId: '  ' }, 'userId', 'is blank'],
    ['interactions', play, { userId: 'é'.repeat(257) }, 'userId', 'longer than 512 bytes'],
    ['interactions', play, { itemId: 'a\0b' }, 'itemId', 'NUL'],
    ['interactions', play, { itemId: '\ud83d' }, 'itemId', 'surrogate'],
    ['interactions', play, { itemId: {} }, 'itemId', 'should be text'],
    ['interactions', play, { itemId: 2 ** 53 }, 'itemId', 'should be text'],
    ['interactions', play, { occurredAt: 'yesterday' }, 'occurredAt', 'ISO 8601'],
    ['interactions', play, { occurredAt: '2026-02-30' }, 'occurredAt', 'ISO 8601'],
    ['interactions', play, { occurredAt: '0020-01-01' }, 'occurredAt', 'ISO 8601'],
    ['interactions', play, { occurredAt: 9e15 }, 'occurredAt', '1900 to 2199'],
    ['interactions', play, { occurredAt: Number.NaN }, 'occurredAt', '1900 to 2199'],
    ['interactions', play, { value: 'NaN' }, 'value', 'a number'],
    ['interactions', play, { value: '1e999' }, 'value', 'finite'],
    ['interactions', play, { value: '0x10' }, 'value', 'a number'],
    ['transactions', payment, { amount: '1e16' }, 'amount', 'below'],
    ['transactions', payment, { amount: '1,234.5' }, 'amount', 'a number'],
    ['transactions', payment, { currency: 'EURO' }, 'currency', 'ISO 4217'],
    ['transactions', payment, { country: 'Germany' }, 'country', 'ISO 3166'],
    ['transactions', payment, { attributes: '{"a":' }, 'attributes', 'JSON object'],
    ['transactions', payment, { attributes: [1] }, 'attributes', 'JSON object'],
    ['transactions', payment, { attributes: { a: { b: 1 } } }, 'attributes', '"a" does not'],
    ['transactions', payment, { attributes: { a: 'x'.repeat(20_000) } }, 'attributes', 'longer than'],
    [
      'transactions',
      payment,
      { attributes: Object.fromEntries(Array.from({ length: 201 }, (_, n) => [n, n])) },
      'attributes',
      'more than 200',
    ],
    ['relations', tie, { friendId: 'b' }, 'friendId', 'same as userId'],
    ['relations', tie, { weight: 0 }, 'weight', 'greater than 0'],
    ['relations', tie, { removed: 'perhaps' }, 'removed', 'true, false'],
  ] as const)('refuses %s that are %j with %j, and says why', (stream, raw, change, field, reason) => {
    expect(decodeRecord(stream, raw).ok).toBe(true);
    expect(decodeRecord(stream, { ...raw, ...change })).toMatchObject({
      ok: false,
      field,
      reason: expect.stringContaining(reason),
    });
  });

  it('counts numeric times from an origin, in a unit', () => {
    const origin = Date.UTC(2018, 3, 1);
    const decoded = decodeRecord('interactions', { ...play, occurredAt: '86400' }, { unit: 's', origin });
    expect(decoded).toMatchObject({ record: { occurredAt: new Date('2018-04-02') } });
  });

  it.each(STREAMS)('never throws on %s, and names a field of the stream', (stream) => {
    const { required, optional } = STREAM_FIELDS[stream];
    fc.assert(
      fc.property(rawRecord(stream), (raw) => {
        const decoded = decodeRecord(stream, raw);
        if (!decoded.ok) expect([...required, ...optional]).toContain(decoded.field);
      }),
      { numRuns: 300 },
    );
  });
});

describe('Times', () => {
  it('are read as Date reads them, in every usual form', () => {
    const times = fc.date({ min: new Date('1000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true });
    fc.assert(
      fc.property(times, (at) => {
        const iso = at.toISOString();
        expect(parseIso(iso)).toBe(at.getTime());
        expect(parseIso(iso.replace('T', ' ').replace('Z', ''))).toBe(at.getTime());
        const seconds = Math.floor(at.getTime() / 1_000) * 1_000;
        expect(parseIso(`${iso.slice(0, 19)}Z`)).toBe(seconds);
        expect(parseIso(`${iso.slice(0, 19)}+02:30`)).toBe(seconds - 9_000_000);
        expect(parseIso(`${iso.slice(0, 23)}456-0100`)).toBe(at.getTime() + 3_600_000);
        expect(parseIso(iso.slice(0, 16))).toBe(Math.floor(at.getTime() / 60_000) * 60_000);
      }),
    );
  });

  it.each([
    '2026-13-01',
    '2025-02-29',
    '2026-01-01T24:00:00',
    '2026-01-01T00:60:00Z',
    '2026-01-01T00:00:61Z',
    '20260101T',
    '',
  ])('such as %j are none', (text) => {
    expect(parseIso(text)).toBeUndefined();
  });

  it.each(['2026-01-01T0a:00:00Z', '2026-01-01T00:00:00.1x3Z', '2026-1-01T00:00:00', '2026-01-01T00-00-00Z'])(
    'that look usual but are not, such as %j, are none',
    (text) => {
      expect(timeOf(text)).toBeUndefined();
    },
  );
});
