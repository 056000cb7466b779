/** elmo's options: meaning, range and default live here and nowhere else. */
import { z } from 'zod';
import { OptionError } from '../../../errors';
import { checkSequenceOptions, sequenceOptions } from '../sequence-options';

export const elmoOptions = z.strictObject({
  ...sequenceOptions('accounts'),
  dimension: z
    .number()
    .int()
    .min(1)
    .max(1024)
    .default(64)
    .describe(
      "Length of a thing's own vector and of each direction's state; an event's contextual vector has three times as many numbers.",
    ),
  hidden: z
    .number()
    .int()
    .min(1)
    .max(4096)
    .default(128)
    .describe('Units of each LSTM, projected to the dimension after each layer.'),
  layers: z.number().int().min(1).max(4).default(1).describe('LSTM layers of each direction.'),
  maxLength: z
    .number()
    .int()
    .min(2)
    .max(512)
    .default(32)
    .describe(
      'Longer histories are cut into windows of this many events for training; the newest are asked for what comes next.',
    ),
  dropout: z
    .number()
    .min(0)
    .max(0.9)
    .default(0.1)
    .describe(
      "Share of the numbers left out of each LSTM's input and of what the softmax asks with, at each training step.",
    ),
  samples: z
    .number()
    .int()
    .min(0)
    .max(65_536)
    .default(1000)
    .describe(
      'Things drawn at each step that stand for all others in the softmax, corrected for how often they are drawn; 0, or as many as there are things or more, takes all.',
    ),
  epochs: z.number().int().min(1).max(10_000).default(5).describe('Passes over the sequences.'),
  batchSize: z
    .number()
    .int()
    .min(1)
    .max(4096)
    .default(64)
    .describe('Rows of maxLength events a training step; short sequences share a row.'),
  learningRate: z
    .number()
    .positive()
    .max(1)
    .default(0.003)
    .describe("Adam's, at the start; it falls linearly to near 0 at the end."),
  minCount: z
    .number()
    .int()
    .min(1)
    .max(2 ** 31)
    .default(1)
    .describe(
      'Things seen less often share one vector, as do those that come after training, and are never predicted.',
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

export type ElmoOptions = z.output<typeof elmoOptions>;

/** Unrolled steps, over all layers, that the runtime still prepares in seconds. */
const MOST_UNROLLED = 1024;

/** @throws OptionError where two options contradict each other */
export function checkElmoOptions(options: ElmoOptions): void {
  checkSequenceOptions(options);
  const { layers, maxLength } = options;
  if (layers * maxLength > MOST_UNROLLED)
    throw new OptionError(
      'maxLength',
      `maxLength ${maxLength} in ${layers} layers is more than ${MOST_UNROLLED} steps.`,
      {
        remedy: `Give a maxLength of at most ${Math.floor(MOST_UNROLLED / layers)}, or fewer layers.`,
      },
    );
}
