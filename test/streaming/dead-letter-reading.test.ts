/** Reading dead letters backwards and sending them again, against topics in memory of any length and order. */
import fc from 'fast-check';
import { DeadLetterTopic } from '../../src/streaming/dead-letter-reading';
import { replayDeadLetters } from '../../src/streaming/dead-letter-replay';
import type { Kafka, KafkaRecord, OutgoingMessage, ReadRange } from '../../src/streaming/kafka/port';

const TOPIC = 'kindred.dead-letters';
const CODES = ['UNDECODABLE', 'INVALID', 'OVERSIZED'];

interface Letter {
  /** Small, so that repeats are common. */
  id: number;
  code: string;
  partition: number;
  replayOf?: number;
  /** @default one that no other has */
  content?: string;
}

/** Topics by name: a list of records for each partition, the first with offset `start`. */
class MemoryKafka implements Kafka {
  readonly sent: { topic: string; message: OutgoingMessage }[] = [];
  reads = 0;

  constructor(
    private readonly topics: Record<string, KafkaRecord[][]>,
    private readonly start = 0,
  ) {}

  consumer(): never {
    throw new Error('Nobody joins a group here.');
  }

  admin(): ReturnType<Kafka['admin']> {
    const at = (topic: string) => this.topics[topic] ?? [];
    return {
      existing: async (topics) => topics.filter((topic) => topic in this.topics),
      createTopics: async () => undefined,
      offsets: async (topic) =>
        at(topic).map((records, partition) => ({ partition, start: this.start, end: this.start + records.length })),
      offsetsAt: async (topic, time) =>
        at(topic).map((records, partition) => {
          const first = records.findIndex(({ timestamp }) => timestamp >= time.getTime());
          return { partition, offset: this.start + (first < 0 ? records.length : first) };
        }),
      close: async () => undefined,
    };
  }

  producer(): ReturnType<Kafka['producer']> {
    const send = async (topic: string, messages: readonly OutgoingMessage[]): Promise<void> => {
      for (const message of messages) this.sent.push({ topic, message });
    };
    return { send, close: async () => undefined };
  }

  async *read({ topic, partitions }: ReadRange): ReturnType<Kafka['read']> {
    this.reads++;
    for (const { partition, from, to } of partitions) {
      const records = this.topics[topic][partition].slice(from - this.start, to - this.start);
      yield { topic, partition, fetchedOffset: from, endOffset: to, nextOffset: to, records };
    }
  }
}

function topicOf(letters: readonly Letter[], start: number): KafkaRecord[][] {
  const partitions: KafkaRecord[][] = [[], [], []];
  letters.forEach(({ id, code, partition, replayOf, content }, at) => {
    const told = {
      id: `kindred.labels/0/${id}`,
      topic: 'kindred.labels',
      partition: '0',
      offset: String(id),
      code,
      'failed-at': String(at + 1),
      ...(replayOf !== undefined && { replayed: `kindred.labels/0/${replayOf}` }),
    };
    partitions[partition].push({
      offset: start + partitions[partition].length,
      key: Buffer.from('k'),
      value: Buffer.from(content ?? String(at)),
      headers: Object.fromEntries(Object.entries(told).map(([name, text]) => [`kindred.${name}`, Buffer.from(text)])),
      timestamp: at + 1,
    });
  });
  return partitions;
}

/** An id has one key, and so one partition. */
const letter = fc
  .record({ id: fc.nat(300), code: fc.constantFrom(...CODES) })
  .map(({ id, code }): Letter => ({ id, code, partition: id % 3 }));

describe('the newest dead letters', () => {
  it('are the last ones that match, each once, however many windows they lie back', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(letter, { maxLength: 3_000, size: 'max' }),
        fc.record({
          limit: fc.integer({ min: 1, max: 40 }),
          code: fc.option(fc.constantFrom(...CODES), { nil: undefined }),
        }),
        fc.nat(1_000),
        async (letters, { limit, code }, start) => {
          const kafka = new MemoryKafka({ [TOPIC]: topicOf(letters, start) }, start);
          const { letters: listed, complete } = await new DeadLetterTopic(kafka, TOPIC).newest(limit, {
            code,
          });
          const matching = letters
            .map(({ id, code: its }, at) => ({ id, code: its, at }))
            .filter((each) => !code || each.code === code);
          const newest = new Map(matching.map((each) => [each.id, each]));
          const wanted = [...newest.values()].sort((a, b) => b.at - a.at);
          expect(listed.map(({ id }) => id)).toEqual(wanted.slice(0, limit).map(({ id }) => `kindred.labels/0/${id}`));
          expect(listed.map(({ failedAt }) => failedAt.getTime())).toEqual(
            wanted.slice(0, limit).map(({ at }) => at + 1),
          );
          if (complete) expect(wanted.length).toBeLessThanOrEqual(limit);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('are found in few reads, each of all partitions, and none before the time asked for', async () => {
    const letters = Array.from(
      { length: 60_000 },
      (_, id): Letter => ({ id, code: id === 0 ? 'OVERSIZED' : 'INVALID', partition: id % 3 }),
    );
    const kafka = new MemoryKafka({ [TOPIC]: topicOf(letters, 0) });
    const topic = new DeadLetterTopic(kafka, TOPIC);
    expect((await topic.newest(20, {})).complete).toBe(false);
    expect(kafka.reads).toBe(1);
    expect((await topic.newest(20, { code: 'OVERSIZED' })).letters.map(({ id }) => id)).toEqual(['kindred.labels/0/0']);
    expect((await topic.find('kindred.labels/0/1')).offset).toBe(1);
    expect(kafka.reads).toBeLessThanOrEqual(9);
    const { letters: late, complete } = await topic.newest(20, { since: new Date(59_996) });
    expect(late.map(({ offset }) => offset)).toEqual([59_999, 59_998, 59_997, 59_996, 59_995]);
    expect(complete).toBe(true);
  });

  it('are none where the topic is not there', async () => {
    const topic = new DeadLetterTopic(new MemoryKafka({}), TOPIC);
    expect(await topic.newest(5, {})).toEqual({ letters: [], complete: true });
    await expect(topic.find('kindred.labels/0/1')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('sending dead letters again', () => {
  const replay = (letters: readonly Letter[], ids?: string[]) => {
    const kafka = new MemoryKafka({ [TOPIC]: topicOf(letters, 0) });
    const topic = new DeadLetterTopic(kafka, TOPIC);
    const request = {
      kafka: kafka,
      letters: topic,
      inputs: ['kindred.labels'],
      ids,
      filter: {},
      dryRun: false,
    };
    return { kafka, outcome: replayDeadLetters(request) };
  };
  const chain: Letter[] = [
    { id: 1, code: 'INVALID', partition: 1, content: 'bad' },
    { id: 2, code: 'INVALID', partition: 2, content: 'bad', replayOf: 1 },
    { id: 2, code: 'INVALID', partition: 2, content: 'bad', replayOf: 1 },
    { id: 3, code: 'INVALID', partition: 0, content: 'bad', replayOf: 2 },
    { id: 4, code: 'INVALID', partition: 1 },
  ];

  it('sends of each chain of replays only the newest, and each id once', async () => {
    const { kafka, outcome } = replay(chain);
    expect(await outcome).toMatchObject({ sent: { 'kindred.labels': 2 }, superseded: 2, refused: 0 });
    expect(kafka.sent.map(({ message }) => String(message.headers?.['kindred.replayed'])).sort()).toEqual([
      'kindred.labels/0/3',
      'kindred.labels/0/4',
    ]);
    expect(kafka.sent.every(({ message }) => Object.keys(message.headers ?? {}).length === 1)).toBe(true);
  });

  it('lets none be hidden by one that only says it was that one, nor two by each other', async () => {
    const { kafka, outcome } = replay([
      { id: 1, code: 'INVALID', partition: 1, content: 'theirs' },
      { id: 2, code: 'INVALID', partition: 2, content: 'mine', replayOf: 1 },
      { id: 3, code: 'INVALID', partition: 0, content: 'loop', replayOf: 4 },
      { id: 4, code: 'INVALID', partition: 0, content: 'loop', replayOf: 3 },
    ]);
    expect(await outcome).toMatchObject({ superseded: 1 });
    expect(kafka.sent.map(({ message }) => String(message.value)).sort()).toEqual(['loop', 'mine', 'theirs']);
  });

  it('sends an older one where it is named', async () => {
    const { kafka, outcome } = replay(chain, ['kindred.labels/0/1']);
    expect(await outcome).toMatchObject({ sent: { 'kindred.labels': 1 }, superseded: 0 });
    expect(kafka.sent[0]).toMatchObject({
      topic: 'kindred.labels',
      message: { value: Buffer.from('bad'), key: Buffer.from('k') },
    });
  });

  it('sends nothing where one that is named is not there', async () => {
    const { kafka, outcome } = replay(chain, ['kindred.labels/0/1', 'kindred.labels/0/9']);
    await expect(outcome).rejects.toMatchObject({ code: 'NOT_FOUND', message: expect.stringContaining('labels/0/9') });
    expect(kafka.sent).toEqual([]);
  });

  it('does not send to topics that Kindred does not read', async () => {
    const kafka = new MemoryKafka({ [TOPIC]: topicOf(chain, 0) });
    const outcome = await replayDeadLetters({
      kafka: kafka,
      letters: new DeadLetterTopic(kafka, TOPIC),
      inputs: ['elsewhere.labels'],
      filter: {},
      dryRun: false,
    });
    expect(outcome).toMatchObject({ sent: {}, refused: 2 });
    expect(kafka.sent).toEqual([]);
  });
});
