/** Features of many transactions at once: what an autoencoder trains on, with the ids that belong to the rows. */
import { FEATURE_NAMES, FEATURES } from './columns';
import { FeatureStream } from './feature-stream';
import { DAY_MILLIS, type FeatureOptions } from './options';
import type { FeatureTransaction } from './transaction';

/** A `FeatureMatrix` of training/, and whose rows they are. */
export interface FeatureTable {
  readonly columns: readonly string[];
  readonly rows: number;
  /** (rows, columns.length), row-major, in the features' own units. */
  readonly values: Float32Array;
  /** Mean rows a day between the range's ends, or between the first and the last row; undefined for fewer than two rows. */
  readonly rowsPerDay?: number;
  readonly transactionIds: readonly string[];
  readonly accountIds: readonly string[];
  readonly merchantIds: readonly string[];
  /** Epoch milliseconds. */
  readonly times: Float64Array;
  /** What is known today, for measuring: 1 fraud, 0 not, -1 without a label. */
  readonly labels: Int8Array;
}

/** Which rows a table has: [from, to). What is earlier is history. */
export interface TableRange {
  readonly from?: Date;
  readonly to?: Date;
}

type Source = Iterable<FeatureTransaction>;

/** @param transactions in order of time, from `historyDays` before the range on. @throws InputError when out of order */
export function computeFeatures(transactions: Source, options: FeatureOptions, range: TableRange = {}): FeatureTable {
  const builder = new FeatureTableBuilder(options, range);
  for (const transaction of transactions) builder.push(transaction);
  return builder.finish();
}

/** Builds a table from transactions as they come, page by page, in order of time. */
export class FeatureTableBuilder {
  private readonly stream: FeatureStream;
  private readonly from: number;
  private readonly to: number;
  private values = new Float32Array(1024 * FEATURES.length);
  private rows = 0;
  private readonly transactionIds: string[] = [];
  private readonly accountIds: string[] = [];
  private readonly merchantIds: string[] = [];
  private readonly times: number[] = [];
  private readonly labels: number[] = [];

  constructor(options: FeatureOptions, { from, to }: TableRange = {}) {
    this.from = from?.getTime() ?? Number.NEGATIVE_INFINITY;
    this.to = to?.getTime() ?? Number.POSITIVE_INFINITY;
    this.stream = new FeatureStream(
      options,
      (transaction, values) => this.take(transaction, values),
      ({ occurredAt }) => occurredAt.getTime() >= this.from && occurredAt.getTime() < this.to,
    );
  }

  push(transaction: FeatureTransaction): void {
    this.stream.push(transaction);
  }

  finish(): FeatureTable {
    this.stream.flush();
    return Object.freeze({
      columns: FEATURE_NAMES,
      rows: this.rows,
      values: this.values.slice(0, this.rows * FEATURES.length),
      rowsPerDay: this.rowsPerDay(),
      transactionIds: this.transactionIds,
      accountIds: this.accountIds,
      merchantIds: this.merchantIds,
      times: Float64Array.from(this.times),
      labels: Int8Array.from(this.labels),
    });
  }

  private take(transaction: FeatureTransaction, values: Float32Array): void {
    const { transactionId, accountId, merchantId, occurredAt, isFraud } = transaction;
    const start = this.rows * FEATURES.length;
    if (start === this.values.length) {
      const larger = new Float32Array(this.values.length * 2);
      larger.set(this.values);
      this.values = larger;
    }
    this.values.set(values, start);
    this.rows++;
    this.transactionIds.push(transactionId);
    this.accountIds.push(accountId);
    this.merchantIds.push(merchantId);
    this.times.push(occurredAt.getTime());
    this.labels.push(isFraud === undefined ? -1 : Number(isFraud));
  }

  private rowsPerDay(): number | undefined {
    if (this.rows < 2) return undefined;
    const first = Number.isFinite(this.from) ? this.from : this.times[0];
    const last = Number.isFinite(this.to) ? this.to : this.times[this.rows - 1];
    return last > first ? this.rows / ((last - first) / DAY_MILLIS) : undefined;
  }
}
