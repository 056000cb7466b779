/** What the database says about itself: for whoever looks after it. */
import type { Database, DatabaseKind } from '../stores/database';
import { readVersions } from '../stores/notes';

export interface StoreDescription {
  readonly kind: DatabaseKind;
  /** As Postgres gives it: `PostgreSQL 18.6`. */
  readonly version: string;
  readonly pgvector: string;
  /** Whole sentences that say what to do. */
  readonly warnings: readonly string[];
}

export class StoreFacts {
  constructor(private readonly database: Database) {}

  async describe(): Promise<StoreDescription> {
    const { kind, warnings } = this.database;
    return { kind, warnings, ...(await readVersions(this.database)) };
  }
}
