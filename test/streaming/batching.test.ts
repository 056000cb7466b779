import fc from 'fast-check';
import { takeInTimeOrder, takeShares } from '../../src/streaming/batching';
import { type Entry, PartitionBuffer } from '../../src/streaming/partition-buffer';
import { RecordDecoder } from '../../src/streaming/record-decoding';

const decoder = new RecordDecoder('transactions', 10_000);
const START = Date.UTC(2026, 0, 1);
const MANY = { records: 10_000, bytes: 2 ** 30 };

/** Seconds of each record's event; null is a record that is refused. */
function partitionOf(partition: number, times: readonly (number | null)[], more = 0): PartitionBuffer<'transactions'> {
  const buffer = new PartitionBuffer<'transactions'>('t', partition);
  buffer.begin(0, times.length + more, 0);
  buffer.add(
    {
      topic: 't',
      partition,
      fetchedOffset: 0,
      nextOffset: times.length,
      endOffset: times.length + more,
      records: times.map((seconds, offset) => ({
        offset,
        key: null,
        headers: {},
        timestamp: 0,
        value:
          seconds === null
            ? null
            : Buffer.from(
                JSON.stringify({
                  transactionId: `${partition}-${offset}`,
                  accountId: 'a',
                  merchantId: 'm',
                  amount: 1,
                  currency: 'EUR',
                  occurredAt: START + seconds * 1_000,
                }),
              ),
      })),
    },
    decoder,
  );
  return buffer;
}

const secondsOf = (entries: readonly Entry<'transactions'>[]) =>
  entries.map(({ record }) => (record ? (record.occurredAt.getTime() - START) / 1_000 : null));
const inTime = (buffers: PartitionBuffer<'transactions'>[], now = 0, limits = MANY) =>
  takeInTimeOrder(buffers, limits, { timeOf: ({ occurredAt }) => occurredAt.getTime(), now, patienceMillis: 100 });

describe('batches in order of time', () => {
  it('merge partitions by the time of their events', () => {
    expect(secondsOf(inTime([partitionOf(0, [1, 4, 6]), partitionOf(1, [2, 3, 9])]))).toEqual([1, 2, 3, 4, 6, 9]);
  });

  it('end where a partition has nothing here but is known to go on, until patience ends', () => {
    const buffers = [partitionOf(0, [1, 4], 5), partitionOf(1, [2, 3, 9])];
    expect(secondsOf(inTime(buffers))).toEqual([1, 2, 3, 4]);
    expect(inTime(buffers, 99)).toEqual([]);
    expect(secondsOf(inTime(buffers, 100))).toEqual([9]);
  });

  it('let what has no time pass', () => {
    expect(secondsOf(inTime([partitionOf(0, [5, null]), partitionOf(1, [6, null, 7])]))).toEqual([5, null, 6, null, 7]);
  });

  it('keep each partition its own order, and leave nothing out, whatever the limits', () => {
    const times = fc.array(fc.option(fc.integer({ min: 0, max: 50 }), { freq: 10 }), { maxLength: 30 });
    const limits = fc.record({ records: fc.integer({ min: 1, max: 20 }), bytes: fc.constantFrom(1, 2_000, 2 ** 30) });
    fc.assert(
      fc.property(fc.array(times, { maxLength: 5 }), limits, fc.boolean(), (given, limit, ordered) => {
        const buffers = given.map((each, partition) => partitionOf(partition, each));
        const taken: Entry<'transactions'>[] = [];
        for (let batch: typeof taken; ; ) {
          batch = ordered ? inTime(buffers, 0, limit) : takeShares(buffers, limit, 0);
          if (batch.length === 0) break;
          expect(batch.length).toBeLessThanOrEqual(limit.records);
          taken.push(...batch);
        }
        given.forEach((each, partition) => {
          const own = taken.filter(({ home }) => home.partition === partition);
          expect(secondsOf(own)).toEqual(each);
        });
        if (ordered && given.every((each) => isSorted(each))) expect(isSorted(secondsOf(taken))).toBe(true);
      }),
    );
  });
});

describe('batches of shares', () => {
  it('take of every partition before one takes all', () => {
    const batch = takeShares([partitionOf(0, [1, 1, 1, 1]), partitionOf(1, [2, 2])], { records: 4, bytes: 2 ** 30 }, 0);
    expect(batch.map(({ home }) => home.partition)).toEqual([0, 0, 1, 1]);
  });

  it('give the share of those that have little to the others', () => {
    const batch = takeShares([partitionOf(0, [1, 1, 1, 1]), partitionOf(1, [2])], { records: 5, bytes: 2 ** 30 }, 0);
    expect(batch.map(({ home }) => home.partition).sort()).toEqual([0, 0, 0, 0, 1]);
  });
});

function isSorted(times: readonly (number | null)[]): boolean {
  const known = times.filter((time) => time !== null);
  return known.every((time, at) => at === 0 || known[at - 1] <= time);
}
