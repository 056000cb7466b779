import { Kafka as Client, logLevel } from 'kafkajs';
import { STREAMS } from '../../src/domain/events';
import { topicsOf } from '../../src/streaming/kafka/topics';
import { onBothDatabases, openTestStore, type TestStore } from '../services/test-store';
import { Intake, ownSettings, RECORDS, testBrokers, until } from './intake';

const suite = testBrokers
  ? describe
  : (name: string, body: () => void) => describe.skip(`${name} (skipped: KINDRED_TEST_KAFKA_BROKERS is not set)`, body);

suite('streams', () => {
  onBothDatabases((kind) => {
    let store: TestStore;
    let intake: Intake | undefined;
    beforeAll(async () => {
      store = await openTestStore(kind);
    });
    afterEach(async () => {
      await intake?.close();
      intake = undefined;
      await store.database.query(`TRUNCATE ${STREAMS.join(', ')}, stream_positions, outbox, awaiting_scores`);
    });
    afterAll(() => store?.close());

    it('take all six topics in, and the same records a second time without adding any', async () => {
      intake = new Intake(store.database);
      intake.join();
      const numbers = Array.from({ length: 50 }, (_, n) => n);
      await until(async () => (await intake!.positions()).length === STREAMS.length * 2);
      for (const round of [1, 2]) {
        await Promise.all(STREAMS.map((stream) => intake!.send(stream, numbers.map(RECORDS[stream]))));
        await intake.untilRead(...STREAMS);
        for (const stream of STREAMS) expect([stream, await intake.count(stream)]).toEqual([stream, 50]);
        const positions = await intake.positions();
        expect(positions.reduce((sum, { records }) => sum + records, 0)).toBe(STREAMS.length * 50 * round);
      }
      const waiting = await store.database.query('SELECT transaction_id FROM awaiting_scores');
      expect(waiting.rowCount).toBe(50);
    });

    it('go on where the store says, and tell Kafka how far they are only for others to see', async () => {
      intake = new Intake(store.database, ownSettings({ partitions: 1 }));
      const first = intake.join();
      await until(async () => (await intake!.positions()).length === STREAMS.length);
      await intake.send('items', [1, 2, 3].map(RECORDS.items));
      await intake.untilRead('items');
      await first.stop();
      expect(await offsetsInKafka(intake.settings.groupId, intake.topic('items'))).toEqual(['3']);
      await intake.send('items', [4, 5].map(RECORDS.items));
      // A group of which Kafka remembers nothing.
      intake.join(`${intake.settings.groupId}-2`);
      await intake.untilRead('items');
      const [position] = (await intake.positions()).filter(({ topic }) => topic === intake!.topic('items'));
      expect(position).toMatchObject({ nextOffset: 5, records: 5 });
    });

    it('send what cannot be taken in to the dead letters, wherever it stands, and take in the rest', async () => {
      intake = new Intake(store.database, ownSettings({ partitions: 1 }));
      await intake.createTopics();
      const big = JSON.stringify({ itemId: 'big', title: 'x'.repeat(20_000) });
      const huge = `"${'y'.repeat(700_000)}"`;
      const good = (n: number) => RECORDS.items(n);
      await intake.send('items', [
        { key: 'first', value: '{', headers: { trace: 'abc' } },
        good(1),
        { key: 'middle', value: '{"title":"no id"}' },
        { key: 'tombstone', value: null },
        { key: null, value: big },
        good(2),
      ]);
      await intake.send('items', [{ key: 'huge', value: huge }, good(3), { key: 'last', value: '[]' }]);
      intake.join();
      await intake.untilRead('items');
      expect(await intake.count('items')).toBe(3);
      const topic = intake.topic('items');
      const letters = await intake.messages(topicsOf(intake.settings).deadLetters);
      expect(letters.map(({ key, headers }) => [key, headers['kindred.id'], headers['kindred.code']])).toEqual([
        ['first', `${topic}/0/0`, 'UNDECODABLE'],
        ['middle', `${topic}/0/2`, 'INVALID'],
        ['tombstone', `${topic}/0/3`, 'UNDECODABLE'],
        [undefined, `${topic}/0/4`, 'OVERSIZED'],
        ['huge', `${topic}/0/6`, 'OVERSIZED'],
        ['last', `${topic}/0/8`, 'UNDECODABLE'],
      ]);
      expect(letters[0].headers).toMatchObject({ trace: 'abc', 'kindred.topic': topic, 'kindred.partition': '0' });
      expect(letters[1].headers).toMatchObject({ 'kindred.field': 'itemId', 'kindred.reason': 'itemId is missing' });
      expect([letters[2].value, letters[3].value?.toString()]).toEqual([null, big]);
      expect(letters[4].value?.length).toBe(64 * 1024);
      expect(letters[4].headers['kindred.truncated']).toBe(String(huge.length));
      expect((await intake.positions()).find((row) => row.topic === topic)).toMatchObject({
        records: 3,
        deadLetters: 6,
      });
    });

    it('hold a partition whose dead letter the broker refuses, show why, and go on once it takes it', async () => {
      intake = new Intake(store.database, ownSettings({ partitions: 1 }));
      await intake.createTopics();
      const { deadLetters } = topicsOf(intake.settings);
      await setMaxMessageBytes(deadLetters, 200);
      await intake.send('items', [RECORDS.items(1), { key: 'k', value: '{'.repeat(300) }, RECORDS.items(2)]);
      await intake.send('users', [RECORDS.users(1)]);
      intake.join();
      await intake.untilRead('users');
      const row = async () => (await intake!.positions()).find(({ topic }) => topic === intake!.topic('items'));
      // The error is noted at once, beside the commit of what stands before the dead letter.
      await until(async () => {
        const position = await row();
        return position?.lastError !== undefined && position.nextOffset > 0;
      });
      expect(await row()).toMatchObject({ nextOffset: 1, records: 1, deadLetters: 0 });
      await setMaxMessageBytes(deadLetters, 1_000_000);
      await intake.untilRead('items');
      expect(await row()).toMatchObject({ nextOffset: 3, records: 2, deadLetters: 1 });
      expect(await intake.count('items')).toBe(2);
    });

    // The embedded store belongs to one process, so that a group on it has one member.
    const between = kind === 'postgres' ? it : it.skip;
    between('are shared by the members of a group, and go on from one to the other', async () => {
      intake = new Intake(store.database);
      const first = intake.join();
      const reading = (member: typeof first) =>
        member.state().lanes.flatMap(({ partitions }) => partitions.filter(({ state }) => state === 'reading')).length;
      await until(() => reading(first) === 12);
      const second = intake.join();
      const send = (from: number) =>
        Promise.all(
          STREAMS.map((stream) =>
            intake!.send(
              stream,
              Array.from({ length: 40 }, (_, at) => RECORDS[stream](from + at)),
            ),
          ),
        );
      await send(0);
      await until(() => reading(first) > 0 && reading(second) > 0 && reading(first) + reading(second) === 12);
      await send(40);
      await first.stop();
      await send(80);
      await intake.untilRead(...STREAMS);
      await until(() => reading(second) === 12);
      for (const stream of STREAMS) expect([stream, await intake.count(stream)]).toEqual([stream, 120]);
      const positions = await intake.positions();
      expect(positions.reduce((sum, { records }) => sum + records, 0)).toBe(STREAMS.length * 120);
    });
  });
});

async function offsetsInKafka(groupId: string, topic: string): Promise<string[]> {
  const admin = new Client({ brokers: testBrokers!, logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const [{ partitions }] = await admin.fetchOffsets({ groupId, topics: [topic] });
  await admin.disconnect();
  return partitions.map(({ offset }) => offset);
}

async function setMaxMessageBytes(topic: string, bytes: number): Promise<void> {
  const admin = new Client({ brokers: testBrokers!, logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const configEntries = [{ name: 'max.message.bytes', value: String(bytes) }];
  await admin.alterConfigs({ validateOnly: false, resources: [{ type: 2, name: topic, configEntries }] });
  await admin.disconnect();
}
