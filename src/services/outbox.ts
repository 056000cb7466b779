/**
 * What leaves for Kafka: scores, alerts and promotions are put into a table in the transaction that keeps them, and published from there
 * afterwards, so that a crash in between loses nothing. A message may go out twice (when its acknowledgement is lost); its id
 * says so. Without topics, as in a process without Kafka, nothing is put in, since nothing would take it out.
 */
import type { Transaction } from '../domain/events';
import type { Alert, FraudScore } from '../domain/fraud';
import type { Promotion } from '../domain/model';
import type { Database, DatabaseTransaction, Queryable } from '../stores/database';
import { deleteMessages, insertMessages, type OutboxMessage, type OutboxRow, readMessages } from '../stores/outbox';
import { reasonsJson } from '../stores/scores';

export type { OutboxMessage } from '../stores/outbox';

export interface OutboxTopics {
  readonly scores: string;
  readonly alerts: string;
  readonly models: string;
}

/** Resolves once Kafka has acknowledged them all. */
export type Publish = (topic: string, messages: readonly OutboxMessage[]) => Promise<void>;

/** What is to be told: scores with their transactions, place by place, and the alerts that they raised. */
export interface Scored {
  readonly transactions: readonly Transaction[];
  readonly scores: readonly FraudScore[];
  readonly alerts: readonly Alert[];
  readonly at: Date;
}

/** Rows published at a time: with what a row holds at most, some megabytes. */
const ROWS_AT_ONCE = 16;

/** Kafka may make a publisher wait; one that is heard of no more leaves its rows to others. */
const ABANDONED = { abandonedAfterMillis: 120_000 };

export class Outbox {
  private readonly listeners = new Set<() => void>();

  constructor(
    private readonly database: Database,
    private readonly topics?: OutboxTopics,
  ) {}

  /** Takes part in the transaction that keeps the scores. Call `committed` after it. */
  async enqueue(tx: DatabaseTransaction, { transactions, scores, alerts, at }: Scored): Promise<void> {
    if (!this.topics) return;
    const messages = scores.map((score, place) => scoreMessage(transactions[place], score, at));
    await insertMessages(tx, this.topics.scores, messages, at);
    if (alerts.length === 0) return;
    const places = new Map(scores.map(({ transactionId }, place) => [transactionId, place]));
    const raised = alerts.map((alert) => {
      const place = places.get(alert.transactionId)!;
      return alertMessage(transactions[place], scores[place], alert);
    });
    await insertMessages(tx, this.topics.alerts, raised, at);
  }

  /** Takes part in the transaction that moves a space's live pointer. Call `committed` after it. */
  async enqueuePromotion(tx: DatabaseTransaction, promotion: Promotion): Promise<void> {
    if (!this.topics) return;
    await insertMessages(tx, this.topics.models, [promotionMessage(promotion)], promotion.promotedAt);
  }

  /** There may be something to publish. */
  committed(): void {
    for (const listener of this.listeners) listener();
  }

  /** @returns ends the listening */
  onCommitted(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /**
   * Publishes what was put in first, by any process, and forgets it. What another process is publishing is left to it. Topics do not
   * wait for each other: where one cannot be written to, its rows stay from there on, and the others' go.
   * @param publish must not use the database
   */
  async drain(publish: Publish, { rows = ROWS_AT_ONCE, except = [] }: DrainOptions = {}): Promise<Drained> {
    // The embedded store belongs to this process alone, and its one session must not be held while Kafka is waited for.
    if (this.database.kind === 'embedded')
      return publishRows(this.database, await readMessages(this.database, { rows, except, claim: false }), publish);
    return this.database.transaction(
      async (tx) => publishRows(tx, await readMessages(tx, { rows, except, claim: true }), publish),
      ABANDONED,
    );
  }
}

export interface DrainOptions {
  /** At a time. */
  rows?: number;
  /** Topics to leave alone. */
  except?: readonly string[];
}

export interface Drained {
  /** Messages that Kafka has acknowledged, and that are forgotten. */
  readonly published: number;
  /** What `publish` threw, by topic. */
  readonly failed: ReadonlyMap<string, unknown>;
}

async function publishRows(on: Queryable, rows: readonly OutboxRow[], publish: Publish): Promise<Drained> {
  const failed = new Map<string, unknown>();
  let published = 0;
  // One statement at a time on the session that topics share.
  let deleting = Promise.resolve();
  const publishTopic = async (topic: string): Promise<void> => {
    for (const row of rows) {
      if (row.topic !== topic) continue;
      try {
        await publish(topic, row.messages);
      } catch (error) {
        failed.set(topic, error);
        return;
      }
      // At once: a session without a statement for long is ended, and what was deleted at the very end would be sent again.
      deleting = deleting.then(() => deleteMessages(on, [row.id]));
      await deleting;
      published += row.messages.length;
    }
  };
  // All of them end before the session is given back, also where one fails.
  const ended = await Promise.allSettled([...new Set(rows.map(({ topic }) => topic))].map(publishTopic));
  for (const each of ended) if (each.status === 'rejected') throw each.reason;
  return { published, failed };
}

function promotionMessage({ space, model, replacedId, kind, forced, promotedAt }: Promotion): OutboxMessage {
  return {
    id: `${model.id}/${promotedAt.toISOString()}`,
    key: space,
    content: JSON.stringify({ space, modelId: model.id, replacedId, trainer: model.trainer, kind, forced, promotedAt }),
  };
}

function scoreMessage(transaction: Transaction, score: FraudScore, at: Date): OutboxMessage {
  return {
    id: `${score.transactionId}/${score.modelId}`,
    key: transaction.accountId,
    content: `{${partiesJson(transaction)},"modelId":${JSON.stringify(score.modelId)},"value":${score.value},"decision":"${score.decision}","threshold":${score.threshold},"reconstructionError":${score.reconstructionError},"reasons":${reasonsJson(score.reasons)},"occurredAt":"${transaction.occurredAt.toISOString()}","scoredAt":"${at.toISOString()}"}`,
  };
}

function alertMessage(transaction: Transaction, score: FraudScore, alert: Alert): OutboxMessage {
  return {
    id: alert.id,
    key: transaction.accountId,
    content: `{"alertId":"${alert.id}",${partiesJson(transaction)},"modelId":${JSON.stringify(alert.modelId)},"value":${alert.value},"threshold":${score.threshold},"reasons":${reasonsJson(score.reasons)},"occurredAt":"${transaction.occurredAt.toISOString()}","createdAt":"${alert.createdAt.toISOString()}"}`,
  };
}

/** Written by hand: at thousands of messages a second, building objects to be turned into text costs more than the text. */
function partiesJson({ transactionId, accountId, merchantId }: Transaction): string {
  return `"transactionId":${JSON.stringify(transactionId)},"accountId":${JSON.stringify(accountId)},"merchantId":${JSON.stringify(merchantId)}`;
}
