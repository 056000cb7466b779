/** sasrec's options: meaning, range and default live here and nowhere else. */
import { z } from 'zod';
import { OptionError } from '../../../errors';
import { checkSequenceOptions, sequenceOptions } from '../sequence-options';

/**
 * Chosen on the purchase before the last of Amazon Beauty's users, which no test sees. The loss over many things instead of
 * one negative a purchase (as published) is what most of the quality comes from (Klenitskiy & Vasilev 2023).
 */
export const sasrecOptions = z.strictObject({
  ...sequenceOptions('users'),
  dimension: z.number().int().min(2).max(1024).default(64).describe('Length of a vector.'),
  blocks: z.number().int().min(1).max(12).default(2).describe('Blocks of self-attention and feed-forward.'),
  heads: z.number().int().min(1).max(64).default(2).describe('Attention heads; they divide the dimension.'),
  maxLength: z
    .number()
    .int()
    .min(1)
    .max(512)
    .default(50)
    .describe('Newest events of a sequence that are learned from and looked at; older ones are forgotten.'),
  dropout: z
    .number()
    .min(0)
    .max(0.9)
    .default(0.4)
    .describe('Share of numbers left out of embeddings and of what each layer adds, at each training step.'),
  samples: z
    .number()
    .int()
    .min(0)
    .max(65_536)
    .default(500)
    .describe(
      'Things drawn at each step that stand for all others in the softmax, in proportion to the root of their frequency; 0, or more than there are things, takes all.',
    ),
  epochs: z.number().int().min(1).max(10_000).default(12).describe('Passes over the sequences, at most.'),
  batchSize: z.number().int().min(1).max(65_536).default(512).describe('Events a training step, about.'),
  learningRate: z
    .number()
    .positive()
    .max(1)
    .default(0.002)
    .describe("Adam's, at the start; it falls linearly to near 0 at the last epoch."),
  minCount: z
    .number()
    .int()
    .min(1)
    .max(2 ** 31)
    .default(1)
    .describe('Things seen less often are left out.'),
  patience: z
    .number()
    .int()
    .min(0)
    .max(1000)
    .default(0)
    .describe(
      'Epochs without a better rank of the last thing of each sequence (which is then kept from learning) after which training stops, at its best epoch. 0 learns from everything and never stops early.',
    ),
  seed: z
    .number()
    .int()
    .min(0)
    .max(Number.MAX_SAFE_INTEGER)
    .default(1)
    .describe('Same seed, data, options and one thread: the same bytes.'),
  threads: z
    .number()
    .int()
    .min(1)
    .max(256)
    .default(1)
    .describe('Cores that one operation may use. With more than one, runs may differ in the last digits.'),
});

export type SasrecOptions = z.output<typeof sasrecOptions>;

/** @throws OptionError where two options contradict each other */
export function checkRelations(options: SasrecOptions): void {
  const { dimension, heads, epochs, patience } = options;
  checkSequenceOptions(options);
  if (dimension % heads !== 0)
    throw new OptionError('heads', `${heads} heads do not divide dimension ${dimension}.`, {
      remedy: `Choose a dimension that is a multiple of heads, such as ${Math.ceil(dimension / heads) * heads}.`,
    });
  if (patience >= epochs)
    throw new OptionError('patience', `patience ${patience} can never stop a run of ${epochs} epochs.`, {
      remedy: 'Raise epochs above patience, or set patience to 0.',
    });
}
