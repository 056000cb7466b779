/** What a network sees of an event, now and later, by the numbers. */
import { Graph } from '../../../src/training/onnx/graph';
import { Random } from '../../../src/training/onnx/random';
import { Session } from '../../../src/training/onnx/session';
import {
  embedEvents,
  eventParameters,
  eventReader,
  eventTables,
  eventWidth,
  fitEventInputs,
  NO_EVENT,
  NUMBERS,
} from '../../../src/training/sequence2vec/event-inputs';
import { EventSequencesBuilder, type SequenceEvent } from '../../../src/training/sequence2vec/event-sequences';

const HOUR = 3_600_000;
/** A Thursday, midnight: both circles are at their start. */
const EPOCH = 0;

function sequencesOf(events: readonly Omit<SequenceEvent, 'key'>[]) {
  const builder = new EventSequencesBuilder(['channel']);
  for (const event of events) builder.add({ key: 'x', ...event });
  return builder.build();
}

const learned = sequencesOf([
  { thing: 'tea', occurredAt: EPOCH, amount: 1, categories: ['web'] },
  { thing: 'oil', occurredAt: EPOCH + 3 * HOUR, amount: 3, categories: ['shop'] },
  { thing: 'tea', occurredAt: EPOCH + 6 * HOUR, categories: [null] },
  { thing: 'nut', occurredAt: EPOCH + 6 * HOUR, amount: 7, categories: ['web'] },
]);
const inputs = fitEventInputs(learned, ['tea', 'oil']);

/** The numbers of an event, in single precision. */
const numbersOf = (numbers: unknown, row: number): number[] => [
  ...(numbers as Float32Array).subarray(row * NUMBERS, (row + 1) * NUMBERS),
];

describe('the inputs of an event', () => {
  it('are its thing and categories by number, and numbers of about unit size', () => {
    const tables = eventReader(inputs, learned)(Int32Array.of(0, 1, 2, 3, NO_EVENT));
    expect([...(tables.things as Int32Array)]).toEqual([1, 2, 1, 0, 0]);
    expect([...(tables['category 0'] as Int32Array)]).toEqual([1, 2, 0, 1, 0]);
    const [first, second, third, , none] = [0, 1, 2, 3, 4].map((row) => numbersOf(tables.numbers, row));
    expect(first.slice(0, 2)).toEqual([1, 1]);
    // No event before: no gap. Midnight and the start of the circles.
    expect(first.slice(4)).toEqual([0, 0, 0, 1, 0, 1]);
    expect(second[4]).toBe(1);
    expect(second[6]).toBeCloseTo(Math.SQRT1_2, 6);
    // Without an amount there is none, whatever the mean is.
    expect(third.slice(0, 4)).toEqual([1, 0, 0, 0]);
    expect(none).toEqual(Array(NUMBERS).fill(0));
    // Standardised by hand: amounts 1, 3, 7 and their logarithms 1, 2, 3.
    const deviation = Math.sqrt(((1 - 11 / 3) ** 2 + (3 - 11 / 3) ** 2 + (7 - 11 / 3) ** 2) / 3);
    expect(second[2]).toBeCloseTo((3 - 11 / 3) / deviation, 5);
    expect(first[3]).toBeCloseTo(-1 / Math.sqrt(2 / 3), 5);
  });

  it('are the same for later sequences that number things and categories in their own way', () => {
    const later = sequencesOf([
      { thing: 'new', occurredAt: EPOCH, amount: 1e9, categories: ['phone'] },
      { thing: 'oil', occurredAt: EPOCH + 3 * HOUR, amount: 3, categories: ['shop'] },
    ]);
    const again = eventReader(inputs, later)(Int32Array.of(0, 1));
    const before = eventReader(inputs, learned)(Int32Array.of(1));
    expect([...(again.things as Int32Array)]).toEqual([0, 2]);
    expect([...(again['category 0'] as Int32Array)]).toEqual([0, 2]);
    expect(numbersOf(again.numbers, 1)).toEqual(numbersOf(before.numbers, 0));
    // However large, one amount does not drown the rest.
    expect(numbersOf(again.numbers, 0)[2]).toBe(8);
    expect(JSON.parse(JSON.stringify(inputs))).toEqual(inputs);
  });

  it('become one row of known width, of zeros for the unknown before anything was learned', async () => {
    const graph = new Graph();
    const events = Object.fromEntries(
      Object.entries(eventTables(inputs)).map(([name, shape]) => {
        const { row, type } = 'row' in shape ? shape : { row: shape, type: 'float32' as const };
        return [name, graph.input(name, [2, ...row], type)];
      }),
    );
    const parameters = Object.fromEntries(
      eventParameters(inputs, 3, new Random(1)).map(({ name, shape, initial }) => [
        name,
        graph.constant(name, shape, initial),
      ]),
    );
    const rows = embedEvents(inputs, events, parameters);
    expect(rows.shape).toEqual([2, eventWidth(inputs, 3)]);
    graph.output(rows, 'rows');
    const session = await Session.open(graph.model());
    const tables = eventReader(inputs, learned)(Int32Array.of(0, NO_EVENT));
    const feeds = Object.fromEntries(
      Object.entries(tables).map(([name, data]) => [name, { data, dims: name === 'numbers' ? [2, NUMBERS] : [2] }]),
    );
    const values = (await session.run(feeds, ['rows'])).rows;
    await session.close();
    const width = eventWidth(inputs, 3);
    expect(values.subarray(0, 3).every((value) => value !== 0)).toBe(true);
    expect(values.subarray(width).every((value) => value === 0)).toBe(true);
  });

  it('refuse an amount without end and a time that is none, naming the event', () => {
    for (const amount of [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
      expect(() => fitEventInputs(sequencesOf([{ thing: 'tea', occurredAt: 0, amount }]), [])).toThrow(
        expect.objectContaining({ code: 'BAD_USER_INPUT', field: 'amounts[0]', remedy: expect.any(String) }),
      );
    expect(() => eventReader(inputs, sequencesOf([{ thing: 'tea', occurredAt: Number.NaN }]))).toThrow(
      expect.objectContaining({ code: 'BAD_USER_INPUT', field: 'times[0]' }),
    );
  });
});
