/** The autoencoder's options: meaning, range and default live here and nowhere else. */
import { z } from 'zod';
import { OptionError } from '../../errors';
import { refuseIdle } from '../idle-options';
import { ACTIVATIONS, type Activation } from '../onnx/layers';

const activations = Object.keys(ACTIVATIONS) as [Activation, ...Activation[]];

/**
 * The defaults of layers, activation, loss and row error were chosen together on card payments (bench/fraud.bench.ts): a narrow
 * tanh network under Huber's loss does not learn to reproduce what is rare.
 */
export const autoencoderOptions = z
  .object({
    hiddenLayers: z
      .array(z.number().int().min(1).max(4096))
      .min(1)
      .max(16)
      .default([64, 8, 64])
      .describe(
        'Units of each hidden layer. The narrowest (the first of these) is the bottleneck, whose activations are the code.',
      ),
    activation: z.enum(activations).default('tanh').describe('Of every hidden layer; the output is linear.'),
    loss: z
      .enum(['mse', 'huber'])
      .default('huber')
      .describe(
        "What training minimises, over the standardised features: the mean square, or Huber's loss, which outliers pull less.",
      ),
    huberDelta: z
      .number()
      .positive()
      .max(1000)
      .default(0.5)
      .describe("Error, in standard deviations, from which Huber's loss goes on as a straight line."),
    dropout: z
      .number()
      .min(0)
      .max(0.9)
      .default(0)
      .describe("Share of each hidden layer's units left out at each training step."),
    weightDecay: z
      .number()
      .min(0)
      .max(10)
      .default(0)
      .describe("AdamW's: share of each weight lost at each step, times the learning rate."),
    learningRate: z.number().positive().max(1).default(0.001).describe('Size of a step, the same throughout.'),
    batchSize: z.number().int().min(1).max(65_536).default(256).describe('Rows a step; no more than there are.'),
    epochs: z.number().int().min(1).max(100_000).default(20).describe('Passes over the training rows, at most.'),
    validationShare: z
      .number()
      .min(0)
      .max(0.5)
      .default(0.1)
      .describe(
        'Share of the rows kept from training, to stop early by and to calibrate on. 0 calibrates on the training rows.',
      ),
    patience: z
      .number()
      .int()
      .min(0)
      .max(1000)
      .default(0)
      .describe(
        'Epochs without a better validation loss after which training stops, at its best epoch. 0 never stops early.',
      ),
    clip: z
      .number()
      .positive()
      .max(1e6)
      .default(10)
      .describe(
        'The network sees standardised features cut at this many standard deviations; errors are taken from them uncut.',
      ),
    rowError: z
      .enum(['equal', 'residual'])
      .default('residual')
      .describe(
        "How a row's error is made from its features' squared standardised errors. `equal`: their mean. `residual`: each is first divided by that feature's mean squared error on normal traffic, so that a feature that never reconstructs well does not drown the others.",
      ),
    stepsPerCall: z
      .number()
      .int()
      .min(1)
      .max(10_000)
      .default(50)
      .describe('Training steps in one call of the runtime; progress is reported and cancellation seen between calls.'),
    contamination: z
      .number()
      .positive()
      .lt(1)
      .optional()
      .describe(
        'Share of traffic like the training rows that becomes an alert: 0.01 where neither this nor `alertsPerDay` is given.',
      ),
    alertsPerDay: z
      .number()
      .positive()
      .optional()
      .describe('Alerts a day that the threshold aims at, for traffic as busy as the training rows.'),
    seed: z
      .number()
      .int()
      .min(0)
      .max(0xffffffff)
      .default(1)
      .describe('Same seed, data, options and one thread: the same bytes.'),
    threads: z
      .number()
      .int()
      .min(1)
      .max(256)
      .default(1)
      .describe('Cores that one operation may use. With 1 the same data and options give the same bytes.'),
  })
  .strict();

export type AutoencoderOptions = z.output<typeof autoencoderOptions>;

/** 1 row in 100 where nobody said how many alerts are wanted. */
export const DEFAULT_CONTAMINATION = 0.01;

/** @throws OptionError where two options contradict each other */
export function checkRelations(options: AutoencoderOptions): void {
  refuseIdle(autoencoderOptions, options, [{ options: ['huberDelta'], to: [['loss', 'huber']] }]);
  if (options.contamination !== undefined && options.alertsPerDay !== undefined)
    throw new OptionError('alertsPerDay', 'contamination and alertsPerDay both set the threshold.', {
      remedy: 'Give one of the two.',
    });
  if (options.patience > 0 && options.validationShare === 0)
    throw new OptionError(
      'patience',
      `patience is ${options.patience}, but validationShare is 0: no rows to stop by.`,
      {
        remedy: 'Set validationShare to 0.1, or patience to 0.',
      },
    );
}
