/**
 * word2vec's options: meaning, range and default live here and nowhere else. Items are not words: a session or a history
 * is closer to a set than to a sentence, and popular items are not as empty as "the", so the defaults differ from
 * word2vec.c's (as Caselles-Dupre et al. 2018, "Word2vec applied to recommendation", found for negativeExponent and
 * epochs). They were chosen on held-out items of HetRec Last.fm-2K that the floors of the tests never see.
 */
import { z } from 'zod';
import { negativeSharing, type SkipGramOptions, skipGramOptions } from '../kernels/skip-gram-options';
import { type SequenceOptions, sequenceOptions } from './sequence-options';

export const ARCHITECTURES = ['skipgram', 'cbow'] as const;

export interface Word2VecOptions extends SkipGramOptions, SequenceOptions {
  architecture: (typeof ARCHITECTURES)[number];
  dimension: number;
  window: number;
  negativeSharing: number;
  negativeExponent: number;
  subsample: number;
  minCount: number;
  epochs: number;
}

export const word2vecOptions = z.strictObject({
  ...sequenceOptions('sessions'),
  architecture: z
    .enum(ARCHITECTURES)
    .default('skipgram')
    .describe(
      'skipgram: an item predicts each of its contexts. cbow: the mean of its contexts predicts an item; several times faster, and smoother where items are rare.',
    ),
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
  negativeSharing: negativeSharing(1),
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
  ...skipGramOptions,
});
