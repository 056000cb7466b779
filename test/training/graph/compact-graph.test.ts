import * as fc from 'fast-check';
import { hubBits, tied } from '../../../src/training/graph/adjacency';
import { compactGraph } from '../../../src/training/graph/compact-graph';
import { edgesOf, randomEdges } from './graphs';

/** The graph as a map from "a-b" (positions in ids, a < b) to weight, told the slow way. */
function tiesOf(edges: ReturnType<typeof edgesOf>): Map<string, number> {
  const ties = new Map<string, number>();
  edges.sources.forEach((source, i) => {
    const target = edges.targets[i];
    if (source === target) return;
    const key = `${Math.min(source, target)}-${Math.max(source, target)}`;
    ties.set(key, (ties.get(key) ?? 0) + (edges.weights?.[i] ?? 1));
  });
  return ties;
}

describe('a compact graph', () => {
  it('holds every distinct tie in both directions, sorted, with its summed weight', () => {
    fc.assert(
      fc.property(randomEdges({ weighted: true }), (edges) => {
        const graph = compactGraph(edges);
        const ties = tiesOf(edges);
        expect(graph.ties).toBe(ties.size);
        for (let node = 0; node < graph.nodes; node++) {
          for (let slot = graph.offsets[node]; slot < graph.offsets[node + 1]; slot++) {
            const neighbour = graph.neighbours[slot];
            if (slot > graph.offsets[node]) expect(neighbour).toBeGreaterThan(graph.neighbours[slot - 1]);
            const [a, b] = [graph.order[node], graph.order[neighbour]].sort((x, y) => x - y);
            const weight = ties.get(`${a}-${b}`);
            expect(weight).toBeDefined();
            if (graph.weights) expect(graph.weights[slot]).toBeCloseTo(weight!, 3);
          }
        }
      }),
    );
  });

  it('accounts for every entry of the edge list and of ids', () => {
    fc.assert(
      fc.property(randomEdges({ weighted: false }), (edges) => {
        const graph = compactGraph(edges);
        expect(graph.ties + graph.duplicates + graph.selfLoops).toBe(edges.sources.length);
        expect(graph.nodes + graph.isolated).toBe(edges.ids.length);
        expect(new Set(graph.order).size).toBe(graph.nodes);
        expect(graph.offsets[graph.nodes]).toBe(graph.neighbours.length);
      }),
    );
  });

  it('does not depend on the order or the direction in which ties are given', () => {
    fc.assert(
      fc.property(randomEdges({ weighted: false }), (edges) => {
        const mirrored = {
          ids: edges.ids,
          sources: Int32Array.from(edges.targets).reverse(),
          targets: Int32Array.from(edges.sources).reverse(),
        };
        expect(compactGraph(mirrored)).toEqual(compactGraph(edges));
      }),
    );
  });

  it('knows which nodes are tied, with and without rows of bits for hubs', () => {
    fc.assert(
      fc.property(randomEdges({ weighted: false }), (edges) => {
        const graph = compactGraph(edges);
        const ties = tiesOf(edges);
        const bits = hubBits(graph);
        const none = { hubs: 0, wordsPerRow: bits.wordsPerRow, words: bits.words };
        for (let one = 0; one < graph.nodes; one++) {
          for (let other = 0; other < graph.nodes; other++) {
            const [a, b] = [graph.order[one], graph.order[other]].sort((x, y) => x - y);
            expect(tied(graph, bits, one, other)).toBe(ties.has(`${a}-${b}`));
            expect(tied(graph, none, one, other)).toBe(ties.has(`${a}-${b}`));
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  it('gives hubs no more room for bits than their lists take', () => {
    const star = edgesOf(Array.from({ length: 999 }, (_, i) => [0, i + 1]));
    const graph = compactGraph(star);
    const bits = hubBits(graph);
    expect(bits.hubs).toBe(1);
    expect(bits.words.byteLength).toBeLessThanOrEqual(graph.neighbours.byteLength);
  });

  it('numbers nodes by falling degree', () => {
    const graph = compactGraph(
      edgesOf([
        [3, 0],
        [3, 1],
        [3, 2],
        [0, 1],
      ]),
    );
    expect([...graph.order]).toEqual([3, 0, 1, 2]);
  });

  it('treats weights that are all the same as no weights', () => {
    expect(
      compactGraph(
        edgesOf([
          [0, 1, 2.5],
          [1, 2, 2.5],
        ]),
      ).weights,
    ).toBeUndefined();
  });

  it('refuses a graph without a tie between two nodes, and says what to do', () => {
    expect(() => compactGraph(edgesOf([[0, 0]]))).toThrow(
      expect.objectContaining({ code: 'EMPTY_CORPUS', remedy: expect.stringContaining('kindred ingest relations') }),
    );
    expect(() => compactGraph(edgesOf([]))).toThrow(expect.objectContaining({ code: 'EMPTY_CORPUS' }));
  });

  it('refuses indexes outside ids and weights that are not above 0', () => {
    const ids = ['a', 'b'];
    const one = Int32Array.of(0);
    expect(() => compactGraph({ ids, sources: one, targets: Int32Array.of(2) })).toThrow(
      expect.objectContaining({ code: 'BAD_USER_INPUT', field: 'edges[0]' }),
    );
    for (const weight of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() =>
        compactGraph({ ids, sources: one, targets: Int32Array.of(1), weights: Float32Array.of(weight) }),
      ).toThrow(expect.objectContaining({ field: 'edges[0].weight' }));
    }
    expect(() => compactGraph({ ids, sources: one, targets: new Int32Array(0) })).toThrow(
      expect.objectContaining({ field: 'edges' }),
    );
  });
});
