/**
 * What people did with items, compactly: each user's events in the order of their times, as numbers of items. From it
 * come the sequences that word2vec learns from (sessions where events name them, else a user's whole history), the
 * split that evaluation holds out, and the histories that recommendation starts from.
 */
import type { SequenceCorpus } from '../corpus';
import { type EventSequences, EventSequencesBuilder } from './event-sequences';

export interface Histories {
  readonly userIds: readonly string[];
  readonly itemIds: readonly string[];
  /** (users + 1): user u's events are offsets[u] to offsets[u + 1] - 1, oldest first. */
  readonly offsets: Int32Array;
  /** One an event: an index into `itemIds`. */
  readonly items: Int32Array;
  /** One an event: epoch milliseconds. */
  readonly times: Float64Array;
  /** One an event: equal ones of one user belong to one session, of two users to two; -1 where the event names none. */
  readonly sessions: Int32Array;
}

export interface HistoryEvent {
  readonly userId: string;
  readonly itemId: string;
  readonly occurredAt: Date;
  readonly sessionId?: string | null;
}

/** Name of the column of categories that says of an event which session it belongs to. */
export const SESSION_COLUMN = 'session';

/** Users' sequences as histories; events without a session, or all where there is no such column, name none. */
export function historiesOf({ keys, ids, offsets, things, times, categories }: EventSequences): Histories {
  const sessions = categories.find(({ name }) => name === SESSION_COLUMN)?.codes;
  return {
    userIds: keys,
    itemIds: ids,
    offsets,
    items: things,
    times,
    sessions: sessions ?? new Int32Array(new SharedArrayBuffer(4 * things.length)).fill(-1),
  };
}

/** Collects events in any order. Events with the same time keep the order in which they came. */
export class HistoryBuilder {
  readonly #builder = new EventSequencesBuilder([SESSION_COLUMN]);

  get events(): number {
    return this.#builder.events;
  }

  add({ userId, itemId, occurredAt, sessionId }: HistoryEvent): void {
    this.#builder.add({
      key: userId,
      thing: itemId,
      occurredAt: occurredAt.getTime(),
      categories: [sessionId || undefined],
    });
  }

  build(): Histories {
    return historiesOf(this.#builder.build());
  }
}

/**
 * One sequence a session of a user's, where events name sessions, in the order of their first events: sessions may overlap in
 * time. Events that name none are one sequence a user.
 */
export function corpusOf(histories: Histories): SequenceCorpus {
  const { itemIds, offsets, items, sessions } = histories;
  const tokens = new Int32Array(new SharedArrayBuffer(8 * items.length));
  let written = 0;
  for (let user = 0; user + 1 < offsets.length; user++) {
    const [from, to] = [offsets[user], offsets[user + 1]];
    const lengths = new Map<number, number>();
    for (let at = from; at < to; at++) lengths.set(sessions[at], (lengths.get(sessions[at]) ?? 0) + 1);
    const next = new Map<number, number>();
    for (const [session, length] of lengths) {
      next.set(session, written);
      written += length;
      tokens[written++] = -1;
    }
    for (let at = from; at < to; at++) {
      const place = next.get(sessions[at])!;
      tokens[place] = items[at];
      next.set(sessions[at], place + 1);
    }
  }
  return { ids: itemIds, tokens: tokens.subarray(0, written) };
}
