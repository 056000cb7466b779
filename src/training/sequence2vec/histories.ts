/**
 * What people did with items, compactly: each user's events in the order of their times, as numbers of items. From it
 * come the sequences that word2vec learns from (sessions where events name them, else a user's whole history), the
 * split that evaluation holds out, and the histories that recommendation starts from.
 */
import type { SequenceCorpus } from '../corpus';

export interface Histories {
  readonly userIds: readonly string[];
  readonly itemIds: readonly string[];
  /** (users + 1): user u's events are offsets[u] to offsets[u + 1] - 1, oldest first. */
  readonly offsets: Int32Array;
  /** One an event: an index into `itemIds`. */
  readonly items: Int32Array;
  /** One an event: epoch milliseconds. */
  readonly times: Float64Array;
  /** One an event: equal neighbours belong to one session; -1 where the event names none. */
  readonly sessions: Int32Array;
}

export interface HistoryEvent {
  readonly userId: string;
  readonly itemId: string;
  readonly occurredAt: Date;
  readonly sessionId?: string | null;
}

/** Collects events in any order. Events with the same time keep the order in which they came. */
export class HistoryBuilder {
  readonly #users = new Numbering();
  readonly #items = new Numbering();
  readonly #sessions = new Numbering();
  #events = 0;
  #userOf = new Int32Array(1024);
  #itemOf = new Int32Array(1024);
  #sessionOf = new Int32Array(1024);
  #timeOf = new Float64Array(1024);

  get events(): number {
    return this.#events;
  }

  add({ userId, itemId, occurredAt, sessionId }: HistoryEvent): void {
    if (this.#events === this.#userOf.length) this.#grow();
    const at = this.#events++;
    const user = this.#users.of(userId);
    this.#userOf[at] = user;
    this.#itemOf[at] = this.#items.of(itemId);
    // Two users may use the same name for a session; it is still two sessions.
    this.#sessionOf[at] = sessionId ? this.#sessions.of(`${user} ${sessionId}`) : -1;
    this.#timeOf[at] = occurredAt.getTime();
  }

  build(): Histories {
    const events = this.#events;
    const offsets = new Int32Array(this.#users.names.length + 1);
    for (let i = 0; i < events; i++) offsets[this.#userOf[i] + 1]++;
    for (let user = 0; user + 1 < offsets.length; user++) offsets[user + 1] += offsets[user];
    const order = Int32Array.from({ length: events }, (_, i) => i).sort(
      (a, b) => this.#userOf[a] - this.#userOf[b] || this.#timeOf[a] - this.#timeOf[b] || a - b,
    );
    return {
      userIds: this.#users.names,
      itemIds: this.#items.names,
      offsets,
      items: order.map((event) => this.#itemOf[event]),
      sessions: order.map((event) => this.#sessionOf[event]),
      times: Float64Array.from(order, (event) => this.#timeOf[event]),
    };
  }

  #grow(): void {
    const length = this.#userOf.length * 2;
    const larger = <Numbers extends Int32Array | Float64Array>(fresh: Numbers, old: Numbers) => {
      fresh.set(old);
      return fresh;
    };
    this.#userOf = larger(new Int32Array(length), this.#userOf);
    this.#itemOf = larger(new Int32Array(length), this.#itemOf);
    this.#sessionOf = larger(new Int32Array(length), this.#sessionOf);
    this.#timeOf = larger(new Float64Array(length), this.#timeOf);
  }
}

/** One sequence a session where events name sessions; events that name none are one sequence a user. */
export function corpusOf(histories: Histories): SequenceCorpus {
  const { itemIds, offsets, items, sessions } = histories;
  const tokens = new Int32Array(new SharedArrayBuffer(8 * items.length));
  let written = 0;
  for (let user = 0; user + 1 < offsets.length; user++) {
    const from = offsets[user];
    const to = offsets[user + 1];
    for (let at = from; at < to; at++) {
      tokens[written++] = items[at];
      if (at + 1 === to || sessions[at + 1] !== sessions[at]) tokens[written++] = -1;
    }
  }
  return { ids: itemIds, tokens: tokens.subarray(0, written) };
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
