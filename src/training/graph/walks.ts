/**
 * Second-order random walks (Grover & Leskovec 2016) by rejection sampling (as in KnightKing, SOSP 2019): propose a
 * neighbour x by the tie's weight, accept it with probability bias / envelope, where the bias is 1/p for going back,
 * 1 for a neighbour of the node come from, 1/q for any other, and the envelope max(1/p, 1, 1/q). No table a tie pair.
 *
 * A walk depends on nothing but its start and the random stream given, so walks can be the same however many workers
 * share them. Every walk has `walkLength` nodes: an undirected graph without isolated nodes has no dead end.
 */
import type { AliasTable } from '../kernels/alias';
import type { Random } from '../kernels/random';
import { type HubBits, hubBits, tied } from './adjacency';
import { type CompactGraph, graphBytes } from './compact-graph';
import { proposalTables } from './proposals';

export interface WalkOptions {
  /** Return parameter: high keeps a walk from going straight back. Above 0. */
  p: number;
  /** In-out parameter: below 1 draws a walk outward, above 1 keeps it near where it came from. Above 0. */
  q: number;
  /** Nodes in a walk. */
  walkLength: number;
}

/** What walking needs, all of it on SharedArrayBuffers: workers get the same copy. */
export interface WalkableGraph {
  readonly graph: CompactGraph;
  readonly bits: HubBits;
  /** Absent where every tie weighs the same. */
  readonly proposals?: AliasTable;
}

/**
 * Proposals tried before a step is drawn exactly from all neighbours. Where the envelope is near the biases a step takes a
 * few; without a bound a leaf with a large p, or a p near 0 that lifts the envelope, would take thousands.
 */
const MAX_PROPOSALS = 32;

export function walkable(graph: CompactGraph): WalkableGraph {
  return { graph, bits: hubBits(graph), proposals: graph.weights && proposalTables(graph, graph.weights) };
}

/** Bytes shared by all walkers. */
export function walkableBytes({ graph, bits, proposals }: WalkableGraph): number {
  return graphBytes(graph) + bits.words.byteLength + (proposals?.byteLength ?? 0);
}

export class Walker {
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
  }

  /** Writes one walk of `walkLength` nodes from `start` at out[at]. */
  walk(start: number, random: Random, out: Int32Array, at: number): void {
    const end = at + this.options.walkLength;
    out[at] = start;
    if (end > at + 1) out[at + 1] = this.propose(start, random);
    if (this.firstOrder) for (let i = at + 2; i < end; i++) out[i] = this.propose(out[i - 1], random);
    else for (let i = at + 2; i < end; i++) out[i] = this.step(out[i - 2], out[i - 1], random);
  }

  /** One neighbour of `node`, in proportion to the tie's weight. */
  private propose(node: number, random: Random): number {
    const { graph, proposals } = this.walked;
    const start = graph.offsets[node];
    const degree = graph.offsets[node + 1] - start;
    const word = random.word();
    // The whole part of word x degree / 2^32 is the column, the rest a number within it (see kernels/alias.ts).
    const column = Math.floor(word * degree * 2 ** -32);
    if (proposals === undefined) return graph.neighbours[start + column];
    const entry = 2 * (start + column);
    const keeps = Math.imul(word, degree) >>> 0 < proposals[entry];
    return graph.neighbours[start + (keeps ? column : proposals[entry + 1])];
  }

  private step(previous: number, current: number, random: Random): number {
    const { back, near, far } = this;
    const surely = Math.min(near, far);
    const { graph, bits } = this.walked;
    for (let tries = 0; tries < MAX_PROPOSALS; tries++) {
      const next = this.propose(current, random);
      const height = random.word();
      if (next === previous) {
        if (height < back) return next;
        continue;
      }
      if (height < surely) return next;
      // At most one of the two biases is above `height`: whether they are tied matters only where one is.
      if (height >= near && height >= far) continue;
      if (tied(graph, bits, previous, next) === near > far) return next;
    }
    return this.exactStep(previous, current, random);
  }

  private exactStep(previous: number, current: number, random: Random): number {
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
    const drawn = random.fraction() * total;
    let slot = 0;
    while (slot < degree - 1 && this.sums[slot] <= drawn) slot++;
    return graph.neighbours[start + slot];
  }
}
