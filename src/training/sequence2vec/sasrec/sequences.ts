/** What sasrec learns from: the newest part of each sequence, and what is held back to stop early by. */
import { KindredError } from '../../../errors';
import { Random } from '../../kernels/random';
import { corpusOfSequences, type EventSequences } from '../event-sequences';
import { buildVocabulary } from '../vocabulary';
import type { SasrecOptions } from './options';

export interface LearnedSequences {
  readonly ids: readonly string[];
  readonly frequencies: Uint32Array;
  /** Things by number. */
  readonly tokens: Int32Array;
  /** Sequence s is tokens[starts[s]] to tokens[ends[s] - 1], at least two of them: each predicts the one after it. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** Events that are a prediction's input. */
  readonly events: number;
  /** Events of the longest sequence that are an input. */
  readonly slots: number;
  /** Sequences whose next thing, tokens[ends[s]], is held back; empty without patience. */
  readonly heldBack: Int32Array;
}

/** Sequences that early stopping asks at most. */
const MOST_HELD_BACK = 2000;
const HELD_BACK_STREAM = 0x5eed_0021;

/** @throws KindredError EMPTY_CORPUS where nothing can be learned */
export function learnedSequences(data: EventSequences, options: SasrecOptions): LearnedSequences {
  const { ids, frequencies, tokens } = buildVocabulary(corpusOfSequences(data), options.minCount);
  const starts: number[] = [];
  const ends: number[] = [];
  const askable: number[] = [];
  let [from, events, slots] = [0, 0, 0];
  for (let at = 0; at < tokens.length; at++) {
    if (tokens[at] >= 0) continue;
    const isAskable = options.patience > 0 && at - from > 2;
    const end = isAskable ? at - 1 : at;
    if (isAskable) askable.push(starts.length);
    const start = Math.max(from, end - options.maxLength - 1);
    starts.push(start);
    ends.push(end);
    events += end - start - 1;
    slots = Math.max(slots, end - start - 1);
    from = at + 1;
  }
  if (options.patience > 0 && askable.length === 0)
    throw new KindredError('EMPTY_CORPUS', 'No sequence has three events, of which the last could be held back.', {
      field: 'patience',
      remedy: 'Set patience to 0, which learns from everything and never stops early.',
    });
  const heldBack = Random.seeded(options.seed, HELD_BACK_STREAM)
    .shuffle(Int32Array.from(askable))
    .slice(0, MOST_HELD_BACK)
    .sort();
  return {
    ids,
    frequencies,
    tokens,
    starts: Int32Array.from(starts),
    ends: Int32Array.from(ends),
    events,
    slots,
    heldBack,
  };
}
