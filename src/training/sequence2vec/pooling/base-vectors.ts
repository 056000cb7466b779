/** The vectors that are pooled: those of the things that the sequences hold and the base knows. */
import { InputError, KindredError } from '../../../errors';
import type { EventSequences } from '../event-sequences';

/** Vectors of things from an earlier run: a model, or what a store holds of one. */
export interface BaseVectors {
  readonly ids: readonly string[];
  readonly dimension: number;
  /** (ids.length, dimension), row-major f32 */
  readonly input: Float32Array;
  /** How often each thing was seen. */
  readonly frequencies: Uint32Array;
}

/** Things' vectors, by number. */
export interface ThingTable {
  readonly ids: readonly string[];
  readonly dimension: number;
  /** (ids.length, dimension) */
  readonly vectors: Float32Array;
}

/**
 * The base's rows of things seen `minCount` times or more, in memory of their own.
 * @throws InputError where the base's parts do not fit each other or a number is not finite
 */
export function usableThings(base: BaseVectors, minCount: number): ThingTable & { frequencies: Uint32Array } {
  const { ids, dimension, input, frequencies } = base;
  if (input.length !== ids.length * dimension || frequencies.length !== ids.length)
    throw new InputError(
      'base',
      `The base has ${ids.length} ids of dimension ${dimension}, but ${input.length} numbers and ${frequencies.length} frequencies.`,
      { remedy: 'Give one vector and one frequency a thing.' },
    );
  const kept = [...ids.keys()].filter((row) => frequencies[row] >= minCount);
  const vectors = new Float32Array(kept.length * dimension);
  kept.forEach((row, i) => {
    vectors.set(input.subarray(row * dimension, (row + 1) * dimension), i * dimension);
  });
  const bad = vectors.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0)
    throw new InputError('base', `The vector of "${ids[kept[Math.floor(bad / dimension)]]}" is not finite.`, {
      remedy: 'Train the base anew.',
    });
  return {
    ids: kept.map((row) => ids[row]),
    dimension,
    vectors,
    frequencies: Uint32Array.from(kept, (row) => frequencies[row]),
  };
}

/** @returns for each thing of the sequences its number in the table; -1 for one that the table does not know */
export function numbersOf(things: Pick<ThingTable, 'ids'>, { ids }: Pick<EventSequences, 'ids'>): Int32Array {
  const numbers = new Map(things.ids.map((id, number) => [id, number]));
  return Int32Array.from(ids, (id) => numbers.get(id) ?? -1);
}

/** @throws KindredError EMPTY_CORPUS where the sequences teach nothing, or nothing that the base knows */
export function requireSequences(
  { offsets, things }: EventSequences,
  numbers: Int32Array,
  { base, minCount }: { readonly base: BaseVectors; readonly minCount: number },
): void {
  const fail = (message: string, remedy: string, field?: string) => {
    throw new KindredError('EMPTY_CORPUS', message, {
      remedy,
      field,
      facts: { sequences: offsets.length - 1, events: things.length, things: base.ids.length },
    });
  };
  if (things.length === 0) fail('There are no sequences to pool.', 'Record events first, or widen the range of time.');
  const seen = new Set(things);
  if (seen.size < 2)
    fail('The sequences hold a single thing, again and again.', 'Record events of at least two different things.');
  const longest = offsets.reduce((most, end, i) => Math.max(most, i === 0 ? 0 : end - offsets[i - 1]), 0);
  if (longest < 2)
    fail('Every sequence holds a single event: its vector would be the thing itself.', 'Choose longer sequences.');
  const known = [...seen].filter((thing) => numbers[thing] >= 0).length;
  if (known >= 2) return;
  const most = base.frequencies.reduce((a, b) => Math.max(a, b), 0);
  if (minCount > 1 && most < minCount)
    fail(
      `minCount ${minCount} leaves nothing of the base; its commonest thing was seen ${most} times.`,
      'Lower minCount (--set minCount=1 keeps all).',
      'minCount',
    );
  fail(
    `Of ${seen.size} things in the sequences the base knows ${known}${minCount > 1 ? ` that it saw ${minCount} times` : ''}.`,
    'Train the base on events of the same field, or name another one (--set base=SPACE).',
    'base',
  );
}
