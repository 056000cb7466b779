/**
 * What is asked when next things are evaluated: what came before, and what then came. The last thing of each sequence is
 * the test, the one before it is for choosing options and for stopping early (Kang & McAuley 2018, section IV), the rest
 * is learned from.
 */
import { Random } from '../kernels/random';
import type { EventSequences } from '../sequence2vec/event-sequences';
import { pastsOf } from '../sequence2vec/pasts';

/** Newest events before the hidden one that are given as a question; older ones are forgotten. */
const LONGEST_HISTORY = 500;

export interface NextItemQuestions {
  /** One a question: the events before the hidden one. */
  readonly histories: EventSequences;
  /** One a question: the thing that came next, an index into `ids`. */
  readonly hidden: Int32Array;
  /** One a question: the sequence of `whole` that it was cut from. */
  readonly sequenceOf: Int32Array;
  readonly whole: EventSequences;
}

export interface NextItemSplit {
  /** Everything but the last two things of each sequence; sequences too short to ask stay whole. */
  readonly training: EventSequences;
  readonly validation: NextItemQuestions;
  readonly test: NextItemQuestions;
}

/** A sequence is asked where something is left of it: from this many events on. */
export const SHORTEST_ASKED = 3;

export function splitNextItems(sequences: EventSequences): NextItemSplit {
  const asked = sequencesFrom(sequences, SHORTEST_ASKED);
  const { offsets } = sequences;
  const fromTheEnd = (distance: number) => asked.map((sequence) => offsets[sequence + 1] - distance);
  return {
    training: withoutLast(sequences, 2),
    validation: questionsAt(sequences, asked, fromTheEnd(2)),
    test: questionsAt(sequences, asked, fromTheEnd(1)),
  };
}

/** Every event of every sequence from its second on, asked with all that came before it. */
export function everyNextItem(sequences: EventSequences): NextItemQuestions {
  const { keys, offsets } = sequences;
  const sequenceOf: number[] = [];
  const events: number[] = [];
  for (let sequence = 0; sequence < keys.length; sequence++) {
    for (let at = offsets[sequence] + 1; at < offsets[sequence + 1]; at++) {
      sequenceOf.push(sequence);
      events.push(at);
    }
  }
  return questionsAt(sequences, Int32Array.from(sequenceOf), Int32Array.from(events));
}

/** @param count last events that go, from sequences of `SHORTEST_ASKED` events or more; the shorter stay whole */
export function withoutLast(sequences: EventSequences, count: 1 | 2): EventSequences {
  return shortened(sequences, (events) => (events >= SHORTEST_ASKED ? count : 0));
}

/**
 * For a trainer that stops early: it keeps the last thing of three or more from learning itself. Of a sequence that would
 * be left with two it would learn both, one of which its rivals do not get: such a sequence loses that one here.
 */
export function leftForEarlyStopping(sequences: EventSequences): EventSequences {
  return shortened(sequences, (events) => (events < SHORTEST_ASKED ? 0 : events === SHORTEST_ASKED ? 2 : 1));
}

/** @param by how many of its last events a sequence of so many loses */
function shortened(sequences: EventSequences, by: (events: number) => number): EventSequences {
  const { keys, offsets } = sequences;
  const all = Int32Array.from(keys.keys());
  const last = all.map((sequence) => offsets[sequence + 1] - 1 - by(offsets[sequence + 1] - offsets[sequence]));
  return pastsOf(sequences, last, { sequenceOf: all, longest: Number.MAX_SAFE_INTEGER });
}

/** At most `most` of the questions, drawn with the seed and left in their order. */
export function drawQuestions(questions: NextItemQuestions, most: number, seed: number): NextItemQuestions {
  const count = questions.hidden.length;
  if (count <= most) return questions;
  const drawn = Random.seeded(seed)
    .shuffle(Int32Array.from({ length: count }, (_, question) => question))
    .subarray(0, most)
    .sort();
  const { offsets } = questions.histories;
  const last = drawn.map((question) => offsets[question + 1] - 1);
  return {
    histories: pastsOf(questions.histories, last, { sequenceOf: drawn, longest: LONGEST_HISTORY }),
    hidden: drawn.map((question) => questions.hidden[question]),
    sequenceOf: drawn.map((question) => questions.sequenceOf[question]),
    whole: questions.whole,
  };
}

/** @param events the hidden ones; none may be the first of its sequence */
function questionsAt(whole: EventSequences, sequenceOf: Int32Array, events: Int32Array): NextItemQuestions {
  const before = events.map((event) => event - 1);
  return {
    histories: pastsOf(whole, before, { sequenceOf, longest: LONGEST_HISTORY }),
    hidden: events.map((event) => whole.things[event]),
    sequenceOf,
    whole,
  };
}

function sequencesFrom({ keys, offsets }: EventSequences, events: number): Int32Array {
  return Int32Array.from([...keys.keys()].filter((sequence) => offsets[sequence + 1] - offsets[sequence] >= events));
}
