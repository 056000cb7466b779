import fc from 'fast-check';
import {
  decodeListCursor,
  decodeTimeCursor,
  encodeListCursor,
  encodeTimeCursor,
  listDigest,
  pageSize,
} from '../../src/services/paging';

const list = listDigest(['similar', ['a'], [], null]);
const cursor = fc.record({
  modelId: fc.stringMatching(/^[a-z]{1,20}-[0-9]{1,4}$/),
  ranking: fc.constantFrom('VECTORS', 'HISTORY', 'POPULARITY'),
  position: fc.record({
    distance: fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => x + 0),
    id: fc.string({ minLength: 1, maxLength: 300, unit: 'grapheme' }),
  }),
  asOf: fc.date({ noInvalidDate: true }),
});

test('a cursor comes back as it was', () => {
  fc.assert(
    fc.property(cursor, (given) => {
      expect(decodeListCursor(encodeListCursor(given, list), list)).toEqual(given);
    }),
  );
});

test('a cursor with any character changed is refused with the path of its field', () => {
  fc.assert(
    fc.property(cursor, fc.nat(), fc.constantFrom(...'AZaz09-_'), (given, at, character) => {
      const text = encodeListCursor(given, list);
      const forged = text.slice(0, at % text.length) + character + text.slice((at % text.length) + 1);
      // The last character may hold bits that base64 does not use: then it is the same cursor.
      if (Buffer.from(forged, 'base64url').equals(Buffer.from(text, 'base64url'))) return;
      expect(() => decodeListCursor(forged, list)).toThrow(
        expect.objectContaining({ code: 'BAD_USER_INPUT', field: 'after' }),
      );
    }),
  );
});

test('a cursor of another list is refused', () => {
  const given = { modelId: 'items-1', ranking: 'VECTORS', position: { distance: 0.5, id: 'a' } };
  const other = listDigest(['similar', ['b'], [], null]);
  expect(() => decodeListCursor(encodeListCursor(given, other), list)).toThrow(/another list/);
});

test('anything else is refused, whatever it is', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json().map((text) => Buffer.from(text).toString('base64url')),
      ),
      (text) => {
        expect(() => decodeListCursor(text, list)).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT' }));
        expect(() => decodeTimeCursor(text)).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT' }));
      },
    ),
  );
  expect(() => decodeListCursor('a'.repeat(1_000_000), list)).toThrow(expect.objectContaining({ field: 'after' }));
});

test('a cursor in order of time comes back as it was', () => {
  const position = { createdAt: new Date('2026-02-03T04:05:06.789Z'), id: 'x' };
  expect(decodeTimeCursor(encodeTimeCursor(position))).toEqual(position);
});

test.each([0, -1, 101, 1e9, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('a page of %p entries is refused', (first) => {
  expect(() => pageSize(first)).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT', field: 'first' }));
});

test('pages of 1 to 100 entries are given', () => {
  expect([1, 10, 100].map((first) => pageSize(first))).toEqual([1, 10, 100]);
});
