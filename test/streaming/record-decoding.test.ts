import fc from 'fast-check';
import { RecordDecoder } from '../../src/streaming/record-decoding';

const LIMIT = 64 * 1024;
const items = new RecordDecoder('items', LIMIT);
const transactions = new RecordDecoder('transactions', LIMIT);
const refusalOf = (value: Buffer | string | null, decoder: RecordDecoder<'items' | 'transactions'> = items) => {
  const decoded = decoder.decodeRecord({ key: null, value: typeof value === 'string' ? Buffer.from(value) : value });
  return decoded.ok ? undefined : decoded.refusal;
};

describe('decoding the records of a topic', () => {
  it('takes what files take', () => {
    expect(
      items.decodeRecord({ key: null, value: Buffer.from('{"itemId":"i","title":"Żółw","unknown":[1]}') }),
    ).toEqual({
      ok: true,
      record: { itemId: 'i', title: 'Żółw', attributes: undefined, imageUri: undefined },
    });
  });

  it('refuses a tombstone, an empty value, and what is no JSON object', () => {
    for (const value of [
      null,
      '',
      ' ',
      'null',
      '[]',
      '"text"',
      '1',
      'NaN',
      '{"itemId":NaN}',
      '{"itemId":"i"',
      '\ufeff{}',
    ])
      expect(refusalOf(value)?.code).toBe('UNDECODABLE');
  });

  it('refuses bytes that are not UTF-8 in place of changing them', () => {
    expect(refusalOf(Buffer.from([...Buffer.from('{"itemId":"'), 0xff, ...Buffer.from('"}')]))).toEqual({
      code: 'UNDECODABLE',
      field: undefined,
      reason: 'is not valid UTF-8',
    });
  });

  it('names the field of an invalid record', () => {
    expect(refusalOf('{"title":"no id"}')).toEqual({ code: 'INVALID', field: 'itemId', reason: 'itemId is missing' });
    expect(refusalOf('{"itemId":"\\u0000"}')?.code).toBe('INVALID');
    expect(refusalOf('{"itemId":"\\ud800"}')?.code).toBe('INVALID');
    expect(refusalOf('{"amount":1e999}', transactions as never)).toMatchObject({ code: 'INVALID' });
  });

  it('refuses a value beyond the limit unread, and takes one at the limit', () => {
    const padded = (bytes: number) => `{"itemId":"i"${' '.repeat(bytes - 14)}}`;
    expect(refusalOf(padded(LIMIT))).toBeUndefined();
    expect(refusalOf(padded(LIMIT + 1))).toMatchObject({ code: 'OVERSIZED' });
    const keyed = items.decodeRecord({ key: Buffer.alloc(1), value: Buffer.from(padded(LIMIT)) });
    expect(keyed).toMatchObject({ ok: false, refusal: { code: 'OVERSIZED' } });
    const headed = items.decodeRecord({
      key: null,
      value: Buffer.from(padded(LIMIT)),
      headers: { h: Buffer.alloc(0) },
    });
    expect(headed).toMatchObject({ ok: false, refusal: { code: 'OVERSIZED' } });
  });

  it('survives nesting as deep as the limit lets it be', () => {
    const depth = LIMIT / 2 - 100;
    expect(refusalOf('['.repeat(LIMIT))?.code).toBe('UNDECODABLE');
    expect(refusalOf('['.repeat(depth) + ']'.repeat(depth))?.code).toBe('UNDECODABLE');
    const nested = '{"a":'.repeat(LIMIT / 6 - 100);
    expect(refusalOf(`${nested}1${'}'.repeat(LIMIT / 6 - 100)}`)?.code).toBe('INVALID');
    const attributes = `{"itemId":"i","attributes":${'['.repeat(depth)}${']'.repeat(depth)}}`;
    expect(refusalOf(attributes)).toMatchObject({ code: 'INVALID', field: 'attributes' });
  });

  it('takes __proto__ for a name like any other, and of keys named twice the last', () => {
    expect(refusalOf('{"__proto__":{"itemId":"i"}}')).toMatchObject({ code: 'INVALID', field: 'itemId' });
    const twice = items.decodeRecord({ key: null, value: Buffer.from('{"itemId":"a","itemId":"b"}') });
    expect(twice).toMatchObject({ ok: true, record: { itemId: 'b' } });
    expect(({} as Record<string, unknown>).itemId).toBeUndefined();
  });

  it('answers whatever bytes come, in a short reason', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 200 }),
          fc.json().map((text) => Buffer.from(text)),
        ),
        (bytes) => {
          for (const decoder of [items, transactions]) {
            const decoded = decoder.decodeRecord({ key: null, value: Buffer.from(bytes) });
            if (!decoded.ok) expect(decoded.refusal.reason.length).toBeLessThanOrEqual(200);
          }
        },
      ),
    );
  });
});
