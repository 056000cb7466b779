/**
 * How well fraud is found in the Fraud Detection Handbook's test week (train 2018-07-04..10, test 07-18..24), labels only through
 * the merchant's delayed fraud rate: the autoencoder with its default options (mean of three seeds), beside it the isolation
 * forest (`peer`), and z-scores as figures of their own. Needs the data below KINDRED_TEST_DATA; without it there are no figures.
 */
import { autoencoder } from '../src/training/autoencoder/trainer';
import type { Evaluation } from '../src/training/evaluation/evaluation';
import { evaluateAutoencoder } from '../src/training/evaluation/fraud';
import { FLOOR_WEEKS, weeks } from '../test/floors/handbook';
import { realData } from '../test/real-data';
import type { Figure } from './figure';

const SEEDS = [1, 2, 3];
const BENCH = 'fraud';

export async function* figures(): AsyncIterable<Figure> {
  const folder = realData('fraud_handbook');
  if (!folder) {
    console.error('fraud: no figures, since there is no fraud_handbook below KINDRED_TEST_DATA');
    return;
  }
  const split = weeks(folder, FLOOR_WEEKS);
  const evaluations: Evaluation[] = [];
  let seconds = 0;
  for (const seed of SEEDS) {
    const startedAt = performance.now();
    const model = await autoencoder.train(split.training, autoencoder.options.parse({ seed }));
    seconds += (performance.now() - startedAt) / 1000 / SEEDS.length;
    evaluations.push(await evaluateAutoencoder(model, split));
  }
  const [{ baselines }] = evaluations;
  const [plain, stronger] = baselines;
  for (const metric of Object.keys(evaluations[0].metrics)) {
    const value = evaluations.reduce((sum, { metrics }) => sum + metrics[metric], 0) / evaluations.length;
    const peer = stronger.metrics[metric];
    yield { bench: BENCH, figure: `autoencoder, ${metric}`, value, unit: '', peer, ratio: value / peer };
    yield { bench: BENCH, figure: `${plain.name}, ${metric}`, value: plain.metrics[metric], unit: '' };
  }
  yield { bench: BENCH, figure: `training on ${split.training.rows} rows`, value: seconds, unit: 's' };
}
