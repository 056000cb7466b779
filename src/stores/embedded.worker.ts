/**
 * The thread that PGlite lives on: it runs SQL synchronously, and an index build may take a minute. Postgres protocol
 * bytes go in and come out, so that the driver on the other side is the one that serves a real Postgres too; only COPY has
 * a message of its own, since PGlite's session cannot take COPY data from the protocol. Messages are handled in order.
 */
import { mkdirSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';
import { vector } from '@electric-sql/pglite-pgvector';

export interface EmbeddedWorkerData {
  /** Folder of PGlite's own files. */
  folder: string;
}

export type ToEmbedded =
  | { type: 'protocol'; bytes: Uint8Array }
  | { type: 'copy'; id: number; sql: string; bytes: ArrayBuffer }
  | { type: 'close' };

export type FromEmbedded =
  | { type: 'ready' }
  | { type: 'failed'; message: string }
  | { type: 'protocol'; bytes: Uint8Array }
  | { type: 'copied'; id: number; rows: number }
  | { type: 'copy-failed'; id: number; error: CopyFailure }
  | { type: 'closed' };

/** What a Postgres error carries that callers decide by. */
export interface CopyFailure {
  message: string;
  /** SQLSTATE. */
  code?: string;
  detail?: string;
  where?: string;
}

/** Answers go out in pieces of about this size, so that the reader parses while the query still runs. */
const PIECE_BYTES = 256 * 1024;

/** Half of Postgres' default: the system caches the same pages once more, and the buffers are this process's memory. */
const SETTINGS = ['-c', 'shared_buffers=64MB'];

const port = parentPort!;
const { folder } = workerData as EmbeddedWorkerData;
const send = (message: FromEmbedded, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer);

/** Collects what PGlite writes and sends it in pieces. PGlite reuses its buffer, hence the copy. */
class Answer {
  private pieces: Uint8Array[] = [];
  private size = 0;

  readonly take = (bytes: Uint8Array): void => {
    this.pieces.push(bytes.slice());
    this.size += bytes.length;
    if (this.size >= PIECE_BYTES) this.flush();
  };

  flush(): void {
    if (this.size === 0) return;
    const bytes = new Uint8Array(this.size);
    let offset = 0;
    for (const piece of this.pieces) {
      bytes.set(piece, offset);
      offset += piece.length;
    }
    this.pieces = [];
    this.size = 0;
    send({ type: 'protocol', bytes }, [bytes.buffer]);
  }
}

let started = false;

/** A driver that connects again finds the one session as a new one would be: no transaction, no prepared statements. */
async function resetSession(db: PGlite): Promise<void> {
  if (!started) {
    started = true;
    return;
  }
  if (db.isInTransaction()) await db.exec('ROLLBACK');
  await db.exec('DISCARD ALL');
}

async function handle(db: PGlite, message: ToEmbedded): Promise<void> {
  switch (message.type) {
    case 'protocol': {
      const isStartup = message.bytes[0] === 0;
      if (isStartup) await resetSession(db);
      const answer = new Answer();
      await db.runExclusive(() => db.execProtocolRawStream(message.bytes, { onRawData: answer.take }));
      answer.flush();
      return;
    }
    case 'copy':
      try {
        // PGlite asks a blob for its bytes and nothing else; a real one would hold two more copies of them.
        const blob = { arrayBuffer: async () => message.bytes } as Blob;
        const result = await db.query(message.sql, [], { blob });
        send({ type: 'copied', id: message.id, rows: result.affectedRows ?? 0 });
      } catch (error) {
        const { message: text, code, detail, where } = error as CopyFailure;
        send({ type: 'copy-failed', id: message.id, error: { message: text, code, detail, where } });
      }
      return;
    case 'close':
      await db.close();
      send({ type: 'closed' });
      port.close();
      return;
  }
}

async function main(): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const db = await PGlite.create({
    dataDir: folder,
    extensions: { vector },
    startParams: [...PGlite.defaultStartParams, ...SETTINGS],
  });
  let turn: Promise<void> = Promise.resolve();
  port.on('message', (message: ToEmbedded) => {
    turn = turn.then(() => handle(db, message));
  });
  send({ type: 'ready' });
}

main().catch((error: unknown) => {
  send({ type: 'failed', message: error instanceof Error ? error.message : String(error) });
  port.close();
});
