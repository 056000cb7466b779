/**
 * An undirected graph as compressed sparse rows, on SharedArrayBuffers so that every worker reads the same copy.
 * Neighbours are sorted, a tie given several times is one tie (its weights add up), ties of a node with itself are
 * dropped and counted, and nodes without a tie are left out. Node 0 has the most ties: walks spend their time at hubs,
 * so hubs lie together in the cache, and which of two nodes has the shorter list is told by their numbers alone.
 */
import { InputError, KindredError } from '../../errors';
import type { EdgeList } from './edge-list';

export interface CompactGraph {
  /** Nodes that have at least one tie; they are numbered by falling degree. */
  readonly nodes: number;
  /** Distinct ties. */
  readonly ties: number;
  /** (nodes + 1): the neighbours of node v are `neighbours[offsets[v] .. offsets[v + 1])`. */
  readonly offsets: Uint32Array;
  /** (2 x ties), ascending within a node. */
  readonly neighbours: Int32Array;
  /** One a neighbour; absent where every tie weighs the same. */
  readonly weights?: Float32Array;
  /** (nodes): where each node stands in the edge list's `ids`. */
  readonly order: Int32Array;
  readonly selfLoops: number;
  /** Entries of the edge list that repeated a tie. */
  readonly duplicates: number;
  /** Entries of `ids` without any tie. */
  readonly isolated: number;
}

/**
 * @throws InputError an index outside `ids`, or a weight that is not a finite number above 0
 * @throws KindredError EMPTY_CORPUS where no tie is left
 */
export function compactGraph(edges: EdgeList<unknown>): CompactGraph {
  checkEdges(edges);
  const { degrees, selfLoops } = countTies(edges);
  const order = byFallingDegree(degrees);
  const nodes = order.length;
  if (nodes === 0) {
    throw new KindredError('EMPTY_CORPUS', 'The graph has no tie between two different nodes.', {
      remedy: 'Ingest relations between different users first: kindred ingest relations FILE',
      facts: { nodes: edges.ids.length, ties: edges.sources.length, selfLoops },
    });
  }
  const rows = sortedRows(edges, degrees, order);
  const merged = mergeRepeatedTies(rows);
  return {
    nodes,
    ties: merged.neighbours.length / 2,
    offsets: merged.offsets,
    neighbours: merged.neighbours,
    weights: merged.weights,
    order,
    selfLoops,
    duplicates: edges.sources.length - selfLoops - merged.neighbours.length / 2,
    isolated: edges.ids.length - nodes,
  };
}

/** Bytes that the graph's own arrays take. */
export function graphBytes(graph: CompactGraph): number {
  const { offsets, neighbours, weights, order } = graph;
  return offsets.byteLength + neighbours.byteLength + (weights?.byteLength ?? 0) + order.byteLength;
}

function checkEdges({ ids, sources, targets, weights }: EdgeList<unknown>): void {
  if (sources.length !== targets.length || (weights && weights.length !== sources.length)) {
    throw new InputError('edges', 'The edge list has columns of different lengths.', {
      remedy: 'Give one source, one target and, where there are weights, one weight a tie.',
      facts: { sources: sources.length, targets: targets.length, weights: weights?.length },
    });
  }
  for (let tie = 0; tie < sources.length; tie++) {
    const [source, target] = [sources[tie], targets[tie]];
    if (source < 0 || source >= ids.length || target < 0 || target >= ids.length) {
      throw new InputError(`edges[${tie}]`, `Tie ${tie} joins ${source} and ${target}; there are ${ids.length} ids.`, {
        remedy: 'Sources and targets are indexes into ids, from 0.',
      });
    }
    if (weights && !(weights[tie] > 0 && weights[tie] < Number.POSITIVE_INFINITY)) {
      throw new InputError(`edges[${tie}].weight`, `Tie ${tie} weighs ${weights[tie]}.`, {
        remedy: 'A weight is a finite number above 0; leave out ties that should not count.',
      });
    }
  }
}

function countTies({ ids, sources, targets }: EdgeList<unknown>): { degrees: Uint32Array; selfLoops: number } {
  const degrees = new Uint32Array(ids.length);
  let selfLoops = 0;
  for (let tie = 0; tie < sources.length; tie++) {
    if (sources[tie] === targets[tie]) selfLoops++;
    else {
      degrees[sources[tie]]++;
      degrees[targets[tie]]++;
    }
  }
  return { degrees, selfLoops };
}

/** Nodes with a tie, the most tied first, equals in the order given: a counting sort. */
function byFallingDegree(degrees: Uint32Array): Int32Array {
  const largest = degrees.reduce((most, degree) => Math.max(most, degree), 0);
  const starts = new Uint32Array(largest + 2);
  for (const degree of degrees) starts[degree]++;
  let before = 0;
  for (let degree = largest; degree > 0; degree--) {
    const count = starts[degree];
    starts[degree] = before;
    before += count;
  }
  const order = sharedInt32(before);
  for (let node = 0; node < degrees.length; node++) if (degrees[node] > 0) order[starts[degrees[node]]++] = node;
  return order;
}

interface Rows {
  offsets: Uint32Array;
  neighbours: Int32Array;
  weights?: Float32Array;
}

/**
 * Rows in the new numbering. Filled once in the edge list's order, then transposed: reading the rows in ascending order
 * of their node writes every transposed row in ascending order, which sorts all of them in linear time.
 */
function sortedRows(edges: EdgeList<unknown>, degrees: Uint32Array, order: Int32Array): Rows {
  const rank = new Int32Array(edges.ids.length).fill(-1);
  const offsets = sharedUint32(order.length + 1);
  for (let node = 0; node < order.length; node++) {
    rank[order[node]] = node;
    offsets[node + 1] = offsets[node] + degrees[order[node]];
  }
  const slots = offsets[order.length];
  const unsorted = new Int32Array(slots);
  const unsortedWeights = edges.weights && new Float32Array(slots);
  const cursor = Uint32Array.from(offsets);
  for (let tie = 0; tie < edges.sources.length; tie++) {
    if (edges.sources[tie] === edges.targets[tie]) continue;
    const [source, target] = [rank[edges.sources[tie]], rank[edges.targets[tie]]];
    const [there, back] = [cursor[source]++, cursor[target]++];
    unsorted[there] = target;
    unsorted[back] = source;
    if (unsortedWeights) unsortedWeights[there] = unsortedWeights[back] = edges.weights![tie];
  }
  const neighbours = sharedInt32(slots);
  const weights = unsortedWeights && sharedFloat32(slots);
  cursor.set(offsets);
  for (let node = 0; node < order.length; node++) {
    for (let slot = offsets[node]; slot < offsets[node + 1]; slot++) {
      const mirrored = cursor[unsorted[slot]]++;
      neighbours[mirrored] = node;
      if (weights) weights[mirrored] = unsortedWeights![slot];
    }
  }
  return { offsets, neighbours, weights };
}

/** In sorted rows a repeated tie lies beside its first mention, so rows are compacted in place. */
function mergeRepeatedTies({ offsets, neighbours, weights }: Rows): Rows {
  let kept = 0;
  let slot = 0;
  for (let node = 0; node + 1 < offsets.length; node++) {
    const end = offsets[node + 1];
    const start = kept;
    for (; slot < end; slot++) {
      if (kept > start && neighbours[kept - 1] === neighbours[slot]) {
        if (weights) weights[kept - 1] += weights[slot];
        continue;
      }
      neighbours[kept] = neighbours[slot];
      if (weights) weights[kept] = weights[slot];
      kept++;
    }
    offsets[node] = start;
  }
  offsets[offsets.length - 1] = kept;
  const uneven = weights?.subarray(0, kept).some((weight) => weight !== weights[0]);
  if (kept === neighbours.length) return { offsets, neighbours, weights: uneven ? weights : undefined };
  const exact = sharedInt32(kept);
  exact.set(neighbours.subarray(0, kept));
  if (!weights || !uneven) return { offsets, neighbours: exact };
  const exactWeights = sharedFloat32(kept);
  exactWeights.set(weights.subarray(0, kept));
  return { offsets, neighbours: exact, weights: exactWeights };
}

export function sharedInt32(length: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(length * 4));
}

export function sharedUint32(length: number): Uint32Array {
  return new Uint32Array(new SharedArrayBuffer(length * 4));
}

export function sharedFloat32(length: number): Float32Array {
  return new Float32Array(new SharedArrayBuffer(length * 4));
}
