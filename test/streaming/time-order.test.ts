import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import pino from 'pino';
import type { Transaction } from '../../src/domain/events';
import { compareInTime } from '../../src/domain/time-order';
import { type OpenServices, openServices } from '../../src/services/services';
import { DeadLetterWriter } from '../../src/streaming/dead-letter-writing';
import { Lane } from '../../src/streaming/lane';
import { NOBODY } from '../../src/streaming/observer';
import { openTestStore, type TestStore } from '../services/test-store';
import { SimulatedMember, SimulatedTopic } from './simulated-topic';

const START = Date.UTC(2026, 0, 1);
const ROWS = 300;
const PARTITIONS = 3;

describe('a backlog of transactions', () => {
  let store: TestStore;
  let opened: OpenServices;
  let topics = 0;
  beforeAll(async () => {
    store = await openTestStore('embedded');
    opened = openServices(store.database, { trainingThreads: 1, onTrainingFailure: () => undefined });
  });
  afterAll(async () => {
    await opened?.close();
    await store?.close();
  });

  /** @param places the partition of each transaction, in order of time */
  function backlog(places: readonly number[]): SimulatedTopic {
    const topic = new SimulatedTopic(`transactions-${++topics}`, PARTITIONS);
    places.forEach((partition, n) => {
      const transaction = { transactionId: `${topics}-${n}`, accountId: `a${partition}`, merchantId: 'm', amount: 1 };
      topic.append(partition, JSON.stringify({ ...transaction, currency: 'EUR', occurredAt: START + n * 1_000 }));
    });
    return topic;
  }

  async function read(topic: SimulatedTopic, pieces: readonly number[]): Promise<Transaction[][]> {
    const member = new SimulatedMember(topic);
    const batches: Transaction[][] = [];
    const { streamWriter, streamPositions } = opened.services;
    const commit: typeof streamWriter.commit = (stream, records, advances) => {
      batches.push([...(records as readonly unknown[] as readonly Transaction[])]);
      return streamWriter.commit(stream, records, advances);
    };
    const lane = new Lane({
      stream: 'transactions',
      topic: topic.topic,
      writer: { commit } as never,
      positions: streamPositions,
      deadLetters: new DeadLetterWriter({ send: async () => undefined }, 'dead-letters'),
      fetching: member,
      offsets: topic.offsets,
      startFrom: 'earliest',
      maxRecordBytes: 10_000,
      observer: NOBODY,
      log: pino({ level: 'silent' }),
    });
    member.reader = lane;
    lane.start();
    member.assign(Array.from({ length: PARTITIONS }, (_, at) => at));
    for (let turn = 0; batches.flat().length < ROWS; turn++) {
      member.fetch(turn % PARTITIONS, pieces[turn % pieces.length]);
      await sleep(turn % 4 === 0 ? 2 : 0);
      if (turn > 20_000) throw new Error('It did not come to an end.');
    }
    await lane.stop();
    return batches;
  }

  it('is taken in by the time of its events, however Kafka hands its partitions over', async () => {
    const places = fc.array(fc.nat(PARTITIONS - 1), { minLength: ROWS, maxLength: ROWS });
    const pieces = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 7 });
    await fc.assert(
      fc.asyncProperty(places, pieces, async (given, sizes) => {
        const taken = (await read(backlog(given), sizes)).flat();
        expect(taken).toEqual([...taken].sort(compareInTime));
      }),
      { numRuns: 6, endOnFailure: true },
    );
  });

  it('is in order within a batch also where a partition is not', async () => {
    const topic = backlog(Array.from({ length: ROWS }, (_, n) => n % PARTITIONS));
    for (const log of topic.records) {
      const values = log.map(({ value }) => value).reverse();
      for (const [at, record] of log.entries()) Object.assign(record, { value: values[at] });
    }
    for (const batch of await read(topic, [50])) expect(batch).toEqual([...batch].sort(compareInTime));
  });
});
