/** Batches that producers of other makes compressed, and ones that would burst: the first are read, the second stop their partition only. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { Kafka as Client, CompressionTypes, logLevel } from 'kafkajs';
import { compress as lz4 } from 'lz4js';
import { compress as snappy } from 'snappyjs';
import { decompressed, MAX_BYTES, openLz4, openSnappy, openZstd, ungzip } from '../../../src/streaming/kafka/codecs';
import type { FetchedRecords, Kafka } from '../../../src/streaming/kafka/port';
import { reasonOf } from '../../../src/streaming/kafka/unreadable';
import { describeWithKafka } from '../brokers';
import { deleteTopics, until } from '../intake';

const KAFKA = join(__dirname, '..', '..', '..', 'scripts', 'kafka.mjs');
const JARS = execFileSync(process.execPath, [KAFKA, 'jars'], { encoding: 'utf8' }).trim();
const CODECS = ['gzip', 'snappy', 'lz4', 'zstd'] as const;

/** Java's own producer, with one line a record. */
async function produceWithJava(brokers: string, topic: string, codec: string, lines: readonly string[]): Promise<void> {
  const tool = 'org.apache.kafka.tools.ConsoleProducer';
  const settings = ['--compression-codec', codec, '--batch-size', '400000', '--timeout', '500'];
  const where = ['--bootstrap-server', brokers, '--topic', topic];
  const java = spawn('java', ['-Xmx128m', '-cp', join(JARS, '*'), tool, ...where, ...settings], {
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  let complaints = '';
  java.stderr.on('data', (text) => {
    complaints += text;
  });
  java.stdin.end(`${lines.join('\n')}\n`);
  const [code] = await once(java, 'exit');
  if (code !== 0) throw new Error(complaints);
}

async function readAll(kafka: Kafka, topic: string): Promise<FetchedRecords['records'][number][]> {
  const admin = kafka.admin();
  const partitions = (await admin.offsets(topic)).map(({ partition, start, end }) => ({
    partition,
    from: start,
    to: end,
  }));
  await admin.close();
  const records = [];
  for await (const fetched of kafka.read({ topic, partitions })) records.push(...fetched.records);
  return records;
}

const zeros = (bytes: number): Buffer => Buffer.alloc(bytes);
const someText = fc.string({ unit: 'binary', maxLength: 20_000 }).map((text) => Buffer.from(text.repeat(3)));

describe('compressed batches', () => {
  it('give back what was compressed, whatever it is', () => {
    fc.assert(
      fc.property(someText, (text) => {
        expect(Buffer.from(ungzip(gzipSync(text))).equals(text)).toBe(true);
        expect(Buffer.from(openSnappy(Buffer.from(snappy(text)))).equals(text)).toBe(true);
        expect(Buffer.from(openLz4(Buffer.from(lz4(text)))).equals(text)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it('are refused when they would take more memory than a batch may', () => {
    const tooLong = /more than 32 MB/;
    expect(() => ungzip(gzipSync(zeros(MAX_BYTES + 1)))).toThrow(tooLong);
    expect(() => openLz4(Buffer.from(lz4(zeros(MAX_BYTES + 1))))).toThrow(tooLong);
    expect(() => openSnappy(Buffer.from(snappy(zeros(MAX_BYTES + 1))))).toThrow(/exceed|length/);
    expect(() => openZstd(zstdOfZeros(MAX_BYTES + 1))).toThrow(tooLong);
    expect(openZstd(zstdOfZeros(MAX_BYTES))).toHaveLength(MAX_BYTES);
  });

  it('take no memory for a size or a window that a header merely claims', () => {
    // 2 GB of window, and 2 GB of content, in a dozen bytes.
    const magic = [0x28, 0xb5, 0x2f, 0xfd];
    expect(() => openZstd(Buffer.from([...magic, 0x00, 0xa8, 0x01, 0x00, 0x00, 0, 0]))).toThrow(/more than 32 MB/);
    expect(() => openZstd(Buffer.from([...magic, 0xa0, 0, 0, 0, 0x7f, 0x01, 0, 0]))).toThrow(/more than 32 MB/);
  });

  it('are refused, and never read past their end, when they are cut short or damaged', () => {
    const text = Buffer.from('Kindred '.repeat(500));
    const chunk = Buffer.from(snappy(text));
    const frame = Buffer.concat([
      Buffer.from('\x82SNAPPY\0\0\0\0\x01\0\0\0\x01\0\0', 'latin1'),
      Buffer.alloc(2),
      chunk,
    ]);
    frame.writeUInt16BE(chunk.length, 18);
    expect(Buffer.from(openSnappy(frame)).equals(text)).toBe(true);
    const whole = { gzip: gzipSync(text), snappy: frame, lz4: Buffer.from(lz4(text)) };
    const cut = fc.double({ min: 0.2, max: 0.99, noNaN: true });
    fc.assert(
      fc.property(cut, (share) => {
        const part = (bytes: Buffer): Buffer => bytes.subarray(0, Math.floor(bytes.length * share));
        expect(() => ungzip(part(whole.gzip))).toThrow();
        expect(() => openSnappy(part(whole.snappy))).toThrow();
        expect(() => openLz4(part(whole.lz4))).toThrow();
      }),
      { numRuns: 100 },
    );
  });
});

describe('a batch that cannot be opened', () => {
  const burst = (): never => {
    throw new Error('burst');
  };

  /** The header of a batch, of which a codec is given only what comes after it. */
  function compressedPart(records: number, bytes = 10): Buffer {
    const batch = Buffer.alloc(61 + bytes);
    batch.writeInt32BE(49 + bytes, 8);
    batch.writeInt8(2, 16);
    batch.writeInt32BE(records - 1, 23);
    batch.writeInt32BE(records, 57);
    return batch.subarray(61);
  }

  it('is replaced by as many markers as it has records, which no record can be taken for', () => {
    const markers = decompressed(compressedPart(1_000), 'gzip', burst);
    expect(markers.length % 1_000).toBe(0);
    expect(reasonOf({ value: markers.subarray(5, 6) })).toBe('gzip: burst');
    expect(reasonOf({ value: Buffer.from(markers) })).toBeUndefined();
    expect(reasonOf({ value: null })).toBeUndefined();
  });

  it('fails the fetch where it claims more records than memory has room for, or is of an unknown format', () => {
    const unreadable = expect.objectContaining({ code: 'KAFKA_UNREADABLE' });
    const never = (): Uint8Array => {
      throw new Error('this is not to be opened');
    };
    expect(() => decompressed(compressedPart(600_000), 'gzip', never)).toThrow(/600000 records/);
    expect(() => decompressed(compressedPart(600_000), 'gzip', never)).toThrow(unreadable);
    expect(() => decompressed(Buffer.alloc(10), 'gzip', burst)).toThrow(unreadable);
  });
});

/** Blocks that say one byte over and over: four bytes stand for 128 KB. */
function zstdOfZeros(bytes: number): Buffer {
  const windowOf128Kb = 7 << 3;
  const parts = [Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, windowOf128Kb])];
  for (let left = bytes; left > 0; ) {
    const length = Math.min(left, 2 ** 17);
    left -= length;
    const block = Buffer.alloc(4);
    block.writeUIntLE((length << 3) | (1 << 1) | Number(left === 0), 0, 3);
    parts.push(block);
  }
  return Buffer.concat(parts);
}

describeWithKafka('batches on a broker', (given) => {
  afterAll(() => deleteTopics(given().prefix));
  const hasJava = existsSync(JARS);
  const lines = Array.from({ length: 3_000 }, (_, at) => JSON.stringify({ at, text: 'naïve '.repeat(at % 20) }));

  (hasJava ? it : it.skip)(
    `that Java's producer compressed with each codec are read as they were written${hasJava ? '' : ' (the jars are not there)'}`,
    async () => {
      const { kafka, brokers, prefix } = given();
      const admin = kafka.admin();
      await admin.createTopics(CODECS.map((codec) => ({ topic: prefix + codec, partitions: 1 })));
      await admin.close();
      await Promise.all(CODECS.map((codec) => produceWithJava(brokers, prefix + codec, codec, lines)));
      for (const codec of CODECS) {
        const records = await readAll(kafka, prefix + codec);
        expect(records.map(({ value }) => String(value))).toEqual(lines);
      }
    },
    60_000,
  );

  it('that would burst stop their own partition, say where, and leave the others alone', async () => {
    const { kafka, brokers, prefix } = given();
    const topic = `${prefix}bomb`;
    const admin = kafka.admin();
    await admin.createTopics([{ topic, partitions: 2 }]);
    await admin.close();
    const producer = kafka.producer();
    await producer.send(topic, [{ key: null, value: 'before', partition: 0 }]);
    await sendGzipped(brokers, topic, 0, [zeros(MAX_BYTES), zeros(MAX_BYTES)]);
    await producer.send(topic, [{ key: null, value: 'after', partition: 0 }]);

    const seen: FetchedRecords[] = [];
    const consumer = kafka.consumer(`${prefix}bomb`);
    const crashed = jest.fn();
    await consumer.run([topic], {
      onAssigned: () => undefined,
      onRecords: (fetched) => seen.push(fetched),
      onCrash: crashed,
    });
    await until(() => seen.some(({ unreadable }) => unreadable !== undefined));
    for (let n = 0; n < 3; n++) {
      await producer.send(topic, [{ key: null, value: `other ${n}`, partition: 1 }]);
      await until(() => valuesOf(seen, 1).length === n + 1);
    }
    await consumer.stop();
    await producer.close();

    expect(valuesOf(seen, 0)).toEqual(['before']);
    const stopped = seen.filter(({ partition }) => partition === 0).at(-1)!;
    expect(stopped).toMatchObject({ nextOffset: 1, endOffset: 4 });
    expect(stopped.unreadable).toMatchObject({
      code: 'KAFKA_UNREADABLE',
      message: expect.stringMatching(/bomb\/0 cannot be read from offset 1 to 2: gzip: it would take more than 32 MB/),
      remedy: expect.stringContaining(`--set-position ${topic}/0=3`),
    });
    expect(crashed).not.toHaveBeenCalled();

    const read = readAll(kafka, topic);
    await expect(read).rejects.toMatchObject({ code: 'KAFKA_UNREADABLE' });
  });
});

const valuesOf = (seen: readonly FetchedRecords[], wanted: number): string[] =>
  seen
    .filter(({ partition }) => partition === wanted)
    .flatMap(({ records }) => records.map(({ value }) => String(value)));

async function sendGzipped(
  brokers: string,
  topic: string,
  partition: number,
  values: readonly Buffer[],
): Promise<void> {
  const producer = new Client({ brokers: brokers.split(','), logLevel: logLevel.NOTHING }).producer();
  await producer.connect();
  await producer.send({
    topic,
    compression: CompressionTypes.GZIP,
    messages: values.map((value) => ({ partition, value })),
  });
  await producer.disconnect();
}
