/** Pooling's options: meaning, range and default live here and nowhere else. */
import { z } from 'zod';
import { OptionError } from '../../../errors';
import { type Belonging, refuseIdle } from '../../idle-options';
import {
  type ContrastiveOptions,
  checkContrastiveOptions,
  checkUnrolled,
  contrastiveOptions,
  OF_A_LOSS,
} from '../coles/contrastive-options';
import { checkSequenceOptions, type SequenceOptions, sequenceOptions } from '../sequence-options';

export const POOLING_METHODS = ['mean', 'sif', 'convolution', 'gru'] as const;
export type PoolingMethod = (typeof POOLING_METHODS)[number];

export interface PoolingOptions extends SequenceOptions, ContrastiveOptions {
  method: PoolingMethod;
  base: string;
  smoothing: number;
  dimension: number;
  width: number;
  maxLength: number;
  minCount: number;
}

export const poolingOptions = z.strictObject({
  method: z
    .enum(POOLING_METHODS)
    .default('sif')
    .describe(
      'How the vectors of the things become one. mean: their mean. sif: the mean weighted by smoothing / (smoothing + frequency), less the direction that all sequences share (Arora et al. 2017). convolution, gru: a small network over them in their order, trained without labels so that slices of a sequence come near each other (see loss).',
    ),
  base: z
    .string()
    .regex(/^[a-z][a-z0-9_]{0,39}(-\d{1,10})?$/)
    .meta({ title: 'name of a space, or id of a model such as items-1' })
    .default('auto')
    .describe(
      'Space or model whose vectors of things are pooled; auto: items or merchants, as the sequences have them. Whoever starts a run from the store reads it; the vectors themselves reach the trainer with its data.',
    ),
  smoothing: z
    .number()
    .positive()
    .max(1)
    .default(0.001)
    .describe('Share of all events at which a thing weighs half. Of method=sif only.'),
  dimension: z
    .number()
    .int()
    .min(1)
    .max(2048)
    .default(64)
    .describe('Length of a vector of method=convolution and gru; mean and sif have the length of the vectors pooled.'),
  width: z
    .number()
    .int()
    .min(1)
    .max(15)
    .default(3)
    .describe('Neighbouring events that the convolution sees at once: an odd number. Of method=convolution only.'),
  maxLength: z
    .number()
    .int()
    .min(2)
    .max(10_000)
    .default(50)
    .describe('Newest events of a sequence that a network reads, a GRU no more than 1024; mean and sif take all.'),
  minCount: z
    .number()
    .int()
    .min(1)
    .max(2 ** 31)
    .default(1)
    .describe('Things that the base saw less often are left out.'),
  ...contrastiveOptions,
  sliceLengthMin: contrastiveOptions.sliceLengthMin.default(2),
  ...sequenceOptions('sessions'),
});

export const isNetwork = ({ method }: Pick<PoolingOptions, 'method'>): boolean =>
  method === 'convolution' || method === 'gru';

/** Options of some methods alone; `seed` and `threads` may be given for all trainers alike. */
const OF_A_METHOD: readonly Belonging<PoolingOptions>[] = [
  { options: ['smoothing'], to: [['method', 'sif']] },
  { options: ['width'], to: [['method', 'convolution']] },
  {
    options: [
      ...(['dimension', 'maxLength', 'batchSize', 'epochs', 'learningRate'] as const),
      ...(['slices', 'sliceLengthMin', 'sliceLengthMax', 'loss', 'margin', 'hardNegatives', 'temperature'] as const),
    ],
    to: [
      ['method', 'convolution'],
      ['method', 'gru'],
    ],
  },
  ...OF_A_LOSS,
];

/** @throws OptionError where two options contradict each other */
export function checkPoolingOptions(options: PoolingOptions): void {
  checkSequenceOptions(options);
  refuseIdle(poolingOptions, options, OF_A_METHOD);
  const { width, maxLength, sliceLengthMax } = options;
  if (width % 2 === 0)
    throw new OptionError('width', `A convolution ${width} wide has no middle.`, {
      remedy: `Give ${width - 1} or ${width + 1}.`,
    });
  if (!isNetwork(options)) return;
  checkContrastiveOptions(options);
  if (sliceLengthMax > maxLength)
    throw new OptionError('sliceLengthMax', `sliceLengthMax ${sliceLengthMax} is above maxLength ${maxLength}.`, {
      remedy:
        'The network would learn from longer stretches than it will read: raise maxLength, or lower sliceLengthMax.',
    });
  if (options.method === 'gru') checkUnrolled(options);
}
