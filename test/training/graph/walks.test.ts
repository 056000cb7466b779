import * as fc from 'fast-check';
import { tied } from '../../../src/training/graph/adjacency';
import { compactGraph } from '../../../src/training/graph/compact-graph';
import type { EdgeList } from '../../../src/training/graph/edge-list';
import { Walker, walkable } from '../../../src/training/graph/walks';
import { Random } from '../../../src/training/kernels/random';
import { edgesOf, randomEdges } from './graphs';

/** The kite of the node2vec paper's figure 2 with tails, so that all three biases occur. */
const KITE = [
  [0, 1, 1],
  [0, 2, 3],
  [0, 3, 0.5],
  [1, 2, 2],
  [1, 4, 1],
  [2, 3, 4],
  [3, 5, 1],
  [4, 5, 0.25],
  [5, 6, 2],
];
const unweighted = edgesOf(KITE.map(([source, target]) => [source, target]));
const weighted = edgesOf(KITE);

/** The exact transition probabilities of node2vec, from the definition: P(x | t, v) = alpha(t, x) w(v, x) / Z. */
function exact(edges: EdgeList, p: number, q: number, from: number, at: number): Map<number, number> {
  const weight = new Map<string, number>();
  edges.sources.forEach((source, i) => {
    weight.set(`${source}-${edges.targets[i]}`, edges.weights?.[i] ?? 1);
    weight.set(`${edges.targets[i]}-${source}`, edges.weights?.[i] ?? 1);
  });
  const probabilities = new Map<number, number>();
  for (let next = 0; next < edges.ids.length; next++) {
    const tie = weight.get(`${at}-${next}`);
    if (tie === undefined) continue;
    probabilities.set(next, tie * (next === from ? 1 / p : weight.has(`${from}-${next}`) ? 1 : 1 / q));
  }
  const total = [...probabilities.values()].reduce((sum, value) => sum + value, 0);
  return new Map([...probabilities].map(([next, value]) => [next, value / total]));
}

/** Counts of (from, at, next) over many walks, in the edge list's numbering. */
function transitions(edges: EdgeList, p: number, q: number, walks: number): Map<string, Map<number, number>> {
  const prepared = walkable(compactGraph(edges));
  const walkLength = 40;
  const walker = new Walker(prepared, { p, q, walkLength });
  const random = Random.seeded(7);
  const walk = new Int32Array(walkLength);
  const counts = new Map<string, Map<number, number>>();
  for (let index = 0; index < walks; index++) {
    walker.walk(index % prepared.graph.nodes, random, walk, 0);
    const named = Array.from(walk, (node) => prepared.graph.order[node]);
    for (let i = 2; i < walkLength; i++) {
      const key = `${named[i - 2]}-${named[i - 1]}`;
      const row = counts.get(key) ?? new Map<number, number>();
      row.set(named[i], (row.get(named[i]) ?? 0) + 1);
      counts.set(key, row);
    }
  }
  return counts;
}

/** Chi-square of all transitions against the exact ones, as a standard normal (Wilson & Hilferty 1931). */
function chiSquareDeviate(edges: EdgeList, p: number, q: number): number {
  let statistic = 0;
  let freedom = 0;
  for (const [key, row] of transitions(edges, p, q, 6_000)) {
    const [from, at] = key.split('-').map(Number);
    const expected = exact(edges, p, q, from, at);
    const total = [...row.values()].reduce((sum, count) => sum + count, 0);
    for (const next of row.keys()) expect(expected.has(next)).toBe(true);
    for (const [next, probability] of expected) {
      statistic += ((row.get(next) ?? 0) - total * probability) ** 2 / (total * probability);
    }
    freedom += expected.size - 1;
  }
  const spread = 2 / (9 * freedom);
  return (Math.cbrt(statistic / freedom) - (1 - spread)) / Math.sqrt(spread);
}

describe('second-order walks', () => {
  it.each([
    ['p = q = 0.25', 0.25, 0.25],
    ['p = q = 1', 1, 1],
    ['p = 4, q = 0.5', 4, 0.5],
    ['p = 0.5, q = 4', 0.5, 4],
    // The envelope is 1,000 times most biases: nearly every step takes the exact draw.
    ['p = 0.001, q = 1', 0.001, 1],
  ])('step with the exact probabilities of node2vec, %s', (_name, p, q) => {
    // Beyond 3.5 standard deviations once in 4,000 right samplers; the seed is fixed.
    expect(chiSquareDeviate(unweighted, p, q)).toBeLessThan(3.5);
    expect(chiSquareDeviate(weighted, p, q)).toBeLessThan(3.5);
  });

  it('would be told apart from walks with another q by the same measure', () => {
    const observed = transitions(unweighted, 0.25, 0.25, 6_000);
    const row = observed.get('0-1')!;
    const total = [...row.values()].reduce((sum, count) => sum + count, 0);
    const wrong = exact(unweighted, 0.25, 1, 0, 1);
    const statistic = [...wrong].reduce(
      (sum, [next, share]) => sum + ((row.get(next) ?? 0) - total * share) ** 2 / (total * share),
      0,
    );
    expect(statistic).toBeGreaterThan(100);
  });

  it('take the first step in proportion to the weights', () => {
    const prepared = walkable(compactGraph(weighted));
    const walker = new Walker(prepared, { p: 1, q: 1, walkLength: 2 });
    const start = prepared.graph.order.indexOf(0);
    const random = Random.seeded(3);
    const out = new Int32Array(2);
    const counts = new Map<number, number>();
    for (let index = 0; index < 20_000; index++) {
      walker.walk(start, random, out, 0);
      const next = prepared.graph.order[out[1]];
      counts.set(next, (counts.get(next) ?? 0) + 1);
    }
    expect(counts.get(1)! / 20_000).toBeCloseTo(1 / 4.5, 2);
    expect(counts.get(2)! / 20_000).toBeCloseTo(3 / 4.5, 2);
    expect(counts.get(3)! / 20_000).toBeCloseTo(0.5 / 4.5, 2);
  });

  it('follow ties only, and are as long as asked, on any graph', () => {
    fc.assert(
      fc.property(
        randomEdges({ weighted: true }),
        fc.constantFrom(1e-6, 0.25, 1, 1e6),
        fc.constantFrom(1e-6, 1, 1e6),
        (edges, p, q) => {
          const prepared = walkable(compactGraph(edges));
          const walker = new Walker(prepared, { p, q, walkLength: 20 });
          const out = new Int32Array(22).fill(-1);
          for (let start = 0; start < prepared.graph.nodes; start++) {
            walker.walk(start, Random.seeded(1, start), out, 1);
            expect(out[0]).toBe(-1);
            expect(out[1]).toBe(start);
            for (let i = 2; i <= 20; i++) expect(tied(prepared.graph, prepared.bits, out[i - 1], out[i])).toBe(true);
            expect(out[21]).toBe(-1);
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  it('come back from a leaf at once even where returning is all but forbidden', () => {
    const prepared = walkable(compactGraph(edgesOf([[0, 1]])));
    const walker = new Walker(prepared, { p: 1e9, q: 1e-9, walkLength: 100_000 });
    const out = new Int32Array(100_000);
    walker.walk(0, Random.seeded(1), out, 0);
    expect(out.every((node, i) => node === i % 2)).toBe(true);
  });

  it('depend on the start and the random stream, and on nothing walked before', () => {
    const prepared = walkable(compactGraph(unweighted));
    const options = { p: 0.5, q: 2, walkLength: 30 };
    const walk = (walker: Walker, ...path: number[]) => {
      const out = new Int32Array(30);
      walker.walk(0, Random.seeded(...path), out, 0);
      return [...out];
    };
    const busy = new Walker(prepared, options);
    for (let index = 0; index < 10; index++) walk(busy, 3, index);
    expect(walk(busy, 1, 4)).toEqual(walk(new Walker(prepared, options), 1, 4));
    expect(walk(busy, 1, 4)).not.toEqual(walk(busy, 1, 5));
  });
});
