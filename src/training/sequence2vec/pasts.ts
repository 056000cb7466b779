/**
 * Sequences as they were at some moment: what was known before a time, and what led up to an event. A vector that is to
 * judge an event may know of nothing that came after it; these cuts are how that is kept.
 */
import type { EventSequences } from './event-sequences';

/** The events before `time` (epoch milliseconds), without the sequences that had none yet. */
export function eventsBefore(sequences: EventSequences, time: number): EventSequences {
  const { keys, offsets, times } = sequences;
  const kept: Range[] = [];
  for (let sequence = 0; sequence < keys.length; sequence++) {
    let end = offsets[sequence];
    while (end < offsets[sequence + 1] && times[end] < time) end++;
    if (end > offsets[sequence]) kept.push({ key: keys[sequence], from: offsets[sequence], to: end });
  }
  return cut(sequences, kept);
}

/**
 * For each of `events` the sequence that ends with it: at most `longest` events, the event itself last.
 * @param events positions in the arrays of `sequences`
 * @param sequenceOf the sequence that each of them is in
 */
export function pastsOf(
  sequences: EventSequences,
  events: ArrayLike<number>,
  { sequenceOf, longest }: { readonly sequenceOf: ArrayLike<number>; readonly longest: number },
): EventSequences {
  const ranges = Array.from(events, (event, i): Range => {
    const start = sequences.offsets[sequenceOf[i]];
    return { key: sequences.keys[sequenceOf[i]], from: Math.max(start, event + 1 - longest), to: event + 1 };
  });
  return cut(sequences, ranges);
}

interface Range {
  readonly key: string;
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
}

/** The ranges of events, each a sequence, on shared memory as whoever builds sequences leaves them. */
function cut(sequences: EventSequences, ranges: readonly Range[]): EventSequences {
  const offsets = new Int32Array(new SharedArrayBuffer(4 * (ranges.length + 1)));
  ranges.forEach(({ from, to }, i) => {
    offsets[i + 1] = offsets[i] + to - from;
  });
  const events = offsets[ranges.length];
  const copy = <Values extends Int32Array | Float32Array | Float64Array>(values: Values, into: Values): Values => {
    ranges.forEach(({ from, to }, i) => {
      into.set(values.subarray(from, to), offsets[i]);
    });
    return into;
  };
  const integers = () => new Int32Array(new SharedArrayBuffer(4 * events));
  const { ids, things, times, amounts, categories } = sequences;
  return {
    keys: ranges.map(({ key }) => key),
    ids,
    offsets,
    things: copy(things, integers()),
    times: copy(times, new Float64Array(new SharedArrayBuffer(8 * events))),
    ...(amounts && { amounts: copy(amounts, new Float32Array(new SharedArrayBuffer(4 * events))) }),
    categories: categories.map(({ name, values, codes }) => ({ name, values, codes: copy(codes, integers()) })),
  };
}
