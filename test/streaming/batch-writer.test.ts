import { setTimeout as sleep } from 'node:timers/promises';
import type { KindredError } from '../../src/errors';
import type { StreamCommit } from '../../src/services/stream-writer';
import { BatchWriter } from '../../src/streaming/batch-writer';
import { NOBODY } from '../../src/streaming/observer';
import { PartitionBuffer } from '../../src/streaming/partition-buffer';
import { RecordDecoder } from '../../src/streaming/record-decoding';

const DONE: StreamCommit = { accepted: 1, duplicates: 0, scores: 0, alerts: 0, awaiting: 0 };

it('tells of a store that keeps a commit waiting, again and again, and goes on once it answers', async () => {
  const buffer = new PartitionBuffer<'items'>('t', 0);
  buffer.begin(0, 10, 0);
  const record = { offset: 0, key: null, value: Buffer.from('{"itemId":"i"}'), headers: {}, timestamp: 0 };
  buffer.add(
    { topic: 't', partition: 0, fetchedOffset: 0, nextOffset: 1, endOffset: 10, records: [record] },
    new RecordDecoder('items', 1_000),
  );
  const told: KindredError[] = [];
  const writer = new BatchWriter<'items'>({
    stream: 'items',
    writer: {
      commit: async () => {
        while (told.length < 2) await sleep(5);
        return DONE;
      },
    },
    deadLetters: { write: async () => undefined },
    observer: NOBODY,
    onTrouble: (error) => void told.push(error as KindredError),
    onReleased: () => undefined,
    stopping: new AbortController().signal,
    silenceMillis: 10,
  });
  await writer.write([buffer.take(0)]);
  expect(told.map(({ code }) => code)).toEqual(told.map(() => 'DATABASE_UNAVAILABLE'));
  expect(told[0].message).toContain('has not answered a commit');
  expect(buffer.position).toBe(1);
});
