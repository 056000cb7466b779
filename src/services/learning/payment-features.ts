/**
 * Features of the store's transactions, and the days of them that evaluation holds out.
 *
 * Memory: the features of at most MOST_ROWS transactions, on shared memory that their number is known for. Of more, training
 * is refused (what it would leave out is for people to say), and what is measured beside an evaluation is measured on the
 * newest.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { KindredError } from '../../errors';
import { FEATURE_NAMES } from '../../features/columns';
import { type FeatureTable, FeatureTableBuilder } from '../../features/feature-table';
import { DAY_MILLIS, historyDays, parseFeatureOptions } from '../../features/options';
import {
  rangeFacts,
  type TimeRange,
  timeBeforeNewest,
  transactionPages,
  transactionsDigest,
} from '../../stores/corpora';
import { type LessonContext, refuseCancelled } from './lesson';

/** Part of the time that evaluation trains on; the rest is scored. */
const TRAINING_PART = 0.75;
/** What training uses, scoring uses: the options are stored with the model. */
export const features = parseFeatureOptions();

/** 2 GiB of features. */
const MOST_ROWS = Math.floor(2 ** 31 / (FEATURE_NAMES.length * Float32Array.BYTES_PER_ELEMENT));

type Reading = Pick<LessonContext, 'database' | 'range' | 'signal'>;

/**
 * Rows of the range; the days before it are their history.
 * @throws KindredError TRAINING_FAILED where there are more than `most`
 */
export async function readFeatures(reading: Reading, most = MOST_ROWS): Promise<FeatureTable> {
  const { database, range } = reading;
  const { rows } = await rangeFacts(database, 'transactions', range);
  if (rows <= most) return featuresOf(reading, rows);
  const from = await newest(reading, most);
  throw new KindredError(
    'TRAINING_FAILED',
    `The features of ${rows} transactions are more than a run can hold, which is ${most}.`,
    {
      remedy: `Learn from the newest: --from ${from.toISOString()} (over GraphQL dataFrom), or later.`,
      facts: { rows, most },
    },
  );
}

/** Of rows that are more than `most` the newest; `of` is how many there are then. */
export async function readNewestFeatures(
  reading: Reading,
  most = MOST_ROWS,
): Promise<{ readonly table: FeatureTable; readonly of?: number }> {
  const { database, range } = reading;
  const { rows } = await rangeFacts(database, 'transactions', range);
  if (rows <= most) return { table: await featuresOf(reading, rows) };
  const from = await newest(reading, most);
  return { table: await featuresOf({ ...reading, range: { ...range, from } }, most), of: rows };
}

/** From when on there are no more than `most` rows. */
async function newest({ database, range }: Reading, most: number): Promise<Date> {
  // There are more, and none is ever taken away.
  const before = (await timeBeforeNewest(database, range, most))!;
  // Times are whole milliseconds; rows of one instant stay together.
  return new Date(before.getTime() + 1);
}

async function featuresOf({ database, range, signal }: Reading, expectedRows: number): Promise<FeatureTable> {
  const builder = new FeatureTableBuilder(features, { ...range, expectedRows });
  for await (const page of transactionPages(database, withHistory(range))) {
    refuseCancelled(signal);
    for (const transaction of page) builder.push(transaction);
    await nextTurn();
  }
  return builder.finish();
}

/** The same as long as every row that features are made of is, with its label. */
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
