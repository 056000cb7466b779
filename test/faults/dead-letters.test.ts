/** Records that no table can take, anywhere in a batch, and a dead-letter topic that does not take them for a while. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigResourceTypes, type Producer } from 'kafkajs';
import { expectStored, problems, settled } from './outcome';
import { Records } from './records';
import { describeFault, Scene } from './scene';
import { readTopic, type TopicMessage } from './topic';
import { until } from './until';

const LARGEST = 2_000;
const VALID_BESIDE = 8;

interface Poison {
  readonly name: string;
  readonly value: string | null;
  readonly code: string;
  readonly field?: string;
}

const POISONS: readonly Poison[] = [
  { name: 'text that is no JSON', value: '{"eventId": "half', code: 'UNDECODABLE' },
  { name: 'JSON that is no object', value: '[1, 2]', code: 'UNDECODABLE' },
  { name: 'a tombstone', value: null, code: 'UNDECODABLE' },
  {
    name: 'a missing field',
    value: '{"eventId":"p","userId":"u","action":"view","occurredAt":1}',
    code: 'INVALID',
    field: 'itemId',
  },
  {
    name: 'an impossible time',
    value: '{"userId":"u","itemId":"i","action":"view","occurredAt":"soon"}',
    code: 'INVALID',
    field: 'occurredAt',
  },
  {
    name: 'one that is too large',
    value: JSON.stringify({ userId: 'u', itemId: 'x'.repeat(LARGEST) }),
    code: 'OVERSIZED',
  },
];
const PLACES = ['first', 'middle', 'last'] as const;

describeFault('a poison record', () => {
  let scene: Scene;
  let producer: Producer;
  const records = new Records({ seed: 41, streams: ['interactions'] });
  let known = 0;

  beforeAll(async () => {
    scene = await Scene.open();
    producer = scene.kafka.producer({ allowAutoTopicCreation: false });
    await producer.connect();
    await scene.member({ KAFKA_MAX_RECORD_BYTES: String(LARGEST) });
  });
  afterAll(async () => {
    await producer?.disconnect();
    await scene?.close();
  });

  const cases = POISONS.flatMap((poison) => PLACES.map((place) => ({ ...poison, place })));
  it.each(cases)('$name, $place in a batch, goes to the dead letters alone', async ({ value, place, code, field }) => {
    const messages: { key: string; value: string | null; headers?: Record<string, string> }[] = Array.from(
      { length: VALID_BESIDE },
      () => records.next('interactions'),
    );
    const at = { first: 0, middle: VALID_BESIDE / 2, last: VALID_BESIDE }[place];
    messages.splice(at, 0, { key: 'the key', value, headers: { trace: 'kept' } });
    const topic = `${scene.prefix}interactions`;
    const [{ baseOffset }] = await producer.send({
      topic,
      messages: messages.map(({ key, value: text, headers }) => ({ key, value: text, headers, partition: 1 })),
    });
    await settled(scene);
    await expectStored(scene, records);
    const letters = await readTopic(scene, 'dead-letters');
    expect(letters).toHaveLength(++known);
    const offset = Number(baseOffset) + at;
    const letter = letters.find(({ headers }) => headers['kindred.id'] === `${topic}/1/${offset}`)!;
    expect(letter.value?.toString() ?? null).toBe(value);
    expect(letter.key?.toString()).toBe('the key');
    expect(letter.headers).toMatchObject({
      'kindred.topic': topic,
      'kindred.partition': '1',
      'kindred.offset': String(offset),
      'kindred.code': code,
      'kindred.reason': expect.stringMatching(/./),
      ...(field && { 'kindred.field': field }),
      trace: 'kept',
    });
  });

  it('is counted where it came from', async () => {
    const [{ letters }] = await scene.query<{ letters: number }>(
      `SELECT dead_letters::integer AS letters FROM stream_positions WHERE topic = $1 AND partition = 1`,
      [`${scene.prefix}interactions`],
    );
    expect(letters).toBe(known);
  });
});

describeFault('a dead-letter topic that takes nothing', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await Scene.open();
  });
  afterAll(() => scene?.close());

  const letters = async (): Promise<TopicMessage[]> => readTopic(scene, 'dead-letters');
  const largestLetter = async (bytes: number): Promise<void> => {
    const name = `${scene.prefix}dead-letters`;
    const configEntries = [{ name: 'max.message.bytes', value: String(bytes) }];
    await scene.admin.alterConfigs({
      validateOnly: false,
      resources: [{ type: ConfigResourceTypes.TOPIC, name, configEntries }],
    });
  };

  it('holds its partition where it is, and nothing else; it goes on once letters are taken again', async () => {
    const flow = await scene.flow({ seed: 42 });
    await scene.member();
    flow.start(40);
    await until('the first records', async () => (await scene.query('SELECT 1 FROM interactions LIMIT 1')).length > 0);
    await largestLetter(80);
    const producer = scene.kafka.producer({ allowAutoTopicCreation: false });
    await producer.connect();
    const topic = `${scene.prefix}interactions`;
    const [{ baseOffset }] = await producer.send({ topic, messages: [{ key: 'k', value: 'no JSON', partition: 2 }] });
    await producer.disconnect();
    const poison = Number(baseOffset);
    const position = async (): Promise<{ next: number; error: string | null }> =>
      (
        await scene.query<{ next: number; error: string | null }>(
          'SELECT next_offset::integer AS next, last_error AS error FROM stream_positions WHERE topic = $1 AND partition = 2',
          [topic],
        )
      )[0];
    await until('the failure to be told', async () => (await position()).error !== null, {
      sofar: () => problems(scene),
    });
    await sleep(3_000);
    expect((await position()).next).toBeLessThanOrEqual(poison);
    expect(await letters()).toEqual([]);
    const before = (await scene.query<{ n: number }>('SELECT count(*)::integer AS n FROM transactions'))[0].n;
    await until('other streams to go on', async () => {
      const [{ n }] = await scene.query<{ n: number }>('SELECT count(*)::integer AS n FROM transactions');
      return n > before;
    });
    // Killed while it is held up: whoever comes next is held up at the same record.
    await scene.members[0].kill();
    await scene.member();
    await sleep(3_000);
    expect((await position()).next).toBeLessThanOrEqual(poison);
    await largestLetter(1_000_000);
    await until('the position to pass the record', async () => (await position()).next > poison, {
      within: 60_000,
      sofar: () => problems(scene),
    });
    await flow.stop();
    await settled(scene);
    await expectStored(scene, flow.records);
    expect(new Set((await letters()).map(({ headers }) => headers['kindred.id']))).toEqual(
      new Set([`${topic}/2/${poison}`]),
    );
  }, 150_000);
});
