/** Where rejected rows go: NDJSON, one object a row, in a file that exists only when there are some. */
import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { InputError } from '../errors';
import type { Rejection } from '../services/ingestion';

export class RejectsFile {
  private stream?: WriteStream;

  constructor(readonly path: string) {}

  /** Whether anything has been written. */
  get exists(): boolean {
    return this.stream !== undefined;
  }

  async write(file: string, rejections: readonly Rejection[]): Promise<void> {
    const stream = this.stream ?? (await this.open());
    const lines = rejections.map(
      ({ line, field, reason, text }) => `${JSON.stringify({ file, line, field: field ?? null, reason, text })}\n`,
    );
    if (!stream.write(lines.join(''))) await once(stream, 'drain');
  }

  async close(): Promise<void> {
    if (!this.stream) return;
    this.stream.end();
    await once(this.stream, 'close');
  }

  private async open(): Promise<WriteStream> {
    const stream = createWriteStream(this.path);
    try {
      await once(stream, 'open');
    } catch (cause) {
      throw new InputError('rejects', `The rejects file ${this.path} cannot be written: ${(cause as Error).message}`, {
        remedy: 'Name another with --rejects FILE.',
        cause,
      });
    }
    this.stream = stream;
    return stream;
  }
}
