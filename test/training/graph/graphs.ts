/** Small graphs for tests: written out by hand, or drawn by fast-check. */
import * as fc from 'fast-check';
import type { EdgeList } from '../../../src/training/graph/edge-list';

/** @param ties [source, target] or [source, target, weight] */
export function edgesOf(ties: readonly (readonly number[])[]): EdgeList {
  const nodes = ties.reduce((most, [source, target]) => Math.max(most, source + 1, target + 1), 0);
  return {
    ids: Array.from({ length: nodes }, (_, node) => `n${node}`),
    sources: Int32Array.from(ties, (tie) => tie[0]),
    targets: Int32Array.from(ties, (tie) => tie[1]),
    weights: ties.some((tie) => tie.length > 2) ? Float32Array.from(ties, (tie) => tie[2]) : undefined,
  };
}

/** Graphs with repeated ties, self-loops and isolated nodes, but with at least one tie between two nodes. */
export function randomEdges({ weighted }: { weighted: boolean }): fc.Arbitrary<EdgeList> {
  const node = fc.integer({ min: 0, max: 39 });
  const weight = fc.float({ min: Math.fround(0.125), max: 8, noNaN: true });
  const tie: fc.Arbitrary<number[]> = weighted ? fc.tuple(node, node, weight) : fc.tuple(node, node);
  return fc
    .array(tie, { minLength: 1, maxLength: 200 })
    .filter((ties) => ties.some(([source, target]) => source !== target))
    .map(edgesOf);
}
