/** Opens a file, or standard input for `-`, plain or gzip (told by its first bytes, not its name), and counts what it reads. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { KindredError } from '../errors';

export interface Source {
  readonly name: string;
  /** Bytes as they lie on disk; undefined for standard input. */
  readonly size?: number;
  /** Of those, how many have been read. */
  bytesRead(): number;
  chunks(): AsyncGenerator<Buffer>;
}

const CHUNK_BYTES = 256 * 1024;

/** @throws KindredError SOURCE_UNREADABLE */
export async function openSource(path: string): Promise<Source> {
  if (path === '-') return sourceOf('standard input', () => process.stdin);
  const facts = await stat(path).catch((cause: Error) => {
    throw unreadable(path, cause);
  });
  if (facts.isDirectory()) throw unreadable(path, new Error('it is a folder'));
  return sourceOf(path, () => createReadStream(path, { highWaterMark: CHUNK_BYTES }), facts.size);
}

function sourceOf(name: string, open: () => Readable, size?: number): Source {
  let bytes = 0;
  async function* counted(): AsyncGenerator<Buffer> {
    for await (const chunk of open()) {
      bytes += chunk.length;
      yield chunk as Buffer;
    }
  }
  return {
    name,
    size,
    bytesRead: () => bytes,
    async *chunks() {
      try {
        yield* inflated(counted());
      } catch (cause) {
        throw cause instanceof KindredError ? cause : unreadable(name, cause as Error);
      }
    },
  };
}

async function* inflated(chunks: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  let start: Buffer = Buffer.alloc(0);
  while (start.length < 2) {
    const next = await chunks.next();
    if (next.done) break;
    start = start.length === 0 ? next.value : Buffer.concat([start, next.value]);
  }
  const whole = prepended(start, chunks);
  if (start[0] !== 0x1f || start[1] !== 0x8b) yield* whole;
  else yield* gunzipped(whole);
}

async function* prepended(start: Buffer, rest: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  if (start.length > 0) yield start;
  yield* rest;
}

async function* gunzipped(chunks: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  const feeding = (async () => {
    for await (const chunk of chunks)
      if (!gunzip.write(chunk)) await new Promise<void>((resolve) => gunzip.once('drain', resolve));
    gunzip.end();
  })();
  // Reading fails with the reason when writing does.
  feeding.catch((error: Error) => gunzip.destroy(error));
  yield* gunzip as AsyncIterable<Buffer>;
}

function unreadable(name: string, cause: Error): KindredError {
  const code = (cause as NodeJS.ErrnoException).code;
  const why =
    code === 'ENOENT' ? 'it does not exist' : code === 'EACCES' ? 'reading it is not permitted' : cause.message;
  return new KindredError('SOURCE_UNREADABLE', `${name} cannot be read: ${why}.`, {
    remedy:
      'Check the path and the file. What was read before the fault is kept; ingesting the file again adds only the rest.',
    facts: { file: name, code },
    cause,
  });
}
