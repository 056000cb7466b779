/**
 * Plain ways to say what comes next, for models to be held against: what is popular, what followed the last thing (a
 * Markov chain of the first order), and what the most similar past sequences had (session kNN). Each scores by the
 * numbers of `ids`; the higher, the likelier next.
 */
import type { EventSequences } from '../sequence2vec/event-sequences';

/** Scores of the candidates for a question, in their order; -Infinity for what it cannot speak about. */
export type NextItemScorer = (question: number, candidates: Int32Array) => Float64Array;

/** log P(thing), each thing counted once more than it was seen. */
export function byPopularity(training: EventSequences): NextItemScorer {
  const logs = popularity(training).map(Math.log);
  return (_, candidates) => Float64Array.from(candidates, (thing) => logs[thing]);
}

function popularity({ ids, things }: EventSequences): Float64Array {
  const counts = new Float64Array(ids.length).fill(1);
  for (let at = 0; at < things.length; at++) counts[things[at]]++;
  const total = things.length + ids.length;
  return counts.map((count) => count / total);
}

/**
 * log P(next | last) = log((count(last, next) + smoothing P(next)) / (count(last) + smoothing)): a few observed steps are
 * backed by popularity, many speak for themselves (MacKay & Peto 1995).
 * @param smoothing steps that popularity counts for
 */
export function byMarkovChain(training: EventSequences, histories: EventSequences, smoothing = 1): NextItemScorer {
  const popular = popularity(training);
  const chain = countTransitions(training);
  const following = new Float64Array(training.ids.length);
  return (question, candidates) => {
    const last = histories.things[histories.offsets[question + 1] - 1];
    const [from, to] = [chain.offsets[last], chain.offsets[last + 1]];
    let total = smoothing;
    for (let at = from; at < to; at++) {
      following[chain.next[at]] = chain.counts[at];
      total += chain.counts[at];
    }
    const scores = Float64Array.from(candidates, (thing) =>
      Math.log((following[thing] + smoothing * popular[thing]) / total),
    );
    for (let at = from; at < to; at++) following[chain.next[at]] = 0;
    return scores;
  };
}

interface Transitions {
  /** (things + 1): where what followed a thing starts. */
  readonly offsets: Int32Array;
  readonly next: Int32Array;
  readonly counts: Int32Array;
}

function countTransitions({ keys, ids, offsets, things }: EventSequences): Transitions {
  const starts = new Int32Array(ids.length + 1);
  const each = (step: (thing: number, next: number) => void) => {
    for (let sequence = 0; sequence < keys.length; sequence++)
      for (let at = offsets[sequence] + 1; at < offsets[sequence + 1]; at++) step(things[at - 1], things[at]);
  };
  each((thing) => {
    starts[thing + 1]++;
  });
  for (let thing = 0; thing < ids.length; thing++) starts[thing + 1] += starts[thing];
  const steps = new Int32Array(starts[ids.length]);
  const filled = starts.slice();
  each((thing, next) => {
    steps[filled[thing]++] = next;
  });
  // Sorted within its thing, the same next thing lies together and becomes one entry with a count.
  const compact = { offsets: new Int32Array(ids.length + 1), counts: new Int32Array(steps.length) };
  let written = 0;
  for (let thing = 0; thing < ids.length; thing++) {
    const followers = steps.slice(starts[thing], starts[thing + 1]).sort();
    for (let i = 0; i < followers.length; i++) {
      if (i === 0 || followers[i] !== followers[i - 1]) steps[written++] = followers[i];
      compact.counts[written - 1]++;
    }
    compact.offsets[thing + 1] = written;
  }
  return { ...compact, next: steps.subarray(0, written) };
}

export interface SessionKnnOptions {
  /** Most similar past sequences whose things count. @default 500 */
  readonly neighbours?: number;
  /** Newest past sequences with a thing in common among which they are sought. @default 1000 */
  readonly sample?: number;
}

/**
 * Session kNN (Jannach & Ludewig 2017, "When recurrent neural networks meet the neighborhood for session-based
 * recommendation"): score(thing) = sum of the similarities of the neighbours that have it. Similarity is cosine, where the
 * sequence asked about weighs its things by how late they came (their v-sknn). The asked sequence itself is no neighbour.
 */
export function bySessionKnn(
  training: EventSequences,
  histories: EventSequences,
  { neighbours = 500, sample = 1000 }: SessionKnnOptions = {},
): NextItemScorer {
  const past = new PastSequences(training);
  const numberOf = new Map(training.keys.map((key, sequence) => [key, sequence]));
  const votes = new Float64Array(training.ids.length);
  return (question, candidates) => {
    const asked = latenessOf(histories, question);
    const own = numberOf.get(histories.keys[question]);
    const near = past.near(asked, sample, own).slice(0, neighbours);
    for (const { sequence, similarity } of near) for (const thing of past.things(sequence)) votes[thing] += similarity;
    const scores = Float64Array.from(candidates, (thing) => votes[thing]);
    for (const { sequence } of near) for (const thing of past.things(sequence)) votes[thing] = 0;
    return scores;
  };
}

/** Weight of each different thing: its last place in the sequence, as a share of the sequence. */
function latenessOf({ offsets, things }: EventSequences, sequence: number): Map<number, number> {
  const [from, to] = [offsets[sequence], offsets[sequence + 1]];
  const weights = new Map<number, number>();
  for (let at = from; at < to; at++) weights.set(things[at], (at - from + 1) / (to - from));
  return weights;
}

class PastSequences {
  /** Sequence numbers by the time of their last event, newest first, and each one's place in that order. */
  private readonly place: Int32Array;
  private readonly byPlace: Int32Array;
  private readonly sets: readonly Int32Array[];
  /** For each thing the places of the sequences that have it, newest first. */
  private readonly places: Int32Array[];

  constructor({ keys, ids, offsets, things, times }: EventSequences) {
    const newest = Float64Array.from(keys, (_, sequence) => times[offsets[sequence + 1] - 1]);
    this.byPlace = Int32Array.from(keys.keys()).sort((a, b) => newest[b] - newest[a] || b - a);
    this.place = new Int32Array(keys.length);
    this.byPlace.forEach((sequence, place) => {
      this.place[sequence] = place;
    });
    this.sets = keys.map((_, sequence) =>
      Int32Array.from(new Set(things.subarray(offsets[sequence], offsets[sequence + 1]))),
    );
    const counts = new Int32Array(ids.length);
    for (const set of this.sets) for (const thing of set) counts[thing]++;
    this.places = Array.from(counts, (count) => new Int32Array(count));
    counts.fill(0);
    this.byPlace.forEach((sequence, place) => {
      for (const thing of this.sets[sequence]) this.places[thing][counts[thing]++] = place;
    });
  }

  things(sequence: number): Int32Array {
    return this.sets[sequence];
  }

  /** The newest `sample` sequences with a thing in common, the most similar first. */
  near(asked: ReadonlyMap<number, number>, sample: number, own: number | undefined) {
    const overlap = new Map<number, number>();
    // One more than the sample, as the sequence itself may be among them.
    for (const [thing, weight] of asked)
      for (const place of this.places[thing].subarray(0, sample + 1))
        overlap.set(place, (overlap.get(place) ?? 0) + weight);
    if (own !== undefined) overlap.delete(this.place[own]);
    const length = Math.hypot(...asked.values());
    return [...overlap.keys()]
      .sort((a, b) => a - b)
      .slice(0, sample)
      .map((place) => {
        const sequence = this.byPlace[place];
        return { sequence, similarity: overlap.get(place)! / (length * Math.sqrt(this.sets[sequence].length)) };
      })
      .sort((a, b) => b.similarity - a.similarity);
  }
}
