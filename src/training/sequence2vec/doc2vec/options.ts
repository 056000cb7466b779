/** doc2vec's options: meaning, range and default live here and nowhere else. */
import { z } from 'zod';
import { OptionError } from '../../../errors';
import { type Belonging, refuseIdle } from '../../idle-options';
import type { BagMode } from '../../kernels/bags.scalar';
import { type SkipGramOptions, skipGramOptions } from '../../kernels/skip-gram-options';
import { checkSequenceOptions, type SequenceOptions, sequenceOptions } from '../sequence-options';

export const ARCHITECTURES = ['dbow', 'dm'] as const;
export const COMBINATIONS = ['mean', 'concatenation'] as const;

export interface Doc2VecOptions extends SequenceOptions, SkipGramOptions {
  architecture: (typeof ARCHITECTURES)[number];
  combine: (typeof COMBINATIONS)[number];
  trainWords: boolean;
  dimension: number;
  window: number;
  negativeExponent: number;
  subsample: number;
  minCount: number;
  epochs: number;
  inferenceEpochs: number;
}

export const doc2vecOptions = z.strictObject({
  architecture: z
    .enum(ARCHITECTURES)
    .default('dbow')
    .describe(
      'dbow: the vector of a sequence predicts each of its things, whatever their order. dm: it predicts each together with the things around it.',
    ),
  combine: z
    .enum(COMBINATIONS)
    .default('mean')
    .describe(
      'dm only. mean: the sequence and the contexts in the window are averaged. concatenation: they are set side by side, each in its place, so order counts; 1 + 2 x window times the memory and the work.',
    ),
  trainWords: z
    .boolean()
    .default(false)
    .describe('dbow only: things learn from each other by skip-gram in the same pass; slower by what skip-gram takes.'),
  dimension: z.number().int().min(1).max(4096).default(64).describe('Length of a vector.'),
  window: z
    .number()
    .int()
    .min(1)
    .max(10_000)
    .default(5)
    .describe('Furthest context, in things to either side, for dm and trainWords; dbow alone has none.'),
  negativeExponent: z
    .number()
    .min(-2)
    .max(2)
    .default(0.75)
    .describe('Negatives are drawn in proportion to frequency to this power.'),
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
    .default(2)
    .describe('Things seen less often are left out: one that a single sequence has tells it from no other.'),
  epochs: z.number().int().min(1).max(10_000).default(40).describe('Passes over the sequences.'),
  inferenceEpochs: z
    .number()
    .int()
    .min(1)
    .max(10_000)
    .default(40)
    .describe('Passes over a sequence that came after training, until its vector is given.'),
  ...skipGramOptions,
  ...sequenceOptions('users'),
});

const IDLE: readonly Belonging<Doc2VecOptions>[] = [
  {
    options: ['window'],
    to: [
      ['architecture', 'dm'],
      ['trainWords', true],
    ],
  },
];

/** @throws OptionError where two options contradict each other */
export function checkDoc2VecOptions(options: Doc2VecOptions): void {
  checkSequenceOptions(options);
  const { architecture, combine, trainWords } = options;
  if (architecture === 'dbow' && combine === 'concatenation')
    throw new OptionError('combine', 'dbow has the sequence alone, so there is nothing to concatenate.', {
      remedy: 'Set architecture=dm, or leave combine out.',
      facts: { architecture, combine },
    });
  if (architecture === 'dm' && trainWords)
    throw new OptionError('trainWords', 'dm trains things together with sequences as it is.', {
      remedy: 'Leave trainWords out, or set architecture=dbow.',
      facts: { architecture, trainWords },
    });
  refuseIdle(doc2vecOptions, options, IDLE);
}

/** @throws OptionError where the window has places that no sequence fills */
export function checkWindow({ combine, window }: Doc2VecOptions, longestSequence: number): void {
  if (combine !== 'concatenation' || window < longestSequence) return;
  const most = Math.max(1, longestSequence - 1);
  throw new OptionError(
    'window',
    `A window of ${window} has places that no sequence fills: the longest has ${longestSequence} things.`,
    {
      remedy: longestSequence > 1 ? `Set window to ${most} or less, or combine=mean.` : 'Set combine=mean.',
      facts: { window, longestSequence },
    },
  );
}

/** How the kernel is to take it. */
export function modeOf({ architecture, combine }: Pick<Doc2VecOptions, 'architecture' | 'combine'>): BagMode {
  if (architecture === 'dbow') return 'dbow';
  return combine === 'mean' ? 'dm' : 'dm-concatenation';
}
