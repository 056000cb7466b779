/** The options of learning by slices, alike for CoLES and the pooling networks: meaning, range and default. */
import { z } from 'zod';
import { OptionError } from '../../../errors';
import type { Belonging } from '../../idle-options';
import type { ContrastiveLossOptions } from './contrastive-loss';
import type { SliceOptions } from './slices';

export interface ContrastiveOptions extends ContrastiveLossOptions, SliceOptions {
  readonly epochs: number;
  readonly learningRate: number;
  readonly threads: number;
}

/** Fields of a trainer's option schema. */
export const contrastiveOptions = {
  slices: z.number().int().min(2).max(64).default(5).describe('Slices drawn from each sequence of a batch.'),
  sliceLengthMin: z
    .number()
    .int()
    .min(1)
    .max(10_000)
    .default(5)
    .describe('Fewest events of a slice; shorter sequences teach nothing, but get their vector.'),
  sliceLengthMax: z
    .number()
    .int()
    .min(2)
    .max(10_000)
    .default(30)
    .describe('Most events of a slice. Time and memory of training grow with it.'),
  loss: z
    .enum(['margin', 'softmax'])
    .default('margin')
    .describe(
      'margin: slices of a sequence near, hard negatives beyond the margin (the loss of CoLES). softmax: a slice must name its kin among all of the batch.',
    ),
  margin: z
    .number()
    .positive()
    .max(2)
    .default(0.5)
    .describe('Distance, of vectors of length 1, that slices of other sequences are pushed to. Of loss=margin only.'),
  hardNegatives: z
    .number()
    .int()
    .min(1)
    .max(10_000)
    .default(5)
    .describe('Nearest slices of other sequences in the batch that each slice is pushed from. Of loss=margin only.'),
  temperature: z
    .number()
    .min(0.01)
    .max(10)
    .default(0.1)
    .describe('Cosines are divided by it: the smaller, the more the nearest count. Of loss=softmax only.'),
  batchSize: z
    .number()
    .int()
    .min(2)
    .max(1024)
    .default(64)
    .describe('Sequences in a batch, no more than there are; its slices are compared each with each.'),
  epochs: z.number().int().min(1).max(10_000).default(20).describe('Passes over the sequences.'),
  learningRate: z.number().positive().max(1).default(0.003).describe("Adam's, the same throughout."),
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
    .describe('Cores that one operation may use. With 1 the same data and options give the same bytes.'),
};

/** Options of one loss alone. */
export const OF_A_LOSS: readonly Belonging<ContrastiveOptions>[] = [
  { options: ['margin', 'hardNegatives'], to: [['loss', 'margin']] },
  { options: ['temperature'], to: [['loss', 'softmax']] },
];

/** Steps that a recurrent network may be unrolled over: with more, the runtime takes minutes to prepare it, and hears of no cancelling meanwhile. */
export const MOST_UNROLLED = 1024;

/** @throws OptionError where a recurrent network would read more events than it can be unrolled over */
export function checkUnrolled({ maxLength }: { readonly maxLength: number }): void {
  if (maxLength <= MOST_UNROLLED) return;
  throw new OptionError('maxLength', `maxLength ${maxLength} is more than the ${MOST_UNROLLED} steps of a GRU.`, {
    remedy: `Give a maxLength of at most ${MOST_UNROLLED}: the newest events say most.`,
  });
}

/** @throws OptionError where two options contradict each other */
export function checkContrastiveOptions(options: ContrastiveOptions): void {
  const { sliceLengthMin, sliceLengthMax, loss, hardNegatives, batchSize, slices } = options;
  if (sliceLengthMin > sliceLengthMax)
    throw new OptionError(
      'sliceLengthMin',
      `sliceLengthMin ${sliceLengthMin} is above sliceLengthMax ${sliceLengthMax}.`,
      { remedy: 'Lower sliceLengthMin, or raise sliceLengthMax.' },
    );
  const others = (batchSize - 1) * slices;
  if (loss === 'margin' && hardNegatives > others)
    throw new OptionError(
      'hardNegatives',
      `hardNegatives is ${hardNegatives}, but a batch of ${batchSize} sequences holds ${others} slices of others.`,
      { remedy: `Give at most ${others}, or raise batchSize.` },
    );
}
