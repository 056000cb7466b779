/**
 * Sequences of events, compactly and on shared memory: sessions, users' histories, accounts' payments. What every
 * sequence trainer learns from. Each event is a thing (an item, a merchant, any category) at a time, perhaps with an
 * amount and further categories; events of a sequence are in the order of their times.
 */
import type { SequenceCorpus } from '../corpus';

export interface EventSequences {
  /** One a sequence: the id of the session, user or account. */
  readonly keys: readonly string[];
  /** Names of the things. */
  readonly ids: readonly string[];
  /** (sequences + 1): sequence s has the events offsets[s] to offsets[s + 1] - 1. */
  readonly offsets: Int32Array;
  /** One an event: an index into `ids`. */
  readonly things: Int32Array;
  /** One an event: epoch milliseconds. */
  readonly times: Float64Array;
  /** One an event, in the unit of its currency; NaN where it has none. */
  readonly amounts?: Float32Array;
  /** Further categories of the events: channel, country, action … */
  readonly categories: readonly CategoryColumn[];
}

export interface CategoryColumn {
  readonly name: string;
  readonly values: readonly string[];
  /** One an event: an index into `values`; -1 where it has none. */
  readonly codes: Int32Array;
}

/** One event as it comes, before things are numbered. */
export interface SequenceEvent {
  /** The sequence that it belongs to. */
  readonly key: string;
  readonly thing: string;
  readonly occurredAt: number;
  readonly amount?: number;
  /** In the order of the builder's names; null or undefined where it has none. */
  readonly categories?: readonly (string | null | undefined)[];
}

/**
 * Collects events in any order. Events of a sequence with the same time keep the order in which they came. Columns lie on
 * shared memory from the start: events that come in order, as from a store, are never copied.
 */
export class EventSequencesBuilder {
  readonly #keys = new Numbering();
  readonly #things = new Numbering();
  readonly #categories: { readonly name: string; readonly numbering: Numbering; codes: Int32Array }[];
  #events = 0;
  #keyOf: Int32Array;
  #thingOf: Int32Array;
  #timeOf: Float64Array;
  /** From the first event on that has one. */
  #amountOf?: Float32Array;

  /**
   * @param categoryNames names of the further categories, in the order in which events give them
   * @param expected events that will come, about; what is not used of it takes no memory
   */
  constructor(categoryNames: readonly string[] = [], expected = 1024) {
    const length = Math.max(1, expected);
    this.#keyOf = sharedInt32(length);
    this.#thingOf = sharedInt32(length);
    this.#timeOf = sharedFloat64(length);
    this.#categories = categoryNames.map((name) => ({ name, numbering: new Numbering(), codes: sharedInt32(length) }));
  }

  get events(): number {
    return this.#events;
  }

  add({ key, thing, occurredAt, amount, categories = [] }: SequenceEvent): void {
    if (this.#events === this.#keyOf.length) this.#grow();
    const at = this.#events++;
    this.#keyOf[at] = this.#keys.of(key);
    this.#thingOf[at] = this.#things.of(thing);
    this.#timeOf[at] = occurredAt;
    if (amount !== undefined) this.#amountOf ??= sharedFloat32(this.#keyOf.length).fill(Number.NaN, 0, at);
    if (this.#amountOf) this.#amountOf[at] = amount ?? Number.NaN;
    this.#categories.forEach(({ numbering, codes }, i) => {
      const value = categories[i];
      codes[at] = value === null || value === undefined ? -1 : numbering.of(value);
    });
  }

  build(): EventSequences {
    const events = this.#events;
    const offsets = this.#offsets();
    const order = this.#isOrdered() ? undefined : this.#order(offsets);
    const inOrder = <Column extends Int32Array | Float32Array | Float64Array>(
      column: Column,
      shared: (length: number) => Column,
    ): Column => {
      if (!order) return column.subarray(0, events) as Column;
      const ordered = shared(events);
      for (let at = 0; at < events; at++) ordered[at] = column[order[at]];
      return ordered;
    };
    return {
      keys: this.#keys.names,
      ids: this.#things.names,
      offsets,
      things: inOrder(this.#thingOf, sharedInt32),
      times: inOrder(this.#timeOf, sharedFloat64),
      ...(this.#amountOf && { amounts: inOrder(this.#amountOf, sharedFloat32) }),
      categories: this.#categories.map(({ name, numbering, codes }) => ({
        name,
        values: numbering.names,
        codes: inOrder(codes, sharedInt32),
      })),
    };
  }

  #offsets(): Int32Array {
    const offsets = sharedInt32(this.#keys.names.length + 1);
    for (let at = 0; at < this.#events; at++) offsets[this.#keyOf[at] + 1]++;
    for (let key = 0; key + 1 < offsets.length; key++) offsets[key + 1] += offsets[key];
    return offsets;
  }

  #isOrdered(): boolean {
    for (let at = 1; at < this.#events; at++) {
      const keys = this.#keyOf[at] - this.#keyOf[at - 1];
      if (keys < 0 || (keys === 0 && this.#timeOf[at] < this.#timeOf[at - 1])) return false;
    }
    return true;
  }

  /** Events by sequence and time. Placed by sequence first: sorting them all at once would take many times as long. */
  #order(offsets: Int32Array): Int32Array {
    const order = new Int32Array(this.#events);
    const next = offsets.slice();
    for (let at = 0; at < this.#events; at++) order[next[this.#keyOf[at]]++] = at;
    for (let key = 0; key + 1 < offsets.length; key++) {
      const own = order.subarray(offsets[key], offsets[key + 1]);
      if (own.some((at, i) => i > 0 && this.#timeOf[at] < this.#timeOf[own[i - 1]]))
        own.sort((a, b) => this.#timeOf[a] - this.#timeOf[b] || a - b);
    }
    return order;
  }

  #grow(): void {
    const length = this.#keyOf.length * 2;
    const larger = <Column extends Int32Array | Float32Array | Float64Array>(fresh: Column, old: Column): Column => {
      fresh.set(old);
      return fresh;
    };
    this.#keyOf = larger(sharedInt32(length), this.#keyOf);
    this.#thingOf = larger(sharedInt32(length), this.#thingOf);
    this.#timeOf = larger(sharedFloat64(length), this.#timeOf);
    if (this.#amountOf) this.#amountOf = larger(sharedFloat32(length), this.#amountOf);
    for (const category of this.#categories) category.codes = larger(sharedInt32(length), category.codes);
  }
}

function sharedInt32(length: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(4 * length));
}

function sharedFloat32(length: number): Float32Array {
  return new Float32Array(new SharedArrayBuffer(4 * length));
}

function sharedFloat64(length: number): Float64Array {
  return new Float64Array(new SharedArrayBuffer(8 * length));
}

/** The things alone, one sequence after the other: what word2vec and fastText learn from. */
export function corpusOfSequences({ ids, offsets, things }: EventSequences): SequenceCorpus {
  const tokens = new Int32Array(new SharedArrayBuffer(4 * (things.length + offsets.length - 1)));
  let written = 0;
  for (let sequence = 0; sequence + 1 < offsets.length; sequence++) {
    for (let at = offsets[sequence]; at < offsets[sequence + 1]; at++) tokens[written++] = things[at];
    tokens[written++] = -1;
  }
  return { ids, tokens };
}

/** Gives each name the next number the first time it is seen. */
export class Numbering {
  readonly names: string[] = [];
  readonly #numbers = new Map<string, number>();

  of(name: string): number {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    this.#numbers.set(name, this.names.length);
    return this.names.push(name) - 1;
  }
}
