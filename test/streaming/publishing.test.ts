import fc from 'fast-check';
import type { KafkaProducer, OutgoingMessage } from '../../src/streaming/kafka/port';
import { type OutgoingBatch, pieces, publish } from '../../src/streaming/publishing';
import { rawLines } from '../../src/streaming/raw-lines';
import { keyOf, keyOfText } from '../../src/streaming/record-keys';

async function* chunksOf(...chunks: readonly (string | Uint8Array)[]): AsyncGenerator<Buffer> {
  for (const chunk of chunks) yield Buffer.from(chunk as string);
}

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}

async function* batchesOf(...sizes: readonly number[]): AsyncGenerator<OutgoingBatch> {
  let at = 0;
  for (const size of sizes) {
    const messages = Array.from({ length: size }, () => ({ key: null, value: String(at++) }));
    yield { messages, rejections: [], bytes: at };
  }
}

/** Keeps what it is sent. */
function keeper(onSend: () => Promise<void> = async () => undefined) {
  const sent: OutgoingMessage[][] = [];
  const producer: KafkaProducer = {
    send: async (_topic, messages) => {
      await onSend();
      sent.push([...messages]);
    },
    close: async () => undefined,
  };
  return { sent, producer };
}

describe('raw lines', () => {
  it('are the bytes between line feeds, however they are cut, valid or not', async () => {
    const line = fc
      .uint8Array({ minLength: 1, maxLength: 30 })
      .map((bytes) => bytes.filter((byte) => byte !== 10 && byte !== 13));
    await fc.assert(
      fc.asyncProperty(
        fc.array(line),
        fc.array(fc.nat(20), { minLength: 1 }),
        fc.boolean(),
        async (lines, cuts, closed) => {
          const text = Buffer.concat(
            lines.flatMap((each, at) => [each, Buffer.from(at < lines.length - 1 || closed ? '\n' : '')]),
          );
          const chunks: Uint8Array[] = [];
          for (let at = 0, turn = 0; at < text.length; turn++) {
            const size = cuts[turn % cuts.length] + 1;
            chunks.push(text.subarray(at, at + size));
            at += size;
          }
          const read = await all(rawLines(chunksOf(...chunks)));
          expect(read.map((each) => each.toString('hex'))).toEqual(
            lines.filter(({ length }) => length > 0).map((each) => Buffer.from(each).toString('hex')),
          );
        },
      ),
    );
  });

  it('come without the carriage return of other systems', async () => {
    expect((await all(rawLines(chunksOf('a\r', '\n\r\nb\r\n')))).map(String)).toEqual(['a', 'b']);
  });

  it('are not held without bound', async () => {
    const endless = (async function* () {
      for (;;) yield Buffer.alloc(1024 * 1024, 'x');
    })();
    await expect(all(rawLines(endless))).rejects.toMatchObject({ code: 'SOURCE_UNREADABLE' });
  });
});

describe('keys', () => {
  it("are the entity's id, also where only JSON is known", () => {
    const label = { transactionId: 't1', isFraud: true, decidedAt: new Date() };
    expect(keyOf('labels', label)).toBe('t1');
    expect(keyOfText('labels', JSON.stringify(label))).toBe('t1');
    expect(keyOfText('transactions', '{"accountId":"a"}')).toBe('a');
  });

  it.each(['', 'no JSON', 'null', '7', '[]', '{}', '{"userId":""}', '{"userId":7}'])('are none in %j', (text) => {
    expect(keyOfText('users', text)).toBeNull();
  });
});

describe('publishing', () => {
  it('sends everything in order, in pieces that a broker takes', async () => {
    const { sent, producer } = keeper();
    const counts = await publish(batchesOf(3_000, 0, 4_500), { producer, topic: 't' });
    expect(counts).toEqual({ sent: 7_500, rejected: 0 });
    expect(sent.flat().map(({ value }) => Number(value))).toEqual(Array.from({ length: 7_500 }, (_, at) => at));
    expect(Math.max(...sent.map(({ length }) => length))).toBeLessThanOrEqual(2_000);
  });

  it('cuts pieces by bytes too, and sends alone what is larger than a piece', () => {
    const messages = [300, 300, 10, 900, 10].map((kilobytes) => ({ key: null, value: Buffer.alloc(kilobytes * 1024) }));
    expect([...pieces(messages)].map((piece) => piece.map(({ value }) => value!.length / 1024))).toEqual([
      [300],
      [300, 10],
      [900],
      [10],
    ]);
  });

  it('counts keys and headers into what a piece holds', () => {
    const large = Buffer.alloc(300 * 1024);
    const messages = [
      { key: large.toString('latin1'), value: null },
      { key: null, value: null, headers: { large } },
      { key: null, value: large },
    ];
    expect([...pieces(messages)].map(({ length }) => length)).toEqual([1, 1, 1]);
  });

  it('goes no faster than asked', async () => {
    const { sent, producer } = keeper();
    const startedAt = Date.now();
    await publish(batchesOf(100), { producer, topic: 't', rate: 200 });
    expect(sent.flat()).toHaveLength(100);
    // The last piece leaves when the ones before it are due: at 450 ms.
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(440);
  });

  it('reads no further than one batch ahead of what is acknowledged', async () => {
    let read = 0;
    const source = (async function* () {
      for await (const batch of batchesOf(1, 1, 1, 1, 1)) {
        read++;
        yield batch;
      }
    })();
    let acknowledged = 0;
    const { producer } = keeper(async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      expect(read).toBeLessThanOrEqual(acknowledged + 2);
      acknowledged++;
    });
    await publish(source, { producer, topic: 't' });
    expect(acknowledged).toBe(5);
  });

  it('stops between two pieces when asked to, and says what failed', async () => {
    const controller = new AbortController();
    const { sent, producer } = keeper(async () => controller.abort());
    const options = { producer, topic: 't', signal: controller.signal };
    await expect(publish(batchesOf(2_000, 2_000), options)).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(sent).toHaveLength(1);
    const broken = keeper(() => Promise.reject(new Error('refused by the broker')));
    await expect(publish(batchesOf(1), { ...options, signal: undefined, producer: broken.producer })).rejects.toThrow(
      'refused by the broker',
    );
  });
});
