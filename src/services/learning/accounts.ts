/**
 * The autoencoder learns from the features of transactions. Its network scores transactions; the space `accounts` holds,
 * for each account, the mean code of its transactions: accounts that behave alike are near each other.
 */
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ModelEvaluation } from '../../domain/model';
import { type FeatureTable, FeatureTableBuilder } from '../../features/feature-table';
import { DAY_MILLIS, historyDays, parseFeatureOptions } from '../../features/options';
import { transactionPages } from '../../stores/corpora';
import type { VectorRows } from '../../stores/vectors';
import type { AutoencoderModel } from '../../training/autoencoder/model';
import { AutoencoderScorer } from '../../training/autoencoder/scorer';
import type { BackgroundJob } from '../../training/background';
import { canEvaluate, type FraudSplit, splitByTime } from '../../training/evaluation/fraud';
import type { FeatureMatrix } from '../../training/feature-matrix';
import { ACCOUNTS_SPACE, fraudArtifacts } from '../fraud-model';
import { corpusFacts, type Lesson, type LessonContext, refuseCancelled } from './lesson';
import { spaceCalled } from './spaces';

/** Part of the time that evaluation trains on; the rest is scored. */
const TRAINING_PART = 0.75;
/** With less to learn from, a measurement says nothing: one stray record of years ago would pass for a training period. */
const LEAST_TRAINING_ROWS = 50;
/** Rows that go through the network in one turn of the thread. */
const ROWS_A_TURN = 4_096;

/** What training uses, scoring uses: the options are stored with the model. */
const features = parseFeatureOptions();

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

/** Rows of the range; the days before it are their history. */
async function readFeatures({ database, range, signal }: LessonContext): Promise<FeatureTable> {
  const builder = new FeatureTableBuilder(features, range);
  const from = range.from && new Date(range.from.getTime() - historyDays(features) * DAY_MILLIS);
  for await (const page of transactionPages(database, { from, to: range.to })) {
    refuseCancelled(signal);
    for (const transaction of page) builder.push(transaction);
    await nextTurn();
  }
  return builder.finish();
}

/** Labels reach features only after their delay, so that nothing needs to lie between training and test. */
function testPeriod({ times, rows }: FeatureTable): { trainTo: number; testFrom: number } {
  const at = times[0] + TRAINING_PART * (times[rows - 1] - times[0]);
  return { trainTo: at, testFrom: at };
}

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
