import fc from 'fast-check';
import type { FetchedRecords } from '../../src/streaming/kafka/port';
import { PartitionBuffer } from '../../src/streaming/partition-buffer';
import { RecordDecoder } from '../../src/streaming/record-decoding';

const decoder = new RecordDecoder('items', 1_000);

function fetchedFrom(
  from: number,
  offsets: readonly number[],
  next = (offsets.at(-1) ?? from - 1) + 1,
): FetchedRecords {
  const records = offsets.map((offset) => ({
    offset,
    key: null,
    value: Buffer.from(`{"itemId":"${offset}"}`),
    headers: {},
    timestamp: 0,
  }));
  return { topic: 't', partition: 0, fetchedOffset: from, nextOffset: next, endOffset: 1_000, records };
}

function reading(position = 0): PartitionBuffer<'items'> {
  const buffer = new PartitionBuffer<'items'>('t', 0);
  buffer.begin(position, 1_000, 0);
  return buffer;
}

const drain = (buffer: PartitionBuffer<'items'>) => {
  const entries = [];
  while (buffer.first(0)) entries.push(buffer.take(0));
  return entries;
};

describe('a partition’s buffer', () => {
  it('wants nothing before its place is known', () => {
    const buffer = new PartitionBuffer<'items'>('t', 0);
    expect(buffer.add(fetchedFrom(0, [0]), decoder)).toBe('unwanted');
    expect(buffer.size).toBe(0);
  });

  it('is full by what headers hold, too', () => {
    const buffer = reading();
    const fetched = fetchedFrom(0, [0]);
    const records = fetched.records.map((record) => ({ ...record, headers: { large: Buffer.alloc(900) } }));
    buffer.add({ ...fetched, records }, decoder);
    expect(buffer.isFull({ records: 10, bytes: 1_300 })).toBe(true);
    expect(buffer.isFull({ records: 10, bytes: 1_400 })).toBe(false);
  });

  it('counts the text of what it could decode beside the bytes that came', () => {
    const bytesOf = (value: string) => {
      const buffer = reading();
      const fetched = fetchedFrom(0, [0]);
      buffer.add({ ...fetched, records: fetched.records.map((r) => ({ ...r, value: Buffer.from(value) })) }, decoder);
      return buffer.bytes;
    };
    const item = JSON.stringify({ itemId: 'i', title: 'x'.repeat(500) });
    expect(bytesOf(item) - bytesOf(`${item.slice(0, -1)}!`)).toBe(item.length);
  });

  it('drops a fetch from elsewhere, and gives up after several in a row', () => {
    const buffer = reading(5);
    const answers = [0, 9, 0].map((from) => buffer.add(fetchedFrom(from, [from]), decoder));
    expect(answers).toEqual(['misplaced', 'misplaced', 'lost']);
    buffer.begin(5, 10, 0);
    buffer.add(fetchedFrom(0, [0]), decoder);
    expect(buffer.add(fetchedFrom(5, [5]), decoder)).toBe('taken');
    expect(buffer.add(fetchedFrom(0, [0]), decoder)).toBe('misplaced');
    expect(drain(buffer).map(({ offset }) => offset)).toEqual([5]);
  });

  it('steps over offsets that compaction took, and over what readers do not see', () => {
    const buffer = reading(5);
    buffer.add(fetchedFrom(5, [7, 9], 12), decoder);
    expect(drain(buffer).map(({ next }) => next)).toEqual([8, 12]);
    buffer.add(fetchedFrom(12, [], 14), decoder);
    buffer.add(fetchedFrom(14, [], 15), decoder);
    const [gap, ...rest] = drain(buffer);
    expect([gap.source, gap.next, rest]).toEqual([undefined, 15, []]);
    buffer.add(fetchedFrom(15, [15]), decoder);
    buffer.add(fetchedFrom(16, [], 20), decoder);
    expect(drain(buffer).map(({ next }) => next)).toEqual([20]);
  });

  it('voids what was taken before it began anew', () => {
    const buffer = reading();
    buffer.add(fetchedFrom(0, [0, 1]), decoder);
    const entry = buffer.take(0);
    expect(entry.epoch).toBe(buffer.epoch);
    buffer.displace();
    expect(entry.epoch).not.toBe(buffer.epoch);
    expect([buffer.size, buffer.bytes]).toEqual([0, 0]);
  });

  it('stops at a dead letter that is on its way or could not be written', () => {
    const buffer = reading();
    buffer.add(fetchedFrom(0, [0, 1]), decoder);
    buffer.first(0)!.refusal = { code: 'INVALID', reason: 'is wrong' };
    buffer.awaitDeadLetters();
    expect(buffer.first(1e9)).toBeUndefined();
    buffer.hold(1_000);
    expect([buffer.first(1_100)?.offset, buffer.first(1_251)?.offset]).toEqual([undefined, 0]);
    buffer.awaitDeadLetters();
    buffer.release();
    expect(buffer.first(0)?.offset).toBe(0);
  });

  it('counts exactly what it holds, however it is filled, emptied and refilled', () => {
    const step = fc.record({
      add: fc.integer({ min: 0, max: 1_500 }),
      take: fc.integer({ min: 0, max: 1_500 }),
      giveBack: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const buffer = reading();
        let expected: number[] = [];
        let next = 0;
        for (const { add, take, giveBack } of steps) {
          const offsets = Array.from({ length: add }, (_, at) => next + at);
          buffer.add(fetchedFrom(next, offsets), decoder);
          next += add;
          expected.push(...offsets);
          const taken = [];
          for (let left = take; left > 0 && buffer.first(0); left--) taken.push(buffer.take(0));
          expect(taken.map(({ offset }) => offset)).toEqual(expected.slice(0, taken.length));
          if (giveBack) buffer.giveBack(taken);
          else expected = expected.slice(taken.length);
          expect(buffer.size).toBe(expected.length);
          expect(buffer.bytes > 0).toBe(expected.length > 0);
        }
        expect(drain(buffer).map(({ offset }) => offset)).toEqual(expected);
        expect(buffer.bytes).toBe(0);
      }),
      { numRuns: 50 },
    );
  });
});
