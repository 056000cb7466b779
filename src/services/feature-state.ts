/**
 * Features of transactions as they arrive. The tables `transactions` and `labels` are the state; memory holds a cache of them: the
 * recent past of those accounts and merchants that were seen last. Each batch first learns what other writers have added since
 * the batch before, and reads the past of whoever it does not know; so what is in memory survives nothing and needs to survive
 * nothing, and a transaction's features have the bits that a walk over the tables in order of time gives.
 */
import type { Transaction } from '../domain/events';
import { FEATURE_NAMES, writeFeatures } from '../features/columns';
import { labelDelayMillis } from '../features/feature-stream';
import { DAY_MILLIS, type FeatureOptions, historyDays } from '../features/options';
import { AccountTimeline, MerchantTimeline } from '../features/timelines';
import type { DatabaseTransaction } from '../stores/database';
import {
  accountPasts,
  changesSince,
  labelsOf,
  merchantPasts,
  type PartyRequest,
  type PastRow,
  type Snapshot,
} from '../stores/feature-history';
import { PartyCache } from './party-cache';

/** Rows kept, an account's and a merchant's counting apart: about 130 bytes each. */
const MAX_ROWS = 1_000_000;
/** Read beyond what the first and the last transaction of a party need, for those that come late and for what comes next. */
const SPARE_MILLIS = DAY_MILLIS;

type Decision = { isFraud: boolean; decidedAt: Date };

export class FeatureState {
  private readonly accounts = new PartyCache<AccountTimeline>();
  private readonly merchants = new PartyCache<MerchantTimeline>();
  private readonly maxRows: number;
  private snapshot?: Snapshot;
  /** Transactions of ours that ended well, and whose rows are in memory already. */
  private own: string[] = [];
  /** The transaction under way. */
  private asker?: string;
  private labels: ReadonlyMap<string, Decision> = new Map();
  /** Those whose accounts and merchants may know of rows that this transaction has written. */
  private prepared: readonly Transaction[] = [];
  private described: readonly Transaction[] = [];
  private delayMillis = Number.NaN;
  private spanMillis = Number.NaN;

  /** @param maxRows rows of the past in memory, above which the parties not seen for longest are let go, but for the last batch's */
  constructor({ maxRows = MAX_ROWS }: { maxRows?: number } = {}) {
    this.maxRows = maxRows;
  }

  /** Rows of the past in memory. */
  get rows(): number {
    return this.accounts.rows + this.merchants.rows;
  }

  /**
   * Inside the batch's database transaction, after its rows were written: learns what is new, and reads what is missing.
   * @param transactions that are to be described
   */
  async prepare(tx: DatabaseTransaction, transactions: readonly Transaction[], options: FeatureOptions): Promise<void> {
    this.prepared = transactions;
    await this.learn(tx, transactions, options);
  }

  private async learn(
    tx: DatabaseTransaction,
    transactions: readonly Transaction[],
    options: FeatureOptions,
  ): Promise<void> {
    this.setOptions(options);
    await this.catchUp(tx);
    this.labels = await labelsOf(
      tx,
      transactions.map(({ transactionId }) => transactionId),
    );
    await this.readMissing(tx, transactions);
  }

  /**
   * Each is described by what is before it in time, among the rows of the store and those given here; and is part of the past of
   * whatever comes next.
   * @returns (transactions, features), row-major
   */
  describe(transactions: readonly Transaction[]): Float32Array {
    this.described = transactions;
    for (const transaction of transactions) {
      const row = { ...transaction, ...this.labels.get(transaction.transactionId) };
      this.accounts.of(transaction.accountId).add(row);
      this.merchants.of(transaction.merchantId).add(row);
    }
    return this.rowsOf(transactions);
  }

  /** Of transactions that the store has already: nothing is added. @returns (transactions, features), row-major */
  async describeStored(
    tx: DatabaseTransaction,
    transactions: readonly Transaction[],
    options: FeatureOptions,
  ): Promise<Float32Array> {
    await this.learn(tx, transactions, options);
    const rows = this.rowsOf(transactions);
    this.letGo();
    return rows;
  }

  /** The database transaction of what was described has ended well. */
  committed(): void {
    if (this.described.length > 0 && this.asker !== undefined) this.own.push(this.asker);
    this.finish();
    this.letGo();
  }

  /** It has not: whoever it told of is read again. */
  rolledBack(): void {
    for (const { accountId, merchantId } of this.prepared) {
      this.accounts.forget(accountId);
      this.merchants.forget(merchantId);
    }
    this.finish();
  }

  private finish(): void {
    this.prepared = [];
    this.described = [];
    this.asker = undefined;
    this.labels = new Map();
  }

  /** What a label delay has shaped is of no use with another one. */
  private setOptions(options: FeatureOptions): void {
    const delayMillis = labelDelayMillis(options);
    if (delayMillis === this.delayMillis) return;
    this.forgetAll();
    this.delayMillis = delayMillis;
    this.spanMillis = historyDays(options) * DAY_MILLIS;
  }

  private async catchUp(tx: DatabaseTransaction): Promise<void> {
    const { snapshot, asker, rows, labels } = await changesSince(tx, this.snapshot, this.own);
    if (rows === undefined || labels === undefined) this.forgetAll();
    for (const row of rows ?? []) this.addToKnown(row);
    for (const { merchantId, transactionId, time, isFraud, decidedAt } of labels ?? []) {
      const occurredAt = new Date(time);
      this.merchants.find(merchantId)?.label({ transactionId, occurredAt, isFraud, decidedAt: new Date(decidedAt) });
    }
    this.snapshot = snapshot;
    // The new snapshot shows them: the next question is about what it does not show.
    this.own = [];
    this.asker = asker;
  }

  private addToKnown(row: PastRow): void {
    const transaction = asTransaction(row);
    this.accounts.find(row.accountId)?.add(transaction);
    this.merchants.find(row.merchantId)?.add(transaction);
    this.accounts.count(row.accountId);
    this.merchants.count(row.merchantId);
  }

  private async readMissing(tx: DatabaseTransaction, transactions: readonly Transaction[]): Promise<void> {
    const accounts = this.missing(this.accounts, transactions, ({ accountId }) => accountId);
    const merchants = this.missing(this.merchants, transactions, ({ merchantId }) => merchantId);
    const ofAccounts = await accountPasts(tx, accounts);
    const ofMerchants = await merchantPasts(tx, merchants);
    for (const { id, after } of accounts) {
      const { rows, until } = ofAccounts.get(id)!;
      const timeline = new AccountTimeline(after, this.spanMillis, until);
      for (const row of rows) timeline.add(asTransaction(row));
      this.accounts.set(id, timeline);
    }
    for (const { id, after } of merchants) {
      const { rows, until } = ofMerchants.get(id)!;
      const timeline = new MerchantTimeline(after, this.delayMillis, until);
      for (const row of rows) timeline.add(asTransaction(row));
      this.merchants.set(id, timeline);
    }
  }

  private missing(
    cache: PartyCache<AccountTimeline> | PartyCache<MerchantTimeline>,
    transactions: readonly Transaction[],
    partyOf: (one: Transaction) => string,
  ): PartyRequest[] {
    const missing: PartyRequest[] = [];
    for (const [id, { earliest, latest }] of timesOf(transactions, partyOf)) {
      const known = cache.touch(id);
      if (known?.reaches(earliest) && known.reaches(latest)) continue;
      const [after, until] = [earliest - this.spanMillis - SPARE_MILLIS, latest + SPARE_MILLIS];
      missing.push({ id, after, until, isWide: latest - earliest > SPARE_MILLIS });
    }
    return missing;
  }

  private rowsOf(transactions: readonly Transaction[]): Float32Array {
    const width = FEATURE_NAMES.length;
    const values = new Float32Array(transactions.length * width);
    transactions.forEach((transaction, row) => {
      const account = this.accounts.of(transaction.accountId);
      const merchant = this.merchants.of(transaction.merchantId);
      account.lookFrom(transaction);
      merchant.lookFrom(transaction);
      writeFeatures({ transaction, account, merchant, time: transaction.occurredAt.getTime() }, values, row * width);
    });
    return values;
  }

  private letGo(): void {
    this.accounts.settle();
    this.merchants.settle();
    if (this.rows <= this.maxRows) return;
    this.accounts.shrinkTo(Math.min(this.accounts.rows, this.maxRows / 2));
    this.merchants.shrinkTo(this.maxRows - this.accounts.rows);
  }

  private forgetAll(): void {
    this.accounts.clear();
    this.merchants.clear();
    this.snapshot = undefined;
  }
}

/** When the first and the last transaction of each party happened. */
function timesOf(
  transactions: readonly Transaction[],
  partyOf: (one: Transaction) => string,
): Map<string, { earliest: number; latest: number }> {
  const times = new Map<string, { earliest: number; latest: number }>();
  for (const transaction of transactions) {
    const party = partyOf(transaction);
    const time = transaction.occurredAt.getTime();
    const known = times.get(party);
    if (!known) times.set(party, { earliest: time, latest: time });
    else {
      known.earliest = Math.min(known.earliest, time);
      known.latest = Math.max(known.latest, time);
    }
  }
  return times;
}

function asTransaction({ time, decidedAt, ...row }: PastRow): PastTransaction {
  return { ...row, occurredAt: new Date(time), decidedAt: decidedAt === undefined ? undefined : new Date(decidedAt) };
}

type PastTransaction = Omit<PastRow, 'time' | 'decidedAt'> & { occurredAt: Date; decidedAt?: Date };
