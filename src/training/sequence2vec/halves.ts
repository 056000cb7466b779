/** Sequences cut in two, event by event or in the middle: what says whether a vector holds what is peculiar to a sequence. */
import type { EventSequences } from './event-sequences';

/** `alternate`: every other event to each half. `middle`: the earlier and the later half. */
export type Cut = 'alternate' | 'middle';

/** A half below this many events says little of its sequence. */
const LEAST_EVENTS = 2;

export interface Halves {
  /** One a sequence that is long enough to be cut. */
  readonly first: EventSequences;
  /** The other halves, in the same order. */
  readonly second: EventSequences;
  /** `first`, and besides it the sequences that are too short to be cut, whole: what may be learned from. */
  readonly training: EventSequences;
}

export function halveSequences(sequences: EventSequences, cut: Cut = 'alternate'): Halves {
  const { keys, offsets } = sequences;
  const first: Selection = { keys: [], events: [] };
  const second: Selection = { keys: [], events: [] };
  const whole: Selection = { keys: [], events: [] };
  keys.forEach((key, sequence) => {
    const [from, to] = [offsets[sequence], offsets[sequence + 1]];
    const events = Array.from({ length: to - from }, (_, i) => from + i);
    if (events.length < 2 * LEAST_EVENTS) {
      add(whole, key, events);
      return;
    }
    const middle = Math.ceil(events.length / 2);
    const isFirst = (i: number) => (cut === 'alternate' ? i % 2 === 0 : i < middle);
    const half = (wanted: boolean) => events.filter((_, i) => isFirst(i) === wanted);
    add(first, key, half(true));
    add(second, key, half(false));
  });
  return {
    first: select(sequences, first),
    second: select(sequences, second),
    training: select(sequences, {
      keys: [...first.keys, ...whole.keys],
      events: [...first.events, ...whole.events],
    }),
  };
}

/** The sequences with these numbers, in this order. */
export function pickSequences(sequences: EventSequences, numbers: readonly number[]): EventSequences {
  const { keys, offsets } = sequences;
  return select(sequences, {
    keys: numbers.map((number) => keys[number]),
    events: numbers.map((number) =>
      Array.from({ length: offsets[number + 1] - offsets[number] }, (_, i) => offsets[number] + i),
    ),
  });
}

/** Keys, and for each the positions of its events. */
interface Selection {
  readonly keys: string[];
  readonly events: (readonly number[])[];
}

function add({ keys, events }: Selection, key: string, of: readonly number[]): void {
  keys.push(key);
  events.push(of);
}

/** On shared memory, as whoever builds sequences leaves them. */
function select(sequences: EventSequences, { keys, events }: Selection): EventSequences {
  const offsets = new Int32Array(new SharedArrayBuffer(4 * (keys.length + 1)));
  events.forEach((of, i) => {
    offsets[i + 1] = offsets[i] + of.length;
  });
  const count = offsets[keys.length];
  const copy = <Values extends Int32Array | Float32Array | Float64Array>(values: Values, into: Values): Values => {
    events.forEach((of, i) => {
      for (let at = 0; at < of.length; at++) into[offsets[i] + at] = values[of[at]];
    });
    return into;
  };
  const integers = () => new Int32Array(new SharedArrayBuffer(4 * count));
  const { ids, things, times, amounts, categories } = sequences;
  return {
    keys,
    ids,
    offsets,
    things: copy(things, integers()),
    times: copy(times, new Float64Array(new SharedArrayBuffer(8 * count))),
    ...(amounts && { amounts: copy(amounts, new Float32Array(new SharedArrayBuffer(4 * count))) }),
    categories: categories.map(({ name, values, codes }) => ({ name, values, codes: copy(codes, integers()) })),
  };
}
