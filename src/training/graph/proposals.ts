/** Alias tables that draw a node's neighbour in proportion to the tie's weight in constant time, one table a node. */
import { type AliasTable, buildAliasTable } from '../kernels/alias';
import { type CompactGraph, sharedUint32 } from './compact-graph';

/** @returns (2 x ties, 2) u32: slot for slot beside the neighbours, the alias counted from the node's first slot */
export function proposalTables({ nodes, offsets, neighbours }: CompactGraph, weights: Float32Array): AliasTable {
  const tables = sharedUint32(neighbours.length * 2);
  for (let node = 0; node < nodes; node++) {
    const [start, end] = [offsets[node], offsets[node + 1]];
    buildAliasTable(weights.subarray(start, end), tables.subarray(2 * start, 2 * end));
  }
  return tables;
}
