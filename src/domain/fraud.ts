/** What a fraud model says about a transaction, and the alert that a suspicious one raises. */

/** REVIEW: the score is at or above the model's threshold. */
export const DECISIONS = ['ALLOW', 'REVIEW'] as const;
export type Decision = (typeof DECISIONS)[number];

/** A feature that drove a score. */
export interface FraudReason {
  feature: string;
  /** What the feature means, in words. */
  description: string;
  observed: number;
  /** What the network made of it: the value that would have looked normal. */
  expected: number;
  /** Part of the whole reconstruction error, 0..1. */
  share: number;
}

export interface FraudScore {
  transactionId: string;
  modelId: string;
  /** Share of normal traffic whose reconstruction error is below this one's: 0..1, the higher the more abnormal. */
  value: number;
  decision: Decision;
  /** The `value` from which transactions are sent to review. */
  threshold: number;
  reconstructionError: number;
  /** The largest share first. */
  reasons: readonly FraudReason[];
}

/** Open until a label says what it was. */
export const ALERT_STATUSES = ['OPEN', 'CONFIRMED', 'DISMISSED'] as const;
export type AlertStatus = (typeof ALERT_STATUSES)[number];

export interface Alert {
  id: string;
  transactionId: string;
  modelId: string;
  value: number;
  status: AlertStatus;
  createdAt: Date;
}
