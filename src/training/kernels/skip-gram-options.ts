/** The options that every trainer on the skip-gram kernel has alike: meaning, range and default. */
import { z } from 'zod';

export interface SkipGramOptions {
  negatives: number;
  learningRate: number;
  seed: number;
  threads: number;
}

/** Fields of a trainer's option schema. */
export const skipGramOptions = {
  negatives: z.number().int().min(1).max(1000).default(5).describe('Negatives drawn for each group of contexts.'),
  learningRate: z.number().positive().max(1).default(0.025).describe('At the start; it falls linearly to near 0.'),
  seed: z
    .number()
    .int()
    .min(0)
    .max(Number.MAX_SAFE_INTEGER)
    .default(1)
    .describe('Same seed, data, options and one thread: the same bytes.'),
  threads: z.number().int().min(1).max(256).default(1).describe('With more than one, runs differ in the last digits.'),
};

/** @param usual contexts that share a draw by default */
export const negativeSharing = (usual: number) =>
  z
    .number()
    .int()
    .min(1)
    .max(20_000)
    .default(usual)
    .describe(
      'Contexts of a window that share one draw of negatives: 1 draws for each (word2vec), 2 x window once a window (faster, a little worse).',
    );
