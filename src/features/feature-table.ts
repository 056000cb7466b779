/**
 * Features of many transactions at once: what an autoencoder trains on, with whose rows they are. A row takes four bytes a
 * column and 17 beside; an account's id is there once. The numbers lie on shared memory, so that other threads get no copy.
 */
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
  readonly accountIds: readonly string[];
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

export interface TableSize {
  /** Rows to come, for which there is room from the start; for more it is made. @default 1,024 */
  readonly expectedRows?: number;
}

/** Builds a table from transactions as they come, page by page, in order of time. */
export class FeatureTableBuilder {
  private readonly stream: FeatureStream;
  private readonly from: number;
  private readonly to: number;
  private columns: SharedColumns;
  private rows = 0;
  private readonly accountIds: string[] = [];
  /** Each id as it came first: of a row's own text nothing is kept. */
  private readonly accounts = new Map<string, string>();

  constructor(options: FeatureOptions, { from, to, expectedRows = 1024 }: TableRange & TableSize = {}) {
    this.columns = sharedColumns(expectedRows);
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
    const { rows } = this;
    const { values, times, labels } = this.columns;
    return Object.freeze({
      columns: FEATURE_NAMES,
      rows,
      values: values.subarray(0, rows * FEATURES.length),
      rowsPerDay: this.rowsPerDay(),
      accountIds: this.accountIds,
      times: times.subarray(0, rows),
      labels: labels.subarray(0, rows),
    });
  }

  private take(transaction: FeatureTransaction, values: Float32Array): void {
    const { accountId, occurredAt, isFraud } = transaction;
    const { rows } = this;
    if (rows === this.columns.times.length) this.grow();
    this.columns.values.set(values, rows * FEATURES.length);
    this.columns.times[rows] = occurredAt.getTime();
    this.columns.labels[rows] = isFraud === undefined ? -1 : Number(isFraud);
    this.accountIds.push(this.accountNamed(accountId));
    this.rows++;
  }

  private accountNamed(accountId: string): string {
    const known = this.accounts.get(accountId);
    if (known === undefined) this.accounts.set(accountId, accountId);
    return known ?? accountId;
  }

  private grow(): void {
    const { values, times, labels } = this.columns;
    this.columns = sharedColumns(Math.ceil(times.length * 1.5) + 1);
    this.columns.values.set(values);
    this.columns.times.set(times);
    this.columns.labels.set(labels);
  }

  private rowsPerDay(): number | undefined {
    if (this.rows < 2) return undefined;
    const { times } = this.columns;
    const first = Number.isFinite(this.from) ? this.from : times[0];
    const last = Number.isFinite(this.to) ? this.to : times[this.rows - 1];
    return last > first ? this.rows / ((last - first) / DAY_MILLIS) : undefined;
  }
}

interface SharedColumns {
  readonly values: Float32Array;
  readonly times: Float64Array;
  readonly labels: Int8Array;
}

function sharedColumns(rows: number): SharedColumns {
  return {
    values: new Float32Array(new SharedArrayBuffer(rows * FEATURES.length * Float32Array.BYTES_PER_ELEMENT)),
    times: new Float64Array(new SharedArrayBuffer(rows * Float64Array.BYTES_PER_ELEMENT)),
    labels: new Int8Array(new SharedArrayBuffer(rows)),
  };
}
