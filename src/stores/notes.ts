/** SQL of what the store says about itself: small named documents, whether it has records, and its versions. */
import type { Queryable } from './database';

export async function readNote<Content>(on: Queryable, name: string): Promise<Content | undefined> {
  const { rows } = await on.query<{ content: Content }>('SELECT content FROM notes WHERE name = $1', [name]);
  return rows[0]?.content;
}

export async function writeNote(on: Queryable, name: string, content: unknown, at: Date): Promise<void> {
  await on.query(
    `INSERT INTO notes (name, content, written_at) VALUES ($1, $2, $3)
     ON CONFLICT (name) DO UPDATE SET content = excluded.content, written_at = excluded.written_at`,
    [name, JSON.stringify(content), at],
  );
}

/** Whether any of the six streams has a record. */
export async function hasRecords(on: Queryable): Promise<boolean> {
  const { rows } = await on.query<{ found: boolean }>(
    `SELECT EXISTS (SELECT FROM interactions) OR EXISTS (SELECT FROM transactions) OR EXISTS (SELECT FROM relations)
       OR EXISTS (SELECT FROM items) OR EXISTS (SELECT FROM users) OR EXISTS (SELECT FROM labels) AS found`,
  );
  return rows[0].found;
}

export async function readVersions(on: Queryable): Promise<{ version: string; pgvector: string }> {
  const { rows } = await on.query<{ version: string; pgvector: string }>(
    `SELECT 'PostgreSQL ' || current_setting('server_version') AS version,
       (SELECT extversion FROM pg_extension WHERE extname = 'vector') AS pgvector`,
  );
  return rows[0];
}
