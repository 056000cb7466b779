/**
 * What a network sees of an event: the thing and each further category as rows of tables that are learned, and numbers of
 * about unit size: the amount, the time since the event before, the time of day and of the week. How the numbers are
 * scaled and how things are numbered is fitted once and is part of the model, so that later events are seen the same way.
 */
import { InputError } from '../../errors';
import type { Tensor } from '../onnx/graph';
import type { Parameter } from '../onnx/layers';
import { concat, gather, slice } from '../onnx/operations/shaping';
import type { Random } from '../onnx/random';
import type { RowShape } from '../onnx/training-graph';
import type { Tables } from '../onnx/training-session';
import type { EventSequences } from './event-sequences';

/** Plain data: it is kept in the model as JSON. */
export interface EventInputs {
  /** Names of the things that have a row of their own, from row 1 on; row 0 stands for all others. */
  readonly things: readonly string[];
  readonly categories: readonly { readonly name: string; readonly values: readonly string[] }[];
  /** Of the amount, and of its logarithm. */
  readonly amount: Scale;
  readonly size: Scale;
  /** Of the logarithm of the time since the event before. */
  readonly gap: Scale;
}

interface Scale {
  readonly mean: number;
  readonly deviation: number;
}

/** Whether there is an event, an amount, an event before; amount, its logarithm, gap; day and week on a circle each. */
export const NUMBERS = 10;
/** Stands for an event that is not there, such as before the first of a sequence. */
export const NO_EVENT = -1;

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const WEEK = 7 * DAY;
/** A number further than this many deviations out says no more, and would drown the others. */
const FURTHEST = 8;

const THINGS = 'things';
const NUMBERS_TABLE = 'numbers';
const categoryTable = (index: number): string => `category ${index}`;

/** Logarithm to base 2 that goes through zero and takes negative amounts too. */
const doublings = (value: number): number => Math.sign(value) * Math.log2(1 + Math.abs(value));

/**
 * @param things those that get a row of their own
 * @throws InputError naming the event where a time or an amount is not finite; an amount of NaN is one that is missing
 */
export function fitEventInputs(sequences: EventSequences, things: readonly string[]): EventInputs {
  requireFinite(sequences);
  const { amounts = new Float32Array(0), categories, offsets, times } = sequences;
  const gaps = new ScaleFit();
  for (let sequence = 0; sequence + 1 < offsets.length; sequence++)
    for (let event = offsets[sequence] + 1; event < offsets[sequence + 1]; event++)
      gaps.add(gapOf(times[event] - times[event - 1]));
  const plain = new ScaleFit();
  const sizes = new ScaleFit();
  for (const amount of amounts) {
    if (Number.isNaN(amount)) continue;
    plain.add(amount);
    sizes.add(doublings(amount));
  }
  return {
    things,
    // A column that no event has a value in tells nothing, and a table without rows is none.
    categories: categories.filter(({ values }) => values.length > 0).map(({ name, values }) => ({ name, values })),
    amount: plain.scale(),
    size: sizes.scale(),
    gap: gaps.scale(),
  };
}

const gapOf = (millis: number): number => Math.log2(1 + Math.max(0, millis) / HOUR);

/** Welford's running mean and variance. */
class ScaleFit {
  private count = 0;
  private mean = 0;
  private squares = 0;

  add(value: number): void {
    this.count++;
    const before = value - this.mean;
    this.mean += before / this.count;
    this.squares += before * (value - this.mean);
  }

  /** Where nothing differs, nothing is divided. */
  scale(): Scale {
    const deviation = Math.sqrt(this.squares / Math.max(1, this.count));
    return { mean: this.mean, deviation: deviation > 0 ? deviation : 1 };
  }
}

function requireFinite({ keys, offsets, times, amounts }: EventSequences): void {
  for (let sequence = 0; sequence < keys.length; sequence++)
    for (let event = offsets[sequence]; event < offsets[sequence + 1]; event++) {
      const amount = amounts?.[event];
      const wrong = !Number.isFinite(times[event])
        ? 'time'
        : amount === Number.POSITIVE_INFINITY || amount === Number.NEGATIVE_INFINITY
          ? 'amount'
          : undefined;
      if (wrong === undefined) continue;
      throw new InputError(
        `${wrong}s[${event}]`,
        `The ${wrong} of event ${event - offsets[sequence]} of "${keys[sequence]}" is ${wrong === 'time' ? times[event] : amount}.`,
        { remedy: `Correct it, or leave the ${wrong === 'time' ? 'event' : 'amount'} out.` },
      );
    }
}

/** The tables that a network of these inputs has, with the shape of an event's row. */
export function eventTables({ categories }: EventInputs): Record<string, RowShape> {
  const whole = { row: [], type: 'int32' } as const;
  return {
    [THINGS]: whole,
    ...Object.fromEntries(categories.map((_, i) => [categoryTable(i), whole])),
    [NUMBERS_TABLE]: [NUMBERS],
  };
}

/**
 * Reads events of these sequences as the tables' rows. Sequences may number things and categories in their own way.
 * @throws InputError as `fitEventInputs`
 */
export function eventReader(inputs: EventInputs, sequences: EventSequences): (events: Int32Array) => Tables {
  requireFinite(sequences);
  const numberOf = renumbering(inputs.things, sequences.ids);
  const codesOf = inputs.categories.map(({ name, values }) => {
    const column = sequences.categories.find((one) => one.name === name);
    return { codes: column?.codes, renumbered: renumbering(values, column?.values ?? []) };
  });
  const starts = new Uint8Array(sequences.things.length);
  for (let i = 0; i + 1 < sequences.offsets.length; i++)
    if (sequences.offsets[i] < starts.length) starts[sequences.offsets[i]] = 1;
  return (events) => {
    const numbers = new Float32Array(events.length * NUMBERS);
    const things = new Int32Array(events.length);
    const codes = codesOf.map(() => new Int32Array(events.length));
    events.forEach((event, i) => {
      if (event === NO_EVENT) return;
      things[i] = numberOf[sequences.things[event]];
      codesOf.forEach((column, k) => {
        const code = column.codes?.[event] ?? -1;
        codes[k][i] = code < 0 ? 0 : column.renumbered[code];
      });
      writeNumbers(numbers.subarray(i * NUMBERS, (i + 1) * NUMBERS), inputs, {
        amount: sequences.amounts?.[event] ?? Number.NaN,
        time: sequences.times[event],
        before: starts[event] ? undefined : sequences.times[event - 1],
      });
    });
    return {
      [THINGS]: things,
      ...Object.fromEntries(codes.map((column, k) => [categoryTable(k), column])),
      [NUMBERS_TABLE]: numbers,
    };
  };
}

/** For each of the names given its row: 1 + its place among the known, 0 for one that is not. */
function renumbering(known: readonly string[], names: readonly string[]): Int32Array {
  const rows = new Map(known.map((name, i) => [name, i + 1]));
  return Int32Array.from(names, (name) => rows.get(name) ?? 0);
}

function writeNumbers(
  row: Float32Array,
  { amount: plain, size, gap }: EventInputs,
  { amount, time, before }: { amount: number; time: number; before: number | undefined },
): void {
  row[0] = 1;
  if (!Number.isNaN(amount)) {
    row[1] = 1;
    row[2] = scaled(amount, plain);
    row[3] = scaled(doublings(amount), size);
  }
  if (before !== undefined) {
    row[4] = 1;
    row[5] = scaled(gapOf(time - before), gap);
  }
  const day = (2 * Math.PI * (time % DAY)) / DAY;
  const week = (2 * Math.PI * (time % WEEK)) / WEEK;
  row[6] = Math.sin(day);
  row[7] = Math.cos(day);
  row[8] = Math.sin(week);
  row[9] = Math.cos(week);
}

function scaled(value: number, { mean, deviation }: Scale): number {
  return Math.max(-FURTHEST, Math.min(FURTHEST, (value - mean) / deviation));
}

/** Length of a further category's row: few values need few numbers. */
const categoryDimension = (values: readonly string[]): number => Math.min(8, values.length);

/** Length of what `embedEvents` gives. */
export function eventWidth({ categories }: EventInputs, thingDimension: number): number {
  return thingDimension + categories.reduce((sum, { values }) => sum + categoryDimension(values), 0) + NUMBERS;
}

/** The tables of things and categories; those of the unknown, row 0, start at zero. */
export function eventParameters(inputs: EventInputs, thingDimension: number, random: Random): Parameter[] {
  const table = (name: string, rows: number, columns: number): Parameter => ({
    name: `${name} table`,
    shape: [rows + 1, columns],
    initial: Float32Array.from({ length: (rows + 1) * columns }, (_, i) => (i < columns ? 0 : random.normal() * 0.3)),
    decays: false,
  });
  return [
    table(THINGS, inputs.things.length, thingDimension),
    ...inputs.categories.map(({ values }, i) => table(categoryTable(i), values.length, categoryDimension(values))),
  ];
}

/**
 * @param events the tables' rows, as tensors
 * @param parameters `eventParameters`, by name
 * @returns (rows, eventWidth)
 */
export function embedEvents(
  { categories }: EventInputs,
  events: Readonly<Record<string, Tensor>>,
  parameters: Readonly<Record<string, Tensor>>,
): Tensor {
  const row = (name: string) => gather(parameters[`${name} table`], events[name]);
  return concat([row(THINGS), ...categories.map((_, i) => row(categoryTable(i))), events[NUMBERS_TABLE]], 1);
}

/** (rows, 1): 1 where there is an event. */
export function isEvent(events: Readonly<Record<string, Tensor>>): Tensor {
  return slice(events[NUMBERS_TABLE], { axis: 1, start: 0, end: 1 });
}
