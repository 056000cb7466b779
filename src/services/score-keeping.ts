/** What is done with scores that are to be kept, wherever they come from: stored, told to Kafka, and an alert for each REVIEW. */
import type { Transaction } from '../domain/events';
import type { Alert, FraudScore } from '../domain/fraud';
import type { DatabaseTransaction } from '../stores/database';
import { type KeptScores, saveScores } from '../stores/scores';
import type { Broadcast } from './broadcast';
import type { Outbox } from './outbox';

export class ScoreKeeping {
  constructor(
    private readonly outbox: Outbox,
    /** Where new alerts are told. */
    private readonly raised: Broadcast<Alert>,
  ) {}

  /**
   * Takes part in the caller's transaction, once a transaction; call `committed` after it.
   * @param transactions of the scores, in their order
   */
  async keep(
    tx: DatabaseTransaction,
    transactions: readonly Transaction[],
    scores: readonly FraudScore[],
  ): Promise<KeptScores> {
    const at = new Date();
    const kept = await saveScores(tx, scores, at);
    const all = kept.scores.length === scores.length;
    const byId = all ? undefined : new Map(transactions.map((each) => [each.transactionId, each]));
    const theirs = byId ? kept.scores.map(({ transactionId }) => byId.get(transactionId)!) : transactions;
    await this.outbox.enqueue(tx, { transactions: theirs, scores: kept.scores, alerts: kept.alerts, at });
    return kept;
  }

  /** Once the transaction is committed. */
  committed({ scores, alerts }: KeptScores): void {
    for (const alert of alerts) this.raised.publish(alert);
    if (scores.length > 0) this.outbox.committed();
  }
}
