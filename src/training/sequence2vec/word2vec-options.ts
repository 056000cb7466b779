/**
 * word2vec's options: meaning, range and default live here and nowhere else. Items are not words: a session or a history
 * is closer to a set than to a sentence, and popular items are not as empty as "the", so the defaults differ from
 * word2vec.c's (as Caselles-Dupre et al. 2018, "Word2vec applied to recommendation", found for negativeExponent and
 * epochs). They were chosen on held-out items of HetRec Last.fm-2K that the floors of the tests never see.
 */
import { z } from 'zod';

export interface Word2VecOptions {
  dimension: number;
  window: number;
  negatives: number;
  negativeSharing: number;
  negativeExponent: number;
  subsample: number;
  minCount: number;
  epochs: number;
  learningRate: number;
  seed: number;
  threads: number;
}

export const word2vecOptions = z.strictObject({
  dimension: z.number().int().min(1).max(4096).default(64).describe('Length of a vector.'),
  window: z
    .number()
    .int()
    .min(1)
    .max(10_000)
    .default(100)
    .describe(
      'Furthest context, in items to either side; for each item the reach is drawn from 1 to this. Wide suits histories, where order says little; 5 to 20 suits sessions where the next step matters.',
    ),
  negatives: z.number().int().min(1).max(1000).default(5).describe('Negatives drawn for each group of contexts.'),
  negativeSharing: z
    .number()
    .int()
    .min(1)
    .max(20_000)
    .default(1)
    .describe(
      'Contexts of a window that share one draw of negatives: 1 draws for each (word2vec), 2 x window once a window (faster, a little worse).',
    ),
  negativeExponent: z
    .number()
    .min(-2)
    .max(2)
    .default(0.5)
    .describe('Negatives are drawn in proportion to frequency to this power; word2vec.c has 0.75.'),
  subsample: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe(
      'Items above this share of all tokens are left out at random, the oftener the more frequent; 0 keeps all. Texts: 0.001.',
    ),
  minCount: z
    .number()
    .int()
    .min(1)
    .max(2 ** 31)
    .default(1)
    .describe('Items seen less often are left out.'),
  epochs: z.number().int().min(1).max(10_000).default(20).describe('Passes over the corpus.'),
  learningRate: z.number().positive().max(1).default(0.025).describe('At the start; it falls linearly to near 0.'),
  seed: z
    .number()
    .int()
    .min(0)
    .max(Number.MAX_SAFE_INTEGER)
    .default(1)
    .describe('Same seed, data, options and one thread: the same bytes.'),
  threads: z.number().int().min(1).max(256).default(1).describe('With more than one, runs differ in the last digits.'),
});
