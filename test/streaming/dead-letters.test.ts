import fc from 'fast-check';
import { deadLetter } from '../../src/streaming/dead-letter-writing';
import { readDeadLetter } from '../../src/streaming/dead-letters';
import type { KafkaRecord, OutgoingMessage } from '../../src/streaming/kafka/port';
import { PartitionBuffer } from '../../src/streaming/partition-buffer';

const FAILED_AT = Date.UTC(2026, 5, 1);

/** As it lies in the topic: everything is bytes. */
function stored({ key, value, headers = {} }: OutgoingMessage): KafkaRecord {
  const bytes = (content: string | Buffer | null) => (content === null ? null : Buffer.from(content as string));
  const all = Object.entries(headers).map(([name, content]) => [name, Buffer.from(content as string)]);
  return { offset: 3, key: bytes(key), value: bytes(value), headers: Object.fromEntries(all), timestamp: FAILED_AT };
}

function refused(
  source: Partial<KafkaRecord>,
  refusal: { code: 'INVALID' | 'OVERSIZED'; field?: string; reason: string },
) {
  const home = new PartitionBuffer<'labels'>('kindred.labels', 4);
  const record = { offset: 17, key: null, value: null, headers: {}, timestamp: 1_000, ...source };
  const entry = { home, epoch: 0, offset: 17, next: 18, bytes: 0, source: record, refusal };
  return readDeadLetter(stored(deadLetter(entry, FAILED_AT).message));
}

describe('a dead letter, written and read again', () => {
  it('says where it was, when and why, and has what the record had', () => {
    const fields = fc.record({
      key: fc.option(fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes))),
      value: fc.option(fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes))),
      headers: fc.dictionary(
        fc.string({ minLength: 1 }).filter((name) => !name.startsWith('kindred.') && name !== '__proto__'),
        fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
        { noNullPrototype: true },
      ),
    });
    const reasons = fc.record({ code: fc.constant('INVALID' as const), reason: fc.string() });
    fc.assert(
      fc.property(fields, reasons, (source, refusal) => {
        expect(refused(source, refusal)).toEqual({
          id: 'kindred.labels/4/17',
          topic: 'kindred.labels',
          partition: 4,
          offset: 17,
          field: undefined,
          producedAt: new Date(1_000),
          failedAt: new Date(FAILED_AT),
          bytes: source.value?.length ?? 0,
          truncated: false,
          replayOf: undefined,
          ...refusal,
          ...source,
        });
      }),
    );
  });

  it('is cut where it was too long to be kept whole, and says how long it was', () => {
    const value = Buffer.alloc(600 * 1024, 'x');
    const letter = refused({ value }, { code: 'OVERSIZED', reason: 'too long' });
    expect(letter).toMatchObject({ bytes: value.length, truncated: true, value: value.subarray(0, 64 * 1024) });
  });

  it.each([
    ['its key', { key: Buffer.alloc(600 * 1024), value: Buffer.from('{}') }],
    [
      'its headers',
      { headers: { note: Buffer.alloc(600 * 1024), small: Buffer.from('kept') }, value: Buffer.from('{}') },
    ],
  ])('says that it is not whole where %s had to be cut', (_, source) => {
    expect(refused(source, { code: 'INVALID', reason: 'bad' })).toMatchObject({ bytes: 2, truncated: true });
  });

  it('says which dead letter it was before it was sent again', () => {
    const headers = { 'kindred.replayed': Buffer.from('kindred.labels/4/2'), 'kindred.code': Buffer.from('LIES') };
    expect(refused({ headers }, { code: 'INVALID', reason: 'still bad' })).toMatchObject({
      replayOf: 'kindred.labels/4/2',
      code: 'INVALID',
      headers: {},
    });
  });

  it.each([
    ['without headers', {}],
    ['without a place', { 'kindred.id': 'x', 'kindred.topic': 't', 'kindred.partition': '0' }],
    [
      'with a place that is none',
      { 'kindred.id': 'x', 'kindred.topic': 't', 'kindred.partition': '-1', 'kindred.offset': '1' },
    ],
  ])('is not what somebody else put there %s', (_, headers) => {
    expect(readDeadLetter(stored({ key: null, value: 'hello', headers }))).toBeUndefined();
  });
});
