/** Plain records by id, in batches; and what the streams hold. */
import { type Item, STREAMS, type StreamName, type User } from '../domain/events';
import { findItems, findTransactions, findUsers, type StreamFacts, streamFacts } from '../stores/catalogue';
import type { LabelledTransaction } from '../stores/corpora';
import type { Database } from '../stores/database';

export type StreamStatus = StreamFacts & { stream: StreamName };

export class Catalogue {
  constructor(private readonly database: Database) {}

  async item(itemId: string): Promise<Item | undefined> {
    return (await this.items([itemId]))[0];
  }

  async user(userId: string): Promise<User | undefined> {
    return (await this.users([userId]))[0];
  }

  async transaction(transactionId: string): Promise<LabelledTransaction | undefined> {
    return (await this.transactions([transactionId]))[0];
  }

  /** In the order of `ids`; undefined where nothing is known of one. */
  async items(ids: readonly string[]): Promise<(Item | undefined)[]> {
    return inOrder(ids, await findItems(this.database, ids), ({ itemId }) => itemId);
  }

  async users(ids: readonly string[]): Promise<(User | undefined)[]> {
    return inOrder(ids, await findUsers(this.database, ids), ({ userId }) => userId);
  }

  async transactions(ids: readonly string[]): Promise<(LabelledTransaction | undefined)[]> {
    return inOrder(ids, await findTransactions(this.database, ids), ({ transactionId }) => transactionId);
  }

  async streams(): Promise<StreamStatus[]> {
    const statuses: StreamStatus[] = [];
    for (const stream of STREAMS) statuses.push({ stream, ...(await streamFacts(this.database, stream)) });
    return statuses;
  }

  /** Records in the store, a stream. */
  async counts(): Promise<Record<StreamName, number>> {
    const entries = (await this.streams()).map(({ stream, records }) => [stream, records]);
    return Object.fromEntries(entries) as Record<StreamName, number>;
  }
}

function inOrder<Row>(ids: readonly string[], rows: readonly Row[], idOf: (row: Row) => string): (Row | undefined)[] {
  const byId = new Map(rows.map((row) => [idOf(row), row]));
  return ids.map((id) => byId.get(id));
}
