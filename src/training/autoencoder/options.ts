/** The autoencoder's options: meaning, range and default live here and nowhere else. */
import { z } from 'zod';
import { OptionError } from '../../errors';
import { ACTIVATIONS, type Activation } from '../onnx/layers';

const activations = Object.keys(ACTIVATIONS) as [Activation, ...Activation[]];

/**
 * The defaults of layers, activation, loss and row error were chosen together on card payments (bench/fraud.bench.ts): a narrow
 * tanh network under Huber's loss does not learn to reproduce what is rare.
 */
export const autoencoderOptions = z
  .object({
    /** Units of each hidden layer. The narrowest (the first of these) is the bottleneck, whose activations are the code. */
    hiddenLayers: z.array(z.number().int().min(1).max(4096)).min(1).max(16).default([64, 8, 64]),
    /** Of every hidden layer; the output is linear. */
    activation: z.enum(activations).default('tanh'),
    /** What training minimises, over the standardised features: the mean square, or Huber's loss, which outliers pull less. */
    loss: z.enum(['mse', 'huber']).default('huber'),
    /** Error, in standard deviations, from which Huber's loss goes on as a straight line. */
    huberDelta: z.number().positive().max(1000).default(0.5),
    /** Share of each hidden layer's units left out at each training step. */
    dropout: z.number().min(0).max(0.9).default(0),
    /** AdamW's: share of each weight lost at each step, times the learning rate. */
    weightDecay: z.number().min(0).max(10).default(0),
    learningRate: z.number().positive().max(1).default(0.001),
    /** Rows a step; no more than there are. */
    batchSize: z.number().int().min(1).max(65_536).default(256),
    /** Passes over the training rows, at most. */
    epochs: z.number().int().min(1).max(100_000).default(20),
    /** Share of the rows kept from training, to stop early by and to calibrate on. 0 calibrates on the training rows. */
    validationShare: z.number().min(0).max(0.5).default(0.1),
    /** Epochs without a better validation loss after which training stops, at its best epoch. 0 never stops early. */
    patience: z.number().int().min(0).max(1000).default(0),
    /** The network sees standardised features cut at this many standard deviations; errors are taken from them uncut. */
    clip: z.number().positive().max(1e6).default(10),
    /**
     * How a row's error is made from its features' squared standardised errors. `equal`: their mean. `residual`: each is
     * first divided by that feature's mean squared error on normal traffic, so that a feature that never reconstructs well
     * does not drown the others.
     */
    rowError: z.enum(['equal', 'residual']).default('residual'),
    /** Training steps in one call of the runtime; progress is reported and cancellation seen between calls. */
    stepsPerCall: z.number().int().min(1).max(10_000).default(50),
    /** Share of traffic like the training rows that becomes an alert. Without it and `alertsPerDay`: DEFAULT_CONTAMINATION. */
    contamination: z.number().positive().lt(1).optional(),
    /** Alerts a day that the threshold aims at, for traffic as busy as the training rows. */
    alertsPerDay: z.number().positive().optional(),
    seed: z.number().int().min(0).max(0xffffffff).default(1),
    /** Cores that one operation may use. With 1 the same data and options give the same bytes. */
    threads: z.number().int().min(1).max(256).default(1),
  })
  .strict();

export type AutoencoderOptions = z.output<typeof autoencoderOptions>;

/** 1 row in 100 where nobody said how many alerts are wanted. */
export const DEFAULT_CONTAMINATION = 0.01;

/** @throws OptionError where two options contradict each other */
export function checkRelations(options: AutoencoderOptions): void {
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
