/**
 * The near end of the embedded store's thread: starts it, carries protocol bytes between the `pg` driver and PGlite, and
 * hands it the bytes of a COPY.
 */
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import type { Worker } from 'node:worker_threads';
import { KindredError } from '../errors';
import { startThread } from '../threads';
import type { EmbeddedWorkerData, FromEmbedded, ToEmbedded } from './embedded.worker';

export class EmbeddedThread {
  private socket?: EmbeddedSocket;
  private readonly copies = new Map<number, { resolve(rows: number): void; reject(error: Error): void }>();
  private nextCopy = 1;
  private stopped?: Error;
  private readonly exited: Promise<void>;

  private constructor(private readonly worker: Worker) {
    this.exited = new Promise((resolve) => {
      worker.once('exit', () => {
        this.fail(new Error('The thread of the embedded store ended.'));
        resolve();
      });
    });
    worker.on('error', (error) => this.fail(error));
  }

  /** @param folder where PGlite keeps its files; made if absent */
  static async start(folder: string): Promise<EmbeddedThread> {
    const data: EmbeddedWorkerData = { folder };
    const worker = startThread(join(__dirname, 'embedded.worker'), { workerData: data });
    const thread = new EmbeddedThread(worker);
    await new Promise<void>((resolve, reject) => {
      worker.once('error', reject);
      worker.once('exit', () => reject(new Error('Its thread ended before it was ready.')));
      worker.once('message', (message: FromEmbedded) => {
        if (message.type === 'ready') resolve();
        else reject(new Error(message.type === 'failed' ? message.message : `It sent "${message.type}".`));
      });
    }).catch((cause: Error) => {
      throw new KindredError(
        'DATABASE_UNAVAILABLE',
        `The embedded store in ${folder} does not open: ${cause.message}`,
        {
          remedy:
            'Check that the folder is readable, writable and not full. If it is damaged, restore a copy or delete it to begin anew.',
          facts: { folder },
          cause,
        },
      );
    });
    worker.on('message', (message: FromEmbedded) => thread.receive(message));
    return thread;
  }

  /** A new socket for the driver; PGlite has one session, so the newest socket is the one that is answered. */
  connect(): EmbeddedSocket {
    this.socket = new EmbeddedSocket((bytes) => this.post({ type: 'protocol', bytes }, [bytes.buffer as ArrayBuffer]));
    if (this.stopped) this.socket.destroy(this.stopped);
    return this.socket;
  }

  /** Runs a `COPY … FROM '/dev/blob'` in the session's transaction. The bytes are moved, not copied. */
  copy(sql: string, bytes: ArrayBuffer): Promise<number> {
    if (this.stopped) return Promise.reject(this.stopped);
    const id = this.nextCopy++;
    return new Promise((resolve, reject) => {
      this.copies.set(id, { resolve, reject });
      this.post({ type: 'copy', id, sql, bytes }, [bytes]);
    });
  }

  async close(): Promise<void> {
    if (!this.stopped) this.post({ type: 'close' });
    await this.exited;
  }

  private post(message: ToEmbedded, transfer: ArrayBuffer[] = []): void {
    this.worker.postMessage(message, transfer);
  }

  private receive(message: FromEmbedded): void {
    switch (message.type) {
      case 'protocol':
        if (this.socket?.writable) this.socket.push(Buffer.from(message.bytes.buffer));
        return;
      case 'copied':
      case 'copy-failed': {
        const copy = this.copies.get(message.id);
        this.copies.delete(message.id);
        if (message.type === 'copied') copy?.resolve(message.rows);
        else copy?.reject(Object.assign(new Error(message.error.message), message.error));
        return;
      }
      case 'ready':
      case 'failed':
      case 'closed':
        return;
    }
  }

  private fail(error: Error): void {
    this.stopped ??= error;
    this.socket?.destroy();
    for (const copy of this.copies.values()) copy.reject(error);
    this.copies.clear();
  }
}

/** What `pg` takes for a TCP socket. */
export class EmbeddedSocket extends Duplex {
  constructor(private readonly sendBytes: (bytes: Uint8Array) => void) {
    super({ allowHalfOpen: false });
  }

  connect(): this {
    setImmediate(() => this.emit('connect'));
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  // A process that forgets to close its database stays up, as with a real connection.
  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  override _read(): void {}

  /** The driver hung up: end its reading side too, so that the socket closes and the pool may connect anew. */
  override _final(done: (error?: Error | null) => void): void {
    this.push(null);
    done();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.sendBytes(Uint8Array.from(chunk));
    done();
  }

  /** One request (parse, bind, describe, execute, sync) comes as several chunks and travels as one message. */
  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    let size = 0;
    for (const { chunk } of chunks) size += chunk.length;
    const bytes = new Uint8Array(size);
    let offset = 0;
    for (const { chunk } of chunks) {
      bytes.set(chunk, offset);
      offset += chunk.length;
    }
    this.sendBytes(bytes);
    done();
  }
}
