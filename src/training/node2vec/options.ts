/** node2vec's options: meaning, range and default live here and nowhere else. The names are the paper's. */
import { z } from 'zod';
import { OptionError } from '../../errors';
import { negativeSharing, type SkipGramOptions, skipGramOptions } from '../kernels/skip-gram-options';

export interface Node2VecOptions extends SkipGramOptions {
  dimension: number;
  window: number;
  walksPerNode: number;
  walkLength: number;
  p: number;
  q: number;
  negativeSharing: number;
  negativeExponent: number;
  epochs: number;
}

export const node2vecOptions = z.strictObject({
  dimension: z.number().int().min(1).max(4096).default(128).describe('Length of a vector.'),
  window: z
    .number()
    .int()
    .min(1)
    .max(10_000)
    .default(10)
    .describe(
      'Furthest context, in steps to either side; below walkLength. For each node the reach is drawn from 1 to this.',
    ),
  walksPerNode: z.number().int().min(1).max(100_000).default(10).describe('Walks from each node in an epoch.'),
  walkLength: z.number().int().min(2).max(100_000).default(80).describe('Nodes in a walk.'),
  p: z
    .number()
    .min(1e-6)
    .max(1e6)
    .default(1)
    .describe('Return parameter: below 1 walks go straight back more often, above 1 less often.'),
  q: z
    .number()
    .min(1e-6)
    .max(1e6)
    .default(1)
    .describe('In-out parameter: below 1 walks move outward, above 1 they stay near where they came from.'),
  negativeSharing: negativeSharing(20),
  negativeExponent: z
    .number()
    .min(-2)
    .max(2)
    .default(0.75)
    .describe('Negatives are drawn in proportion to how often walks come by, to this power.'),
  epochs: z.number().int().min(1).max(10_000).default(2).describe('Rounds of walksPerNode walks, new ones in each.'),
  ...skipGramOptions,
});

/** @throws OptionError where two options contradict each other */
export function checkRelations({ window, walkLength }: Node2VecOptions): void {
  if (window < walkLength) return;
  throw new OptionError(
    'window',
    `window (${window}) must be lower than walkLength (${walkLength}): no context of a walk is further away.`,
    {
      remedy: `Set walkLength to at least ${window + 1} (8 x window = ${8 * window} is usual), or lower window.`,
      facts: { window, walkLength },
    },
  );
}
