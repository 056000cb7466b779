/**
 * Answers "are these two tied?", the question a second-order walk asks at nearly every step. Hubs, whose lists are long
 * and asked most, have a row of bits; a row is kept only where it takes no more room than the hub's list, so the bits
 * never double the graph. Everything else is a binary search in the shorter of the two lists.
 */
import { type CompactGraph, sharedInt32 } from './compact-graph';

export interface HubBits {
  /** Nodes 0 .. hubs - 1 have a row. */
  readonly hubs: number;
  readonly wordsPerRow: number;
  /** (hubs, wordsPerRow): bit b of row a says whether a and b are tied. */
  readonly words: Int32Array;
}

export function hubBits({ nodes, offsets, neighbours }: CompactGraph): HubBits {
  const wordsPerRow = Math.ceil(nodes / 32);
  let hubs = 0;
  while (hubs < nodes && offsets[hubs + 1] - offsets[hubs] >= wordsPerRow) hubs++;
  const words = sharedInt32(hubs * wordsPerRow);
  for (let hub = 0; hub < hubs; hub++) {
    for (let slot = offsets[hub]; slot < offsets[hub + 1]; slot++) {
      words[hub * wordsPerRow + (neighbours[slot] >> 5)] |= 1 << (neighbours[slot] & 31);
    }
  }
  return { hubs, wordsPerRow, words };
}

export function tied({ offsets, neighbours }: CompactGraph, bits: HubBits, one: number, other: number): boolean {
  // Nodes are numbered by falling degree: the larger number has the shorter list.
  const hub = Math.min(one, other);
  const far = Math.max(one, other);
  if (hub < bits.hubs) return (bits.words[hub * bits.wordsPerRow + (far >> 5)] & (1 << (far & 31))) !== 0;
  let low = offsets[far];
  let high = offsets[far + 1] - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const found = neighbours[middle];
    if (found === hub) return true;
    if (found < hub) low = middle + 1;
    else high = middle - 1;
  }
  return false;
}
