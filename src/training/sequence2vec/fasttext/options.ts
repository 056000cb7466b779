/**
 * fastText's options: meaning, range and default live here and nowhere else. What it shares with word2vec has word2vec's
 * defaults, n-grams have the paper's. On validation artists of HetRec Last.fm-2K, which floors never see, a wide window
 * recommends best (HR@10 0.18 with 100, 0.10 with 20), while a narrow one with short n-grams finds unseen, misspelt names
 * best (recall@10 0.56 with window 5, minN 2, maxN 3, 0.29 with minN 3, maxN 6; 20 epochs): what is wanted decides.
 */
import { z } from 'zod';
import { OptionError } from '../../../errors';
import { type SkipGramOptions, skipGramOptions } from '../../kernels/skip-gram-options';
import { checkSequenceOptions, type SequenceOptions, sequenceOptions } from '../sequence-options';

export interface FastTextOptions extends SkipGramOptions, SequenceOptions {
  architecture: 'skipgram' | 'cbow';
  dimension: number;
  window: number;
  negativeExponent: number;
  subsample: number;
  minCount: number;
  minN: number;
  maxN: number;
  buckets: number;
  epochs: number;
}

export const fastTextOptions = z.strictObject({
  ...sequenceOptions('sessions'),
  architecture: z
    .enum(['skipgram', 'cbow'])
    .default('skipgram')
    .describe(
      'skipgram: a thing tells those around it, which is better for rare ones; cbow: those around it tell a thing, which is faster.',
    ),
  dimension: z.number().int().min(1).max(4096).default(64).describe('Length of a vector.'),
  window: z
    .number()
    .int()
    .min(1)
    .max(10_000)
    .default(100)
    .describe(
      'Furthest context, in things to either side; for each thing the reach is drawn from 1 to this. Wide suits histories, 5 to 20 suits sessions and texts.',
    ),
  negativeExponent: z
    .number()
    .min(-2)
    .max(2)
    .default(0.5)
    .describe('Negatives are drawn in proportion to frequency to this power; texts: 0.75.'),
  subsample: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe(
      'Things above this share of all events are left out at random, the oftener the more frequent; 0 keeps all. Texts: 0.001.',
    ),
  minCount: z
    .number()
    .int()
    .min(1)
    .max(2 ** 31)
    .default(1)
    .describe('Things seen less often are not learned; their texts still get vectors from n-grams.'),
  minN: z
    .number()
    .int()
    .min(1)
    .max(32)
    .default(3)
    .describe(
      'Shortest n-gram in characters, the marks < and > at the ends of a word included; at most maxN. 2 and 3, with a window of 5, forgive misspelling best.',
    ),
  maxN: z
    .number()
    .int()
    .min(1)
    .max(32)
    .default(6)
    .describe('Longest n-gram. Short n-grams forgive misspelling, long ones tell words apart.'),
  buckets: z
    .number()
    .int()
    .min(1)
    .max(2 ** 24)
    .default(2_000_000)
    .describe(
      'Numbers that n-grams are hashed to; only those that are hit take memory. Fewer: more n-grams share one.',
    ),
  epochs: z.number().int().min(1).max(10_000).default(20).describe('Passes over the corpus.'),
  ...skipGramOptions,
});

/** @throws OptionError for options that contradict each other */
export function checkFastTextOptions(options: FastTextOptions): void {
  checkSequenceOptions(options);
  const { minN, maxN } = options;
  if (minN > maxN) {
    throw new OptionError('minN', `The shortest n-gram, minN ${minN}, is longer than the longest, maxN ${maxN}.`, {
      remedy: 'Set minN to maxN or less: 3 and 6 are usual, 2 and 4 forgive more.',
      facts: { minN, maxN },
    });
  }
}
