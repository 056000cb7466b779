/** `kindred replay` as a process that is killed, on real Kafka and Postgres. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka as Client, logLevel } from 'kafkajs';
import { openServices } from '../../src/services/services';
import { openTestStore, type TestStore } from '../services/test-store';
import { makeTopics } from '../streaming/make-topics';
import { endAll, kindred, start } from './process';

const brokers = process.env.KINDRED_TEST_KAFKA_BROKERS;
const suite = brokers && process.env.KINDRED_TEST_DATABASE_URL ? describe : describe.skip;
const ROWS = 60_000;

// Several processes a test, beside a broker.
jest.setTimeout(240_000);

suite('kindred replay, killed (needs KINDRED_TEST_KAFKA_BROKERS and KINDRED_TEST_DATABASE_URL)', () => {
  const prefix = `replay-${randomUUID().slice(0, 8)}.`;
  const topic = `${prefix}items`;
  let store: TestStore;
  let env: NodeJS.ProcessEnv;
  const client = new Client({ brokers: (brokers ?? '').split(','), logLevel: logLevel.NOTHING });
  const admin = client.admin();

  beforeAll(async () => {
    store = await openTestStore('postgres');
    env = { DATABASE_URL: store.location.databaseUrl, KAFKA_BROKERS: brokers, KAFKA_TOPIC_PREFIX: prefix };
    const items = Array.from({ length: ROWS }, (_, row) => ({ itemId: `i${row}`, title: `Item ${row}` }));
    await admin.connect();
    await makeTopics(admin, [{ topic, numPartitions: 2 }]);
    const producer = client.producer();
    await producer.connect();
    for (let at = 0; at < ROWS; at += 5_000)
      await producer.send({
        topic,
        messages: items.slice(at, at + 5_000).map((item) => ({ key: item.itemId, value: JSON.stringify(item) })),
      });
    await producer.disconnect();
    const { services, close } = openServices(store.database, {
      trainingThreads: 1,
      onTrainingFailure: () => undefined,
    });
    await services.ingestion.record('items', items);
    await close();
  });
  afterAll(async () => {
    endAll();
    await admin.deleteTopics({ topics: [topic] });
    await admin.disconnect();
    await store.close();
  });

  const readSofar = async (): Promise<number> => {
    const there = await store.database.query<{ name: string | null }>(
      "SELECT to_regclass('replay_again.positions') AS name",
    );
    if (there.rows[0].name === null) return 0;
    const { rows } = await store.database.query<{ read: number }>(
      'SELECT sum(next_offset)::int AS read FROM replay_again.positions',
    );
    return rows[0].read ?? 0;
  };

  /** Kills a replay half way. One that is done before this process hears of its first batch is dropped and begun anew. */
  const killHalfWay = async (command: readonly string[]): Promise<void> => {
    for (let attempt = 0; attempt < 5; attempt++) {
      const replay = start(command, env);
      while (replay.child.exitCode === null && (await readSofar()) === 0) await sleep(2);
      replay.child.kill('SIGKILL');
      const { code } = await replay.ended;
      const reached = await readSofar();
      if (code === null && reached > 0 && reached < ROWS) return;
      expect((await kindred(['replays', 'drop', 'again'], env)).code).toBe(0);
    }
    throw new Error('The replay was done each time before it could be killed.');
  };

  it('goes on where it was killed, to the same rows as the live table, and is listed and dropped', async () => {
    const command = ['replay', 'items', '--from', 'earliest', '--into', 'again', '--json'];
    await killHalfWay(command);
    const second = await kindred(command, env);
    expect(second.stderr).toContain('goes on where it stopped');
    const told = JSON.parse(second.stdout);
    expect(told).toMatchObject({ state: 'done', records: ROWS, duplicates: 0, rejected: 0, schema: 'replay_again' });
    expect(told.rows).toEqual({ rows: ROWS, same: ROWS, different: 0, missing: 0 });
    const listed = JSON.parse((await kindred(['replays', '--json'], env)).stdout);
    expect(listed).toMatchObject([{ name: 'again', state: 'done', records: ROWS }]);
    expect((await kindred(['replays', 'drop', 'again'], env)).code).toBe(0);
    expect((await kindred(['replays'], env)).stderr).toContain('There are no replays.');
  });

  it('refuses names and ranges that cannot be, with exit code 2', async () => {
    const named = await kindred(['replay', 'items', '--from', '0', '--into', 'x; DROP TABLE items'], env);
    expect(named).toMatchObject({ code: 2 });
    expect(named.stderr).toContain('cannot be the name of a replay');
    const ranged = await kindred(['replay', 'items', '--from', 'soon'], env);
    expect(ranged).toMatchObject({ code: 2 });
    expect((await kindred(['replay', 'items'], env)).stderr).toContain('--from');
  });
});
