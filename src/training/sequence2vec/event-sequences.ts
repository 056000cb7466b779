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

/** Collects events in any order. Events of a sequence with the same time keep the order in which they came. */
export class EventSequencesBuilder {
  readonly #keys = new Numbering();
  readonly #things = new Numbering();
  readonly #categories: { readonly numbering: Numbering; codes: Int32Array }[];
  #events = 0;
  #keyOf = new Int32Array(1024);
  #thingOf = new Int32Array(1024);
  #timeOf = new Float64Array(1024);
  #amountOf = new Float32Array(1024);
  #hasAmounts = false;

  /** @param categoryNames names of the further categories, in the order in which events give them */
  constructor(private readonly categoryNames: readonly string[] = []) {
    this.#categories = categoryNames.map(() => ({ numbering: new Numbering(), codes: new Int32Array(1024) }));
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
    this.#amountOf[at] = amount ?? Number.NaN;
    if (amount !== undefined) this.#hasAmounts = true;
    this.#categories.forEach(({ numbering, codes }, i) => {
      const value = categories[i];
      codes[at] = value === null || value === undefined ? -1 : numbering.of(value);
    });
  }

  build(): EventSequences {
    const events = this.#events;
    const offsets = new Int32Array(new SharedArrayBuffer(4 * (this.#keys.names.length + 1)));
    for (let at = 0; at < events; at++) offsets[this.#keyOf[at] + 1]++;
    for (let key = 0; key + 1 < offsets.length; key++) offsets[key + 1] += offsets[key];
    const order = Int32Array.from({ length: events }, (_, at) => at);
    // What comes from a store is in order already; sorting what is sorted would cost the most of it.
    if (!this.#isOrdered())
      order.sort((a, b) => this.#keyOf[a] - this.#keyOf[b] || this.#timeOf[a] - this.#timeOf[b] || a - b);
    const inOrder = (values: Int32Array) => {
      const ordered = new Int32Array(new SharedArrayBuffer(4 * events));
      for (let at = 0; at < events; at++) ordered[at] = values[order[at]];
      return ordered;
    };
    const times = new Float64Array(new SharedArrayBuffer(8 * events));
    const amounts = new Float32Array(new SharedArrayBuffer(this.#hasAmounts ? 4 * events : 0));
    for (let at = 0; at < events; at++) times[at] = this.#timeOf[order[at]];
    for (let at = 0; at < amounts.length; at++) amounts[at] = this.#amountOf[order[at]];
    return {
      keys: this.#keys.names,
      ids: this.#things.names,
      offsets,
      things: inOrder(this.#thingOf),
      times,
      ...(this.#hasAmounts && { amounts }),
      categories: this.#categories.map(({ numbering, codes }, i) => ({
        name: this.categoryNames[i],
        values: numbering.names,
        codes: inOrder(codes),
      })),
    };
  }

  #isOrdered(): boolean {
    for (let at = 1; at < this.#events; at++) {
      const keys = this.#keyOf[at] - this.#keyOf[at - 1];
      if (keys < 0 || (keys === 0 && this.#timeOf[at] < this.#timeOf[at - 1])) return false;
    }
    return true;
  }

  #grow(): void {
    const length = this.#keyOf.length * 2;
    const larger = <Numbers extends Int32Array | Float32Array | Float64Array>(fresh: Numbers, old: Numbers) => {
      fresh.set(old);
      return fresh;
    };
    this.#keyOf = larger(new Int32Array(length), this.#keyOf);
    this.#thingOf = larger(new Int32Array(length), this.#thingOf);
    this.#timeOf = larger(new Float64Array(length), this.#timeOf);
    this.#amountOf = larger(new Float32Array(length), this.#amountOf);
    for (const category of this.#categories) category.codes = larger(new Int32Array(length), category.codes);
  }
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
class Numbering {
  readonly names: string[] = [];
  readonly #numbers = new Map<string, number>();

  of(name: string): number {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    this.#numbers.set(name, this.names.length);
    return this.names.push(name) - 1;
  }
}
