import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import pino from 'pino';
import { KindredError } from '../../src/errors';
import { type OpenServices, openServices } from '../../src/services/services';
import { positionRows, setPosition } from '../../src/stores/stream-positions';
import { DeadLetterWriter } from '../../src/streaming/dead-letter-writing';
import type { OutgoingMessage } from '../../src/streaming/kafka/port';
import { Lane, type LaneParts } from '../../src/streaming/lane';
import { NOBODY } from '../../src/streaming/observer';
import { describeOnEachDatabase } from '../stores/databases';
import { SimulatedMember, SimulatedTopic } from './simulated-topic';

const log = pino({ level: 'silent' });
const POISON = 'poison';
let topics = 0;

describeOnEachDatabase('a lane', (database) => {
  let opened: OpenServices;
  let letters: OutgoingMessage[];
  let running: Lane<'items'>[] = [];
  beforeAll(async () => {
    opened = openServices(database(), { trainingThreads: 1, onTrainingFailure: () => undefined });
    await database().query(`ALTER TABLE items ADD CONSTRAINT no_poison CHECK (title <> '${POISON}')`);
  });
  afterAll(() => opened.close());
  beforeEach(async () => {
    letters = [];
    await database().query('DELETE FROM items');
  });
  afterEach(async () => {
    for (const lane of running) await lane.stop();
    running = [];
  });

  function join(topic: SimulatedTopic, change: Partial<LaneParts<'items'>> = {}): SimulatedMember {
    const member = new SimulatedMember(topic);
    const send = async (_: string, messages: readonly OutgoingMessage[]) => void letters.push(...messages);
    const lane = new Lane({
      stream: 'items',
      topic: topic.topic,
      writer: opened.services.streamWriter,
      positions: opened.services.streamPositions,
      deadLetters: new DeadLetterWriter({ send }, 'dead-letters'),
      fetching: member,
      offsets: topic.offsets,
      startFrom: 'earliest',
      maxRecordBytes: 1_000,
      observer: NOBODY,
      log,
      lookMillis: 200,
      ...change,
    });
    member.reader = lane;
    running.push(lane);
    lane.start();
    return member;
  }

  const newTopic = (partitions: number) => new SimulatedTopic(`items-${++topics}`, partitions);
  const item = (id: string | number, title = 'a') => JSON.stringify({ itemId: String(id), title });
  const rows = async () =>
    (await database().query<{ item_id: string }>('SELECT item_id FROM items ORDER BY item_id')).rows.map(
      (r) => r.item_id,
    );
  const positions = async ({ topic }: SimulatedTopic) =>
    (await positionRows(database())).filter((row) => row.topic === topic);
  const letterIds = () => letters.map(({ headers }) => String(headers?.['kindred.id']));

  async function until(what: () => boolean | Promise<boolean>, step: () => void = () => undefined): Promise<void> {
    for (const end = Date.now() + 45_000; !(await what()); await sleep(5)) {
      if (Date.now() > end) throw new Error('It did not come to that in time.');
      step();
    }
  }

  function fetchAll({ records }: SimulatedTopic, member: SimulatedMember): void {
    for (const partition of records.keys()) member.fetch(partition, records[partition].length > 1_000 ? 1_000 : 7);
  }

  async function readToEnd(topic: SimulatedTopic, ...members: SimulatedMember[]): Promise<void> {
    await until(
      async () => {
        const found = await positions(topic);
        return topic.records.every(
          ({ length }, at) => found.find((row) => row.partition === at)?.nextOffset === length,
        );
      },
      () => {
        for (const member of members) fetchAll(topic, member);
      },
    );
  }

  /** Fails before or after the work, as often as told: whoever asked cannot know which it was. */
  function unreliable<Args extends unknown[], T>(outcomes: readonly string[], work: (...args: Args) => Promise<T>) {
    let turn = 0;
    return async (...args: Args): Promise<T> => {
      const outcome = outcomes[turn++] ?? 'works';
      const failure = new KindredError('DATABASE_UNAVAILABLE', `It broke ${outcome}.`, { retriable: true });
      if (outcome === 'before') throw failure;
      const result = await work(...args);
      if (outcome === 'after') throw failure;
      return result;
    };
  }

  it('takes every record in once, whatever is delivered when and to whom, and whatever breaks', async () => {
    const event = fc.record({
      kind: fc.constantFrom('fetch', 'fetch', 'fetch', 'fetch', 'stale', 'move', 'rest'),
      member: fc.nat(1),
      partition: fc.nat(2),
      records: fc.integer({ min: 1, max: 30 }),
    });
    const breaks = fc.array(fc.constantFrom('works', 'works', 'before', 'after'), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 60 }), breaks, breaks, async (events, commits, sends) => {
        await database().query('DELETE FROM items');
        letters = [];
        const topic = newTopic(3);
        const valid: string[] = [];
        const poison: string[] = [];
        for (let at = 0; at < 90; at++) {
          const partition = at % 3;
          const bad = at % 10 === 7;
          const { offset } = topic.append(partition, bad ? '{' : item(at));
          (bad ? poison : valid).push(bad ? `${topic.topic}/${partition}/${offset}` : String(at));
        }
        const { streamWriter } = opened.services;
        type Batch = Parameters<typeof streamWriter.commit>;
        const writer = { commit: unreliable(commits, (...batch: Batch) => streamWriter.commit(...batch)) };
        const send = unreliable(sends, async (_: string, messages: readonly OutgoingMessage[]) => {
          letters.push(...messages);
        });
        const deadLetters = new DeadLetterWriter({ send }, 'dead-letters');
        const members = [0, 1].map(() => join(topic, { writer: writer as never, deadLetters }));
        members[0].assign([0, 1]);
        members[1].assign([2]);
        for (const { kind, member, partition, records } of events) {
          if (kind === 'move') {
            members[member].assign([partition, (partition + 1) % 3]);
            // The other one hears of it later: for a moment both think that they have it.
            await sleep(1);
            members[1 - member].assign([(partition + 2) % 3]);
          } else if (kind === 'rest') await sleep(3);
          else members[member].fetch(partition, records, kind === 'stale');
        }
        members[0].assign([0]);
        members[1].assign([1, 2]);
        await readToEnd(topic, ...members);
        expect(await rows()).toEqual(valid.sort());
        expect([...new Set(letterIds())].sort()).toEqual(poison.sort());
        const found = await positions(topic);
        expect(found.reduce((sum, row) => sum + row.records, 0)).toBe(valid.length);
        expect(found.reduce((sum, row) => sum + row.deadLetters, 0)).toBe(poison.length);
        for (const lane of running) await lane.stop();
      }),
      { numRuns: 8, endOnFailure: true },
    );
  });

  it('pauses a partition whose buffer is full, and goes on once there is room', async () => {
    const topic = newTopic(1);
    for (let at = 0; at < 40_000; at++) topic.append(0, item(at % 50));
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { streamWriter } = opened.services;
    const slow = {
      commit: async (...batch: Parameters<typeof streamWriter.commit>) => {
        await gate;
        return streamWriter.commit(...batch);
      },
    };
    const member = join(topic, { writer: slow as never });
    member.assign([0]);
    await until(() => !member.paused.has(0));
    member.fetch(0, 20);
    await sleep(50);
    await until(
      () => member.paused.has(0),
      () => member.fetch(0, 1_000),
    );
    const [{ partitions }] = [running[0].state()];
    expect(partitions[0]).toMatchObject({ paused: true });
    expect(partitions[0].bufferedRecords).toBeLessThan(34_000);
    release();
    await until(() => !member.paused.has(0));
    await readToEnd(topic, member);
  });

  it('sends what the database refuses to the dead letters, and lets its neighbours through', async () => {
    const topic = newTopic(2);
    const bad = [0, 13, 14, 39];
    for (let at = 0; at < 40; at++) topic.append(at % 2, item(at, bad.includes(at) ? POISON : 'a'));
    const member = join(topic);
    member.assign([0, 1]);
    await readToEnd(topic, member);
    expect((await rows()).length).toBe(36);
    expect(letterIds().sort()).toEqual(bad.map((at) => `${topic.topic}/${at % 2}/${at >> 1}`).sort());
    expect(letters[0].headers).toMatchObject({
      'kindred.code': 'INVALID',
      'kindred.reason': expect.stringMatching(/no_poison/),
    });
    const [first, second] = await positions(topic);
    expect([first.deadLetters, second.deadLetters, first.records, second.records]).toEqual([2, 2, 18, 18]);
  });

  it.each([1, 500])('holds up only the partition whose dead letter cannot be written (after %d ms)', async (millis) => {
    const topic = newTopic(2);
    for (const value of [item('a'), '{', item('b'), '[', item('c')]) topic.append(0, value);
    for (const value of [item('d'), item('e'), '{', item('f')]) topic.append(1, value);
    let broken = true;
    const send = async (_: string, messages: readonly OutgoingMessage[]) => {
      await sleep(millis);
      if (broken && String(messages[0].headers?.['kindred.partition']) === '0') throw new Error('The topic is full.');
      letters.push(...messages);
    };
    const member = join(topic, { deadLetters: new DeadLetterWriter({ send }, 'dead-letters') });
    member.assign([0, 1]);
    await until(
      async () => (await positions(topic)).some((row) => row.partition === 1 && row.nextOffset === 4),
      () => fetchAll(topic, member),
    );
    // The error is noted at once, beside the commit of what stands before the dead letter.
    await until(async () => {
      const held = (await positions(topic)).find(({ partition }) => partition === 0);
      return held?.lastError !== undefined && held.nextOffset > 0;
    });
    expect((await positions(topic))[0]).toMatchObject({
      nextOffset: 1,
      lastError: 'The topic is full.',
      deadLetters: 0,
    });
    expect(await rows()).toEqual(['a', 'd', 'e', 'f']);
    broken = false;
    await readToEnd(topic, member);
    expect(await rows()).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
    expect(letterIds().sort()).toEqual([1, 3].map((at) => `${topic.topic}/0/${at}`).concat(`${topic.topic}/1/2`));
  });

  it('follows a position that somebody sets, backwards and forwards', async () => {
    const topic = newTopic(1);
    for (let at = 0; at < 10; at++) topic.append(0, item(at));
    const member = join(topic);
    member.assign([0]);
    await readToEnd(topic, member);
    await database().query('DELETE FROM items');
    await setPosition(database(), { topic: topic.topic, partition: 0 }, 4);
    await until(
      async () => (await rows()).length === 6,
      () => member.fetch(0, 5),
    );
    await readToEnd(topic, member);
  });

  it('says how many records retention took, and goes on after them', async () => {
    const topic = newTopic(1);
    for (let at = 0; at < 10; at++) topic.append(0, item(at));
    await setPosition(database(), { topic: topic.topic, partition: 0 }, 2);
    topic.starts[0] = 6;
    const member = join(topic);
    member.assign([0]);
    await readToEnd(topic, member);
    expect(await rows()).toEqual(['6', '7', '8', '9']);
    expect((await positions(topic))[0].lastError).toMatch(/offsets 2 to 5, 4 of them, are skipped/);
    // While it is being read, too.
    for (let at = 10; at < 20; at++) topic.append(0, item(at));
    topic.starts[0] = 15;
    await readToEnd(topic, member);
    expect((await rows()).length).toBe(9);
    expect((await positions(topic))[0].lastError).toMatch(/offsets 10 to 14, 5 of them, are skipped/);
  });

  it('stops where a topic was made anew, until its position is set', async () => {
    const topic = newTopic(1);
    for (let at = 0; at < 3; at++) topic.append(0, item(at));
    await setPosition(database(), { topic: topic.topic, partition: 0 }, 100);
    const member = join(topic);
    member.assign([0]);
    await until(
      async () => (await positions(topic))[0].lastError !== undefined,
      () => member.fetch(0, 5),
    );
    expect((await positions(topic))[0].lastError).toMatch(/--set-position items-\d+\/0=earliest/);
    expect(running[0].state().partitions[0].state).toBe('halted');
    expect(await rows()).toEqual([]);
    await setPosition(database(), { topic: topic.topic, partition: 0 }, 0);
    await readToEnd(topic, member);
    expect(await rows()).toEqual(['0', '1', '2']);
  });

  it('begins at the end where that is asked for', async () => {
    const topic = newTopic(1);
    topic.append(0, item('old'));
    const member = join(topic, { startFrom: 'latest' });
    member.assign([0]);
    await until(() => running[0].state().partitions[0].state === 'reading');
    topic.append(0, item('new'));
    await readToEnd(topic, member);
    expect(await rows()).toEqual(['new']);
  });

  it('loses nothing and counts nothing twice when connections to the database break in the middle', async () => {
    // The embedded store has no connections to break.
    if (database().kind === 'embedded') return;
    const topic = newTopic(2);
    for (let at = 0; at < 3_000; at++) topic.append(at % 2, item(at));
    const member = join(topic);
    member.assign([0, 1]);
    const breaking = (async () => {
      for (let round = 0; round < 12; round++) {
        await sleep(15);
        // The one that asks goes too; what it is told is what everybody is told.
        await database()
          .query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()')
          .catch((error: KindredError) => expect(error.code).toBe('DATABASE_UNAVAILABLE'));
      }
    })();
    await until(
      async () => {
        const found = await positions(topic).catch(() => []);
        return found.length === 2 && found.every(({ nextOffset }) => nextOffset === 1_500);
      },
      () => fetchAll(topic, member),
    );
    await breaking;
    // Until the pool has heard of the last break too.
    await until(() =>
      rows().then(
        () => true,
        () => false,
      ),
    );
    expect((await rows()).length).toBe(3_000);
    const found = await positions(topic);
    expect(found.reduce((sum, row) => sum + row.records, 0)).toBe(3_000);
  });

  it('ends the batch under way when stopped, and twice does no harm', async () => {
    const topic = newTopic(1);
    for (let at = 0; at < 100; at++) topic.append(0, item(at));
    const member = join(topic);
    member.assign([0]);
    await until(() => running[0].state().partitions[0].state === 'reading');
    member.fetch(0, 100);
    await sleep(1);
    await Promise.all([running[0].stop(), running[0].stop()]);
    const taken = (await positions(topic))[0].nextOffset;
    expect((await rows()).length).toBe(taken);
    member.fetch(0, 100);
    await sleep(20);
    expect((await positions(topic))[0].nextOffset).toBe(taken);
  });

  it('stops a partition before what cannot be opened, commits what is before it, and goes on where it is told', async () => {
    const topic = newTopic(2);
    for (let n = 0; n < 6; n++) topic.append(0, item(`a${n}`));
    topic.append(1, item('b'));
    const member = join(topic);
    member.assign([0, 1]);
    await until(() => member.paused.size === 0);
    const unreadable = new KindredError('KAFKA_UNREADABLE', 'It would burst.');
    const place = { topic: topic.topic, partition: 0, fetchedOffset: 0, endOffset: 6 };
    member.reader?.fetched({ ...place, records: topic.records[0].slice(0, 2), nextOffset: 2, unreadable });
    await until(async () => (await positions(topic)).find(({ partition }) => partition === 0)?.nextOffset === 2);
    await until(
      async () => (await rows()).includes('b'),
      () => member.fetch(1, 10),
    );
    expect([...member.paused]).toEqual([0]);
    const stopped = async () => (await positions(topic)).find(({ partition }) => partition === 0);
    await until(async () => (await stopped())?.lastError === 'It would burst.');
    // A new assignment leaves it where it is.
    member.assign([0, 1]);
    expect([...member.paused]).toEqual([0]);

    await setPosition(database(), { topic: topic.topic, partition: 0 }, 5);
    await until(() => !member.paused.has(0));
    await readToEnd(topic, member);
    expect(await rows()).toEqual(['a0', 'a1', 'a5', 'b']);
  });
});
