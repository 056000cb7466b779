/**
 * Second-order random walks (Grover & Leskovec 2016) by rejection sampling (as in KnightKing, SOSP 2019): propose a
 * neighbour x by the tie's weight, accept it with probability bias / envelope, where the bias is 1/p for going back,
 * 1 for a neighbour of the node come from, 1/q for any other, and the envelope max(1/p, 1, 1/q). No table a tie pair.
 *
 * A walk's numbers are drawn from a stream named by (seed, epoch, walk), so walks do not depend on how many workers
 * share them. Every walk has `walkLength` nodes: an undirected graph without isolated nodes has no dead end.
 */
import { type HubBits, hubBits, tied } from './adjacency';
import { type CompactGraph, graphBytes } from './compact-graph';
import { type Proposals, proposals } from './proposals';
import { RandomStream } from './random-stream';

export interface WalkOptions {
  /** Return parameter: high keeps a walk from going straight back. */
  p: number;
  /** In-out parameter: below 1 draws a walk outward, above 1 keeps it near where it came from. */
  q: number;
  /** Nodes in a walk. */
  walkLength: number;
  seed: number;
}

/** What walking needs, all of it on SharedArrayBuffers: workers get the same copy. */
export interface WalkableGraph {
  readonly graph: CompactGraph;
  readonly bits: HubBits;
  /** Absent where every tie weighs the same. */
  readonly proposals?: Proposals;
}

/**
 * Proposals tried before a step is drawn exactly from all neighbours. Where the envelope is near the biases a step takes a
 * few; without a bound a leaf with a large p, or a p near 0 that lifts the envelope, would take thousands.
 */
const MAX_PROPOSALS = 32;

export function walkable(graph: CompactGraph): WalkableGraph {
  return { graph, bits: hubBits(graph), proposals: graph.weights && proposals(graph, graph.weights) };
}

/** Bytes shared by all walkers. */
export function walkableBytes({ graph, bits, proposals: tables }: WalkableGraph): number {
  return graphBytes(graph) + bits.words.byteLength + (tables ? tables.keep.byteLength + tables.alias.byteLength : 0);
}

export class Walker {
  private readonly random: RandomStream;
  /** Acceptance of each kind of step, as a bound on 32 random bits. */
  private readonly back: number;
  private readonly near: number;
  private readonly far: number;
  private readonly firstOrder: boolean;
  /** Running sums of the exact draw; as long as the longest row it has met. */
  private sums = new Float64Array(64);

  constructor(
    private readonly walked: WalkableGraph,
    private readonly options: WalkOptions,
  ) {
    const { p, q } = options;
    const envelope = Math.max(1 / p, 1, 1 / q);
    this.back = (1 / p / envelope) * 2 ** 32;
    this.near = (1 / envelope) * 2 ** 32;
    this.far = (1 / q / envelope) * 2 ** 32;
    this.firstOrder = p === 1 && q === 1;
    this.random = new RandomStream(options.seed);
  }

  /** Writes one walk of `walkLength` nodes from `start` at out[at]. */
  walk(start: number, epoch: number, index: number, out: Int32Array, at: number): void {
    this.random.restart(this.options.seed, epoch, index);
    const end = at + this.options.walkLength;
    out[at] = start;
    if (end > at + 1) out[at + 1] = this.propose(start);
    if (this.firstOrder) for (let next = at + 2; next < end; next++) out[next] = this.propose(out[next - 1]);
    else for (let next = at + 2; next < end; next++) out[next] = this.step(out[next - 2], out[next - 1]);
  }

  /** One neighbour of `node`, in proportion to the tie's weight. */
  private propose(node: number): number {
    const { graph, proposals: tables } = this.walked;
    const start = graph.offsets[node];
    const position = this.random.uint32() * 2 ** -32 * (graph.offsets[node + 1] - start);
    const slot = start + Math.floor(position);
    if (tables === undefined || this.random.uniform() < tables.keep[slot]) return graph.neighbours[slot];
    return graph.neighbours[start + tables.alias[slot]];
  }

  private step(previous: number, current: number): number {
    const { back, near, far } = this;
    const surely = Math.min(near, far);
    const { graph, bits } = this.walked;
    for (let tries = 0; tries < MAX_PROPOSALS; tries++) {
      const next = this.propose(current);
      const height = this.random.uint32();
      if (next === previous) {
        if (height < back) return next;
        continue;
      }
      if (height < surely) return next;
      // Only one of the two biases is above `height`, so the question need not be asked where neither is.
      if (height >= near && height >= far) continue;
      if (tied(graph, bits, previous, next) === near > far) return next;
    }
    return this.exactStep(previous, current);
  }

  private exactStep(previous: number, current: number): number {
    const { graph, bits } = this.walked;
    const start = graph.offsets[current];
    const degree = graph.offsets[current + 1] - start;
    if (degree > this.sums.length) this.sums = new Float64Array(degree * 2);
    let total = 0;
    for (let slot = 0; slot < degree; slot++) {
      const next = graph.neighbours[start + slot];
      const bias = next === previous ? this.back : tied(graph, bits, previous, next) ? this.near : this.far;
      total += bias * (graph.weights?.[start + slot] ?? 1);
      this.sums[slot] = total;
    }
    const drawn = this.random.uniform() * total;
    let slot = 0;
    while (slot < degree - 1 && this.sums[slot] <= drawn) slot++;
    return graph.neighbours[start + slot];
  }
}
