/**
 * Features of transactions as they arrive, from the rows of the store: each is described by what is before it in time among the
 * rows that are committed and those of its own batch.
 */
import type { Transaction } from '../domain/events';
import { FEATURE_NAMES } from '../features/columns';
import { DAY_MILLIS, type FeatureOptions, historyDays } from '../features/options';
import { featuresOf } from '../features/scoring';
import type { LabelledTransaction } from '../stores/corpora';
import type { DatabaseTransaction } from '../stores/database';
import { type RecentTransactions, recentTransactions } from '../stores/fraud-history';
import { ACCOUNTS_SPACE } from './fraud-model';

const LONGEST_DAYS = historyDays({ labelDelayDays: 90 });

export class FeatureState {
  private recent?: RecentTransactions;

  async prepare(tx: DatabaseTransaction, transactions: readonly Transaction[]): Promise<void> {
    const times = transactions.map(({ occurredAt }) => occurredAt.getTime());
    this.recent = await recentTransactions(tx, {
      space: ACCOUNTS_SPACE,
      accountIds: [...new Set(transactions.map(({ accountId }) => accountId))],
      merchantIds: [...new Set(transactions.map(({ merchantId }) => merchantId))],
      from: new Date(Math.min(...times) - LONGEST_DAYS * DAY_MILLIS),
      to: new Date(Math.max(...times)),
    });
  }

  /** @returns (transactions, features), row-major */
  describe(transactions: readonly Transaction[], options: FeatureOptions): Float32Array {
    const values = new Float32Array(transactions.length * FEATURE_NAMES.length);
    transactions.forEach((transaction, row) => {
      const of = (rows: ReadonlyMap<string, LabelledTransaction[]>, key: string) => rows.get(key) ?? [];
      const history = {
        account: of(this.recent!.byAccount, transaction.accountId),
        merchant: of(this.recent!.byMerchant, transaction.merchantId),
      };
      values.set(featuresOf(transaction, history, options), row * FEATURE_NAMES.length);
    });
    return values;
  }

  async describeStored(
    tx: DatabaseTransaction,
    transactions: readonly Transaction[],
    options: FeatureOptions,
  ): Promise<Float32Array> {
    await this.prepare(tx, transactions);
    return this.describe(transactions, options);
  }

  committed(): void {
    this.recent = undefined;
  }

  rolledBack(): void {
    this.recent = undefined;
  }
}
