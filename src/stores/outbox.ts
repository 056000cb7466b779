/**
 * SQL of the outbox: messages on their way to Kafka, a bounded handful a row, written in the transaction of what they tell and
 * deleted once Kafka has acknowledged them.
 */
import type { DatabaseTransaction, Queryable } from './database';

export interface OutboxMessage {
  /** By which a repeat is known. */
  readonly id: string;
  readonly key: string;
  /** JSON, without line feeds. */
  readonly content: string;
}

export interface OutboxRow {
  readonly id: number;
  readonly topic: string;
  readonly messages: readonly OutboxMessage[];
}

/** What a row holds at most, unless a single message is longer: so a row fits into one request of Kafka's usual 1 MiB. */
const MAX_ROW_CHARACTERS = 256 * 1024;

export async function insertMessages(
  tx: DatabaseTransaction,
  topic: string,
  messages: readonly OutboxMessage[],
  at: Date,
): Promise<void> {
  for (const part of inParts(messages)) {
    const ids = JSON.stringify(part.map(({ id }) => id));
    const keys = JSON.stringify(part.map(({ key }) => key));
    const contents = part.map(({ content }) => content).join('\n');
    await tx.query(
      'INSERT INTO outbox (topic, messages, bytes, ids, keys, contents, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)',
      [topic, part.length, Buffer.byteLength(contents), ids, keys, contents, at],
    );
  }
}

function* inParts(messages: readonly OutboxMessage[]): Generator<readonly OutboxMessage[]> {
  let start = 0;
  let characters = 0;
  for (let at = 0; at < messages.length; at++) {
    const { id, key, content } = messages[at];
    const length = id.length + key.length + content.length;
    if (at > start && characters + length > MAX_ROW_CHARACTERS) {
      yield messages.slice(start, at);
      start = at;
      characters = 0;
    }
    characters += length;
  }
  if (start < messages.length) yield messages.slice(start);
}

export interface MessageQuestion {
  readonly rows: number;
  /** Topics whose rows are left alone. */
  readonly except: readonly string[];
  /** Locks them until the transaction ends, and leaves out those that another process has locked. */
  readonly claim: boolean;
}

/** The rows that were written first. */
export async function readMessages(on: Queryable, { rows, except, claim }: MessageQuestion): Promise<OutboxRow[]> {
  const found = await on.query<{ id: number; topic: string; ids: string; keys: string; contents: string }>(
    `SELECT id, topic, ids, keys, contents FROM outbox WHERE topic <> ALL ($2::text[])
     ORDER BY id LIMIT $1 ${claim ? 'FOR UPDATE SKIP LOCKED' : ''}`,
    [rows, except],
  );
  return found.rows.map(({ id, topic, ...lists }) => {
    const ids = JSON.parse(lists.ids) as string[];
    const keys = JSON.parse(lists.keys) as string[];
    const contents = lists.contents.split('\n');
    return { id, topic, messages: ids.map((each, at) => ({ id: each, key: keys[at], content: contents[at] })) };
  });
}

export async function deleteMessages(on: Queryable, ids: readonly number[]): Promise<void> {
  if (ids.length > 0) await on.query('DELETE FROM outbox WHERE id = ANY($1::bigint[])', [ids]);
}
