/**
 * The autoencoder learns from the features of transactions. Its network scores transactions; the space `accounts` holds,
 * for each account, the mean code of its transactions: accounts that behave alike are near each other.
 */
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ModelEvaluation } from '../../domain/model';
import type { FeatureTable } from '../../features/feature-table';
import type { VectorRows } from '../../stores/vectors';
import type { AutoencoderModel } from '../../training/autoencoder/model';
import { AutoencoderScorer } from '../../training/autoencoder/scorer';
import type { BackgroundJob } from '../../training/background';
import { canEvaluate, type FraudSplit, splitByTime } from '../../training/evaluation/fraud';
import type { FeatureMatrix } from '../../training/feature-matrix';
import { ACCOUNTS_SPACE, fraudArtifacts } from '../fraud-model';
import { corpusFacts, type Lesson, refuseCancelled } from './lesson';
import { features, readFeatures, testPeriod } from './payment-features';
import { spaceCalled } from './spaces';

/** With less to learn from, a measurement says nothing: one stray record of years ago would pass for a training period. */
const LEAST_TRAINING_ROWS = 50;
/** Rows that go through the network in one turn of the thread. */
const ROWS_A_TURN = 4_096;

export const accountsLesson: Lesson = {
  ...spaceCalled(ACCOUNTS_SPACE),
  async prepare(context) {
    const data = await corpusFacts(context, 'transactions');
    const table = await readFeatures(context);
    return {
      data,
      evaluate: async ({ train, run }) => {
        const split = splitByTime(table, testPeriod(table));
        if (split.training.rows < LEAST_TRAINING_ROWS || !canEvaluate(split)) return undefined;
        const model: AutoencoderModel = await train(split.training, 'evaluation');
        return run<ModelEvaluation>(measuring(model, split));
      },
      learn: async ({ train }) => {
        const { columns, rows, values, rowsPerDay } = table;
        const model = await train<FeatureMatrix, AutoencoderModel>({ columns, rows, values, rowsPerDay }, 'training');
        return {
          rows: await meanCodes(model, table, context.signal),
          artifacts: fraudArtifacts(model, features),
          facts: { ...model.facts, threshold: model.threshold.value, features: columns.length },
        };
      },
    };
  },
};

function measuring(model: AutoencoderModel, split: FraudSplit): BackgroundJob {
  return {
    module: join(__dirname, '..', '..', 'training', 'evaluation', 'fraud'),
    call: 'evaluateAutoencoder',
    args: [model, split, { labelDelayDays: features.labelDelayDays }],
  };
}

async function meanCodes(model: AutoencoderModel, table: FeatureTable, signal: AbortSignal): Promise<VectorRows> {
  const dimension = model.codeDimension;
  const ids = [...new Set(table.accountIds)];
  const numbers = new Map(ids.map((id, number) => [id, number]));
  const sums = new Float64Array(ids.length * dimension);
  const frequencies = new Uint32Array(ids.length);
  const width = table.columns.length;
  const scorer = await AutoencoderScorer.load(model);
  try {
    for (let start = 0; start < table.rows; start += ROWS_A_TURN) {
      refuseCancelled(signal);
      const end = Math.min(start + ROWS_A_TURN, table.rows);
      const { codes } = await scorer.score(table.values.slice(start * width, end * width));
      for (let row = start; row < end; row++) {
        const account = numbers.get(table.accountIds[row])!;
        frequencies[account]++;
        for (let d = 0; d < dimension; d++) sums[account * dimension + d] += codes[(row - start) * dimension + d];
      }
      await nextTurn();
    }
  } finally {
    await scorer.close();
  }
  const input = Float32Array.from(sums, (sum, at) => sum / frequencies[Math.floor(at / dimension)]);
  return { ids, dimension, input, frequencies };
}
