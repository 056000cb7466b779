/**
 * The token source (see kernels/token-source.ts) that walks: each unit of work is some walks of one round, written straight
 * into the kernel's memory, so that no corpus exists anywhere. In a round every node starts one walk, in an order of
 * the round's own; every round of every epoch takes new walks.
 */
import { type WalkableGraph, Walker, type WalkOptions } from '../graph/walks';
import { Random } from '../kernels/random';
import type { TokenSource } from '../kernels/token-source';

export interface WalkData extends WalkOptions {
  readonly walked: WalkableGraph;
  readonly walksPerUnit: number;
  readonly seed: number;
}

/** Tokens of a unit, about: small enough for progress and cancelling, large enough that taking one costs nothing. */
const UNIT_TOKENS = 4000;

/** Last step of the seed path of a round's order; units of work use paths of three steps. */
const SEED_OF_ORDER = 2 ** 42;

export function walksPerUnit({ walkLength }: Pick<WalkOptions, 'walkLength'>): number {
  return Math.max(1, Math.floor(UNIT_TOKENS / (walkLength + 1)));
}

export function unitsPerRound(nodes: number, options: Pick<WalkOptions, 'walkLength'>): number {
  return Math.ceil(nodes / walksPerUnit(options));
}

export function openTokenSource(data: unknown): TokenSource {
  const { walked, walksPerUnit, seed, ...options } = data as WalkData;
  const { nodes } = walked.graph;
  const walker = new Walker(walked, options);
  const units = Math.ceil(nodes / walksPerUnit);
  const starts = new Int32Array(nodes);
  let orderedRound = -1;
  return {
    fill(unit, tokens, random) {
      const round = Math.floor(unit / units);
      if (round !== orderedRound) {
        for (let node = 0; node < nodes; node++) starts[node] = node;
        Random.seeded(seed, round, SEED_OF_ORDER).shuffle(starts);
        orderedRound = round;
      }
      const first = (unit % units) * walksPerUnit;
      const end = Math.min(nodes, first + walksPerUnit);
      let written = 0;
      for (let i = first; i < end; i++) {
        walker.walk(starts[i], random, tokens, written);
        written += options.walkLength;
        tokens[written++] = -1;
      }
      return written;
    },
  };
}
