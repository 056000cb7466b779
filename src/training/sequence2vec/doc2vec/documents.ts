/**
 * Sequences as the kernel of bags reads them: things by number, -2 - s before those of sequence s and -1 after. A sequence
 * of a single thing is kept, for the sequence's own vector learns from it; one of which no thing is learned is left out.
 */
import { KindredError } from '../../../errors';
import type { EventSequences } from '../event-sequences';
import { chooseThings } from '../vocabulary';

/** Longer sequences are read in pieces of this many things, so that a unit of work stays bounded. */
export const LONGEST_PIECE = 100_000;

export interface Documents {
  /** Things that are learned, by falling frequency. */
  readonly ids: readonly string[];
  readonly frequencies: Uint32Array;
  /** Keys of the sequences that have something to learn, in their order. */
  readonly keys: readonly string[];
  /** One a key: things that it has. */
  readonly lengths: Uint32Array;
  /** On shared memory. */
  readonly tokens: Int32Array;
  /** Things in `tokens`. */
  readonly tokenCount: number;
  readonly longestSequence: number;
}

/** @throws KindredError EMPTY_CORPUS saying which filter left too little */
export function readDocuments(sequences: EventSequences, minCount: number): Documents {
  const { keys, offsets, things, ids } = sequences;
  const chosen = chooseThings({ ids, tokens: things }, minCount);
  const tokens = new Int32Array(new SharedArrayBuffer(4 * roomFor(offsets)));
  const kept: number[] = [];
  const lengths: number[] = [];
  let written = 0;
  let tokenCount = 0;
  for (let sequence = 0; sequence < keys.length; sequence++) {
    let length = 0;
    for (let event = offsets[sequence]; event < offsets[sequence + 1]; event++) {
      const number = chosen.numbers[things[event]];
      if (number < 0) continue;
      if (length > 0 && length % LONGEST_PIECE === 0) tokens[written++] = -1;
      if (length % LONGEST_PIECE === 0) tokens[written++] = -2 - kept.length;
      tokens[written++] = number;
      length++;
    }
    if (length === 0) continue;
    tokens[written++] = -1;
    tokenCount += length;
    kept.push(sequence);
    lengths.push(length);
  }
  if (kept.length < 2) throw tooFew(kept.length, keys.length);
  return {
    ids: chosen.ids,
    frequencies: chosen.frequencies,
    keys: kept.map((sequence) => keys[sequence]),
    lengths: Uint32Array.from(lengths),
    tokens: tokens.subarray(0, written),
    tokenCount,
    longestSequence: lengths.reduce((a, b) => Math.max(a, b), 0),
  };
}

/** Every thing, and an opening and an end for each piece. */
function roomFor(offsets: Int32Array): number {
  let room = 0;
  for (let sequence = 0; sequence + 1 < offsets.length; sequence++) {
    const length = offsets[sequence + 1] - offsets[sequence];
    room += length + 2 * Math.ceil(length / LONGEST_PIECE);
  }
  return room;
}

function tooFew(kept: number, sequences: number): KindredError {
  return new KindredError(
    'EMPTY_CORPUS',
    `${kept} of ${sequences} sequences has things that are learned; there is no other to tell it from.`,
    { remedy: 'Lower minCount, or widen the range of time so that there are two sequences or more.' },
  );
}
