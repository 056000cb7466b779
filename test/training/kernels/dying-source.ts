/** A token source (src/training/kernels/token-source.ts) for tests: random tokens, until it fails as it is told to. */
import type { Random } from '../../../src/training/kernels/random';
import type { TokenSource } from '../../../src/training/kernels/token-source';

export interface Dying {
  nodes: number;
  at?: number;
  how?: 'throw' | 'exit' | 'wrong token';
}

export function openTokenSource(data: unknown): TokenSource {
  const { nodes, at, how } = data as Dying;
  return {
    fill(unit: number, tokens: Int32Array, random: Random): number {
      if (unit === at && how === 'throw') throw new Error('the walker fell');
      if (unit === at && how === 'exit') process.exit(7);
      for (let i = 0; i < 99; i++) tokens[i] = random.below(nodes);
      if (unit === at && how === 'wrong token') tokens[5] = nodes;
      tokens[99] = -1;
      return 100;
    },
  };
}
