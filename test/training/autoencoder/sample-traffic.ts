/** Made-up rows that a network can learn: seven features in units of their own, driven by two hidden causes. */

import type { AutoencoderOptions } from '../../../src/training/autoencoder/options';
import { autoencoder } from '../../../src/training/autoencoder/trainer';
import type { FeatureMatrix } from '../../../src/training/feature-matrix';
import { Random } from '../../../src/training/onnx/random';

export const COLUMNS = ['amount', 'meanAmount', 'count', 'count7', 'sinceLast', 'hour', 'constant'];

export function normalTraffic(rows: number, seed = 1): FeatureMatrix {
  const random = new Random(seed);
  const values = new Float32Array(rows * COLUMNS.length);
  for (let row = 0; row < rows; row++) {
    const [wealth, activity] = [random.normal(), random.normal()];
    const noise = () => 0.05 * random.normal();
    values.set(
      [
        100 + 40 * (wealth + noise()),
        90 + 30 * (wealth + noise()),
        5 + 2 * (activity + noise()),
        35 + 12 * (activity + noise()),
        3600 * (10 - 3 * (activity + noise())),
        12 + 4 * (0.7 * wealth - 0.7 * activity + noise()),
        7,
      ],
      row * COLUMNS.length,
    );
  }
  return { columns: COLUMNS, rows, values };
}

export const QUICK = {
  hiddenLayers: [16, 2, 16],
  activation: 'tanh',
  loss: 'mse',
  rowError: 'equal',
  epochs: 30,
  learningRate: 0.01,
  batchSize: 64,
};

export function options(given: Record<string, unknown> = {}): AutoencoderOptions {
  return autoencoder.options.parse({ ...QUICK, ...given });
}
