/**
 * Alias tables (Walker 1977; Vose 1991) that draw a node's neighbour in proportion to the tie's weight in constant time.
 * One table a node, laid out slot for slot beside the neighbours.
 */
import { type CompactGraph, sharedFloat32, sharedInt32 } from './compact-graph';

export interface Proposals {
  /** (2 x ties): the share of its column that a slot keeps for itself. */
  readonly keep: Float32Array;
  /** (2 x ties): the slot, counted from the node's first, that has the rest of the column. */
  readonly alias: Int32Array;
}

export function proposals({ nodes, offsets, neighbours }: CompactGraph, weights: Float32Array): Proposals {
  const keep = sharedFloat32(neighbours.length);
  const alias = sharedInt32(neighbours.length);
  const scaled = new Float64Array(longestRow(offsets, nodes));
  // One array holds the columns that are too short from its start and those that are too tall from its end.
  const open = new Int32Array(scaled.length);
  for (let node = 0; node < nodes; node++) {
    const start = offsets[node];
    const degree = offsets[node + 1] - start;
    let total = 0;
    for (let slot = 0; slot < degree; slot++) total += weights[start + slot];
    let short = 0;
    let tall = degree;
    for (let slot = 0; slot < degree; slot++) {
      scaled[slot] = (weights[start + slot] / total) * degree;
      if (scaled[slot] < 1) open[short++] = slot;
      else open[--tall] = slot;
    }
    while (short > 0 && tall < degree) {
      const less = open[--short];
      const more = open[tall];
      keep[start + less] = scaled[less];
      alias[start + less] = more;
      scaled[more] -= 1 - scaled[less];
      if (scaled[more] < 1) {
        tall++;
        open[short++] = more;
      }
    }
    // What is left differs from a full column by rounding only.
    while (short > 0) keep[start + open[--short]] = 1;
    while (tall < degree) keep[start + open[tall++]] = 1;
  }
  return { keep, alias };
}

function longestRow(offsets: Uint32Array, nodes: number): number {
  let longest = 0;
  for (let node = 0; node < nodes; node++) longest = Math.max(longest, offsets[node + 1] - offsets[node]);
  return longest;
}
