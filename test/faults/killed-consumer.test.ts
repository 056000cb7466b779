/** kill -9 of the only consumer, twenty times, at moments drawn at random, while records keep coming. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '../../src/demo/random';
import { expectRecomputed, expectScored, expectStored, settled } from './outcome';
import { describeFault, Scene } from './scene';
import { until } from './until';

const KILLS = 20;
/** Another run of the same moments: KINDRED_FAULTS_SEED=<printed seed>. */
const seed = Number(process.env.KINDRED_FAULTS_SEED ?? Date.now() % 100_000);

describeFault('a consumer that is killed', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await Scene.open();
  });
  afterAll(() => scene?.close());

  it(`${KILLS} times at random moments (seed ${seed}) loses nothing and counts nothing twice`, async () => {
    const random = new Random(seed, 'kills');
    const flow = await scene.flow({ seed });
    flow.start(60);
    const moments: string[] = [];
    for (let kill = 1; kill <= KILLS; kill++) {
      const before = await progress(scene);
      const member = await scene.member();
      // One in four dies on its way into the group, the others while they take in what has piled up.
      const early = kill % 4 === 0;
      if (!early)
        await until('the first commit of a new member', async () => (await progress(scene)) > before, { every: 10 });
      const delay = Math.floor(random.between(0, early ? 3_000 : 1_500));
      await sleep(delay);
      await member.kill();
      moments.push(
        `${delay} ms after its ${early ? 'start' : 'first commit'}, ${(await progress(scene)) - before} records on`,
      );
    }
    console.log(`killed (seed ${seed}):\n${moments.join('\n')}`);
    await flow.stop();
    await scene.member();
    await settled(scene);
    await expectStored(scene, flow.records);
    await expectScored(scene, flow.records);
    await expectRecomputed(scene);
  }, 300_000);
});

/** Offsets gone by, in all partitions. */
async function progress(scene: Scene): Promise<number> {
  const [{ total }] = await scene.query<{ total: number }>(
    'SELECT coalesce(sum(next_offset), 0)::integer AS total FROM stream_positions',
  );
  return total;
}
