import fc from 'fast-check';
import {
  corpusOfSequences,
  type EventSequences,
  EventSequencesBuilder,
} from '../../../src/training/sequence2vec/event-sequences';

interface Event {
  key: string;
  thing: string;
  occurredAt: number;
  amount?: number;
  channel?: string;
}

function build(events: readonly Event[], expected?: number): EventSequences {
  const builder = new EventSequencesBuilder(['channel'], expected);
  for (const { channel, ...event } of events) builder.add({ ...event, categories: [channel] });
  return builder.build();
}

/** The events of each sequence, read back out of the columns. */
function read({ keys, ids, offsets, things, times, amounts, categories }: EventSequences): Event[][] {
  return keys.map((key, sequence) =>
    Array.from({ length: offsets[sequence + 1] - offsets[sequence] }, (_, i) => {
      const at = offsets[sequence] + i;
      const [{ values, codes }] = categories;
      return {
        key,
        thing: ids[things[at]],
        occurredAt: times[at],
        amount: amounts && !Number.isNaN(amounts[at]) ? amounts[at] : undefined,
        channel: codes[at] < 0 ? undefined : values[codes[at]],
      };
    }),
  );
}

const event = fc.record({
  key: fc.constantFrom('ann', 'bob', 'cid'),
  thing: fc.constantFrom('a', 'b', 'c', 'd'),
  occurredAt: fc.integer({ min: 0, max: 5 }),
  amount: fc.option(fc.integer({ min: 0, max: 9 }), { nil: undefined }),
  channel: fc.option(fc.constantFrom('web', 'shop'), { nil: undefined }),
});

describe('sequences of events', () => {
  test('hold each sequence in the order of its times, ties as they came, whatever came between', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), fc.integer({ min: 0, max: 50 }), (events, expected) => {
        const keys = [...new Set(events.map(({ key }) => key))];
        const sorted = keys.map((key) =>
          events
            .filter((each) => each.key === key)
            .map((each, i) => ({ each, i }))
            .sort((a, b) => a.each.occurredAt - b.each.occurredAt || a.i - b.i)
            .map(({ each }) => each),
        );
        expect(read(build(events, expected))).toEqual(sorted);
      }),
    );
  });

  test('have amounts only where an event has one', () => {
    expect(build([{ key: 'k', thing: 'a', occurredAt: 1 }]).amounts).toBeUndefined();
    const { amounts } = build([
      { key: 'k', thing: 'a', occurredAt: 1 },
      { key: 'k', thing: 'a', occurredAt: 2, amount: 7 },
    ]);
    expect([...amounts!]).toEqual([Number.NaN, 7]);
  });

  test('lie on memory that threads share, in order or not', () => {
    for (const times of [
      [1, 2],
      [2, 1],
    ]) {
      const sequences = build(times.map((occurredAt) => ({ key: 'k', thing: 'a', occurredAt, amount: 1 })));
      const { offsets, things, times: at, amounts, categories } = sequences;
      for (const column of [offsets, things, at, amounts!, categories[0].codes])
        expect(column.buffer).toBeInstanceOf(SharedArrayBuffer);
    }
  });

  test('are a corpus of things, one sequence after the other', () => {
    const { ids, tokens } = corpusOfSequences(
      build([
        { key: 'k', thing: 'a', occurredAt: 1 },
        { key: 'l', thing: 'b', occurredAt: 1 },
        { key: 'k', thing: 'b', occurredAt: 2 },
      ]),
    );
    expect([...tokens].map((token) => (token < 0 ? '|' : ids[token])).join('')).toBe('ab|b|');
  });
});
