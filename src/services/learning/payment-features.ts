/** Features of the store's transactions, and the days of them that evaluation holds out. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type FeatureTable, FeatureTableBuilder } from '../../features/feature-table';
import { DAY_MILLIS, historyDays, parseFeatureOptions } from '../../features/options';
import { transactionPages } from '../../stores/corpora';
import { type LessonContext, refuseCancelled } from './lesson';

/** Part of the time that evaluation trains on; the rest is scored. */
const TRAINING_PART = 0.75;
/** What training uses, scoring uses: the options are stored with the model. */
export const features = parseFeatureOptions();

/** Rows of the range; the days before it are their history. */
export async function readFeatures({ database, range, signal }: LessonContext): Promise<FeatureTable> {
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
export function testPeriod({ times, rows }: FeatureTable): { trainTo: number; testFrom: number } {
  const at = times[0] + TRAINING_PART * (times[rows - 1] - times[0]);
  return { trainTo: at, testFrom: at };
}
