/** The lines of a source as bytes, without any judgement: for sending on what may be damaged. */
import { KindredError } from '../errors';

/** Longer than any broker takes by default (1 MB), so that what is too large for Kindred can be sent for trial. */
const MAX_RAW_LINE_BYTES = 8 * 1024 * 1024;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** Empty lines are left out. @throws KindredError SOURCE_UNREADABLE for a line that is too long to hold */
export async function* rawLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      const last = chunk.subarray(start, end);
      const line = withoutReturn(pending.length === 0 ? last : Buffer.concat([...pending, last]));
      if (line.length > 0) yield line;
      pending = [];
      pendingBytes = 0;
      start = end + 1;
    }
    if (start < chunk.length) pending.push(chunk.subarray(start));
    pendingBytes += chunk.length - start;
    if (pendingBytes > MAX_RAW_LINE_BYTES)
      throw new KindredError('SOURCE_UNREADABLE', `A line is longer than ${MAX_RAW_LINE_BYTES} bytes.`, {
        remedy: 'Raw lines are NDJSON, a record a line.',
      });
  }
  const line = withoutReturn(Buffer.concat(pending));
  if (line.length > 0) yield line;
}

const withoutReturn = (line: Buffer): Buffer => (line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line);
