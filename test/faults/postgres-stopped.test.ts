/** Postgres is gone for a minute while records keep coming, several times as many as a member could keep in memory. */
import { setTimeout as sleep } from 'node:timers/promises';
import { makeModels } from './model';
import { expectScored, expectStored, problems, settled } from './outcome';
import { OwnPostgres } from './postgres';
import { describeFault, Scene } from './scene';
import { until } from './until';

const GONE_MILLIS = 60_000;
const PER_SECOND = 300;
/** Characters of an item, about as many as its attributes may have: those of a minute take twice as much as a member may grow by. */
const FILLER = 16_000;
/** Buffers of six streams, each bounded, and what a heap leaves uncollected on a busy machine. */
const MAY_GROW_MEGABYTES = 150;

describeFault('Postgres that is gone for a minute', () => {
  const postgres = new OwnPostgres();
  let scene: Scene;
  beforeAll(async () => {
    const databaseUrl = postgres.start();
    await makeModels(databaseUrl);
    scene = await Scene.open({ databaseUrl });
  }, 60_000);
  afterAll(async () => {
    await scene?.close();
    postgres.remove();
  });

  it('makes a member wait, with flat memory, alive and not ready, and catch up by itself', async () => {
    const flow = await scene.flow({ seed: 51, filler: FILLER });
    const member = await scene.member();
    flow.start(PER_SECOND);
    await until('the member to be ready and at work', async () => {
      const rows = await scene.query('SELECT 1 FROM fraud_scores LIMIT 1');
      return rows.length > 0 && (await member.get('/readyz')).status === 200;
    });
    await sleep(3_000);
    const before = member.memory();
    postgres.pause();
    const goneAt = Date.now();
    const charactersBefore = flow.characters;
    await until('the member to say that it is not ready', async () => (await member.get('/readyz')).status === 503, {
      within: 20_000,
    });
    const most: number[] = [];
    while (Date.now() < goneAt + GONE_MILLIS) {
      expect((await member.get('/livez')).status).toBe(200);
      most.push(member.memory());
      await sleep(500);
    }
    const produced = (flow.characters - charactersBefore) / 1e6;
    postgres.start();
    await until('the member to be ready again', async () => (await member.get('/readyz')).status === 200, {
      within: 60_000,
      sofar: () => member.log().slice(-2_000),
    });
    await flow.stop();
    await settled(scene, 90_000);
    const highest = Math.max(...most);
    console.log(
      `memory: ${before.toFixed(0)} MB before, ${highest.toFixed(0)} MB at most while ${produced.toFixed(0)} MB were produced`,
    );
    expect(produced).toBeGreaterThan(MAY_GROW_MEGABYTES * 1.5);
    expect(highest).toBeLessThan(before + MAY_GROW_MEGABYTES);
    await expectStored(scene, flow.records);
    await expectScored(scene, flow.records);
    expect(await problems(scene)).not.toContain('unhandled');
    expect(member.started.child.exitCode).toBeNull();
  }, 300_000);
});
