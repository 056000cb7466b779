/** Features of the store's transactions, and the days of them that evaluation holds out. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type FeatureTable, FeatureTableBuilder } from '../../features/feature-table';
import { DAY_MILLIS, historyDays, parseFeatureOptions } from '../../features/options';
import { type TimeRange, transactionPages, transactionsDigest } from '../../stores/corpora';
import { type LessonContext, refuseCancelled } from './lesson';

/** Part of the time that evaluation trains on; the rest is scored. */
const TRAINING_PART = 0.75;
/** What training uses, scoring uses: the options are stored with the model. */
export const features = parseFeatureOptions();

/** Rows of the range; the days before it are their history. */
export async function readFeatures({ database, range, signal }: LessonContext): Promise<FeatureTable> {
  const builder = new FeatureTableBuilder(features, range);
  for await (const page of transactionPages(database, withHistory(range))) {
    refuseCancelled(signal);
    for (const transaction of page) builder.push(transaction);
    await nextTurn();
  }
  return builder.finish();
}

/** The same as long as every row that `readFeatures` reads is, with its label. */
export function paymentsDigest({ database, range }: Pick<LessonContext, 'database' | 'range'>): Promise<string> {
  return transactionsDigest(database, withHistory(range));
}

function withHistory({ from, to }: TimeRange): TimeRange {
  return { from: from && new Date(from.getTime() - historyDays(features) * DAY_MILLIS), to };
}

/** Labels reach features only after their delay, so that nothing needs to lie between training and test. */
export function testPeriod({ times, rows }: FeatureTable): { trainTo: number; testFrom: number } {
  const at = times[0] + TRAINING_PART * (times[rows - 1] - times[0]);
  return { trainTo: at, testFrom: at };
}
