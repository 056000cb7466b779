import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka as Client, logLevel } from 'kafkajs';
import pino from 'pino';
import { openKafka } from '../../src/streaming/kafka/kafkajs';
import type { ConsumerHandlers, FetchedRecords, Kafka } from '../../src/streaming/kafka/port';
import { NOBODY } from '../../src/streaming/observer';
import { ConsumerSupervisor, type SupervisorParts } from '../../src/streaming/supervisor';
import { deleteTopics, ownSettings, testBrokers, until } from './intake';

const log = pino({ level: 'silent' });
const suite = testBrokers
  ? describe
  : (name: string, body: () => void) => describe.skip(`${name} (skipped: KINDRED_TEST_KAFKA_BROKERS is not set)`, body);

let supervisor: ConsumerSupervisor | undefined;
let closings: (() => Promise<void>)[] = [];
afterEach(async () => {
  await supervisor?.stop();
  for (const close of closings) await close();
  closings = [];
});

function supervise(kafka: Kafka, change: Partial<SupervisorParts> = {}): ConsumerSupervisor {
  const admin = kafka.admin();
  closings.push(() => admin.close());
  const parts = { kafka, admin, groupId: ownSettings().groupId, inputs: [], outputs: [], observer: NOBODY, log };
  supervisor = new ConsumerSupervisor({ ...parts, onAssigned: () => undefined, onRecords: () => undefined, ...change });
  supervisor.start();
  return supervisor;
}

describe('a supervisor without a broker', () => {
  it('says that it waits, and stops at once', async () => {
    const kafka = openKafka(ownSettings({ brokers: ['127.0.0.1:1'] }), log);
    const waiting = supervise(kafka, { inputs: ['a'] });
    await until(() => waiting.state.kind === 'waiting');
    expect(waiting.state).toMatchObject({ lastError: expect.stringMatching(/./) });
    const startedAt = Date.now();
    await Promise.all([waiting.stop(), waiting.stop()]);
    // It would try again for some nine seconds more, and after a pause once more.
    expect(Date.now() - startedAt).toBeLessThan(5_000);
    expect(waiting.state).toEqual({ kind: 'stopped' });
  });
});

suite('a supervisor', () => {
  const kafka = openKafka(ownSettings(), log);
  const { topicPrefix } = ownSettings();
  let topics: string[];
  let tests = 0;
  const create = async (...names: string[]) => {
    const admin = kafka.admin();
    await admin.createTopics(names.map((topic) => ({ topic, partitions: 1 })));
    await admin.close();
  };
  beforeEach(() => {
    tests++;
    topics = ['one', 'two'].map((name) => `${topicPrefix}${name}-${tests}`);
  });
  afterAll(() => deleteTopics(topicPrefix));

  it('waits for topics that it may not create, and says which', async () => {
    const waiting = supervise(kafka, { inputs: topics });
    await until(() => waiting.state.kind === 'waiting');
    expect(waiting.state).toMatchObject({ lastError: `Topics are missing: ${topics.join(', ')}.` });
    await create(...topics);
    await until(() => waiting.state.kind === 'joined');
    expect(waiting.state).toEqual({ kind: 'joined', missingTopics: [] });
  });

  it('begins with the topics that are there, and takes others in as they come', async () => {
    await create(topics[0]);
    const assigned: string[][] = [];
    supervise(kafka, {
      inputs: topics,
      lookMillis: 200,
      onAssigned: (partitions) => assigned.push(partitions.map(({ topic }) => topic)),
    });
    await until(() => assigned.length > 0);
    expect(supervisor?.state).toEqual({ kind: 'joined', missingTopics: [topics[1]] });
    await create(topics[1]);
    await until(() => assigned.at(-1)?.length === 2);
    expect(assigned[0]).toEqual([topics[0]]);
  });

  it('makes a topic anew that somebody deletes', async () => {
    const [input, output] = topics;
    const parts = { inputs: [input], outputs: [output], createWithPartitions: 1, lookMillis: 200 };
    const running = supervise(kafka, parts);
    await until(() => running.state.kind === 'joined');
    await deleteTopics(output);
    const admin = kafka.admin();
    closings.push(() => admin.close());
    await until(async () => (await admin.existing([output])).length === 1);
    expect(running.state).toMatchObject({ kind: 'joined' });
  });

  it('makes a new consumer when one dies, and hears no more of the dead one', async () => {
    const made: ConsumerHandlers[] = [];
    const consumer: Kafka['consumer'] = (groupId) => {
      const real = kafka.consumer(groupId);
      const run = real.run.bind(real);
      real.run = (names, handlers) => {
        made.push(handlers);
        return run(names, handlers);
      };
      return real;
    };
    const fetched: FetchedRecords[] = [];
    const assigned: number[] = [];
    let crashes = 0;
    const running = supervise(kafka, {
      kafka: { consumer },
      inputs: topics,
      createWithPartitions: 1,
      onAssigned: (partitions) => assigned.push(partitions.length),
      onRecords: (records) => fetched.push(records),
      observer: { ...NOBODY, onCrash: () => crashes++ },
    });
    await until(() => running.state.kind === 'joined');
    made[0].onCrash(new Error('The client gave up.'));
    await until(() => running.state.kind === 'joined' && made.length === 2);
    // Its partitions were let go in between.
    expect(assigned).toEqual([2, 0, 2]);
    const [topic] = topics;
    made[0].onAssigned([]);
    made[0].onRecords({ topic, partition: 0, fetchedOffset: 0, endOffset: 0, nextOffset: 0, records: [] });
    made[0].onCrash(new Error('Again.'));
    await sleep(50);
    expect([assigned.length, fetched.length, crashes, made.length]).toEqual([3, 0, 1, 2]);
  });

  it('leaves the group when stopped, so that the next member need not wait for the session to end', async () => {
    const groupId = ownSettings().groupId;
    const running = supervise(kafka, { groupId, inputs: topics, createWithPartitions: 1 });
    await until(() => running.state.kind === 'joined');
    await running.stop();
    const admin = new Client({ brokers: testBrokers!, logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    const { groups } = await admin.describeGroups([groupId]);
    await admin.disconnect();
    expect(groups[0].members).toEqual([]);
  });
});
