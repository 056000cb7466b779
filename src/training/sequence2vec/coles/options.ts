/** CoLES's options: meaning, range and default live here and nowhere else. */
import { z } from 'zod';
import { OptionError } from '../../../errors';
import { refuseIdle } from '../../idle-options';
import { checkSequenceOptions, type SequenceOptions, sequenceOptions } from '../sequence-options';
import {
  type ContrastiveOptions,
  checkContrastiveOptions,
  checkUnrolled,
  contrastiveOptions,
  OF_A_LOSS,
} from './contrastive-options';

export interface ColesOptions extends SequenceOptions, ContrastiveOptions {
  dimension: number;
  thingDimension: number;
  maxLength: number;
  minCount: number;
}

export const colesOptions = z.strictObject({
  dimension: z
    .number()
    .int()
    .min(1)
    .max(2048)
    .default(64)
    .describe("Length of a sequence's vector: the state of the GRU after its newest event, scaled to length 1."),
  thingDimension: z
    .number()
    .int()
    .min(1)
    .max(1024)
    .default(16)
    .describe('Length of the vector of a thing (a merchant, an item), which the network learns beside.'),
  maxLength: z
    .number()
    .int()
    .min(2)
    .max(10_000)
    .default(50)
    .describe('Newest events of a sequence that its vector is read from; no more than 1024.'),
  minCount: z
    .number()
    .int()
    .min(1)
    .max(2 ** 31)
    .default(5)
    .describe(
      'Things seen less often share one vector, as do those that come after training; their events count as others do.',
    ),
  ...contrastiveOptions,
  ...sequenceOptions('accounts'),
});

/** @throws OptionError where two options contradict each other */
export function checkColesOptions(options: ColesOptions): void {
  checkSequenceOptions(options);
  refuseIdle(colesOptions, options, OF_A_LOSS);
  checkContrastiveOptions(options);
  const { sliceLengthMax, maxLength } = options;
  if (sliceLengthMax > maxLength)
    throw new OptionError('sliceLengthMax', `sliceLengthMax ${sliceLengthMax} is above maxLength ${maxLength}.`, {
      remedy:
        'The network would learn from longer stretches than it will read: raise maxLength, or lower sliceLengthMax.',
    });
  checkUnrolled(options);
}
