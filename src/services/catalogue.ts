/** Plain records by id, in batches. */
import type { Item, StreamName, User } from '../domain/events';
import { findItems, findTransactions, findUsers, hasRecords } from '../stores/catalogue';
import type { LabelledTransaction } from '../stores/corpora';
import type { Database } from '../stores/database';

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

  /** Whether the store has any record of a stream. */
  has(stream: StreamName): Promise<boolean> {
    return hasRecords(this.database, stream);
  }
}

function inOrder<Row>(ids: readonly string[], rows: readonly Row[], idOf: (row: Row) => string): (Row | undefined)[] {
  const byId = new Map(rows.map((row) => [idOf(row), row]));
  return ids.map((id) => byId.get(id));
}
