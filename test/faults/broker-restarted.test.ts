/** The broker is restarted under load, killed, and frozen for longer than a session lasts: the coordinator is lost each time. */
import { setTimeout as sleep } from 'node:timers/promises';
import { OwnBroker } from './broker';
import { expectScored, expectStored, problems, settled } from './outcome';
import { describeFault, Scene } from './scene';
import { until } from './until';

const FROZEN_MILLIS = 8_000;

describeFault('a broker', () => {
  const broker = new OwnBroker();
  let scene: Scene;
  beforeAll(async () => {
    const brokers = await broker.start();
    scene = await Scene.open({ brokers });
  }, 90_000);
  afterAll(async () => {
    await scene?.close();
    await broker.remove();
  }, 60_000);

  it('that is restarted, killed and frozen under load: members come back by themselves, nothing lost, nothing twice', async () => {
    const flow = await scene.flow({ seed: 61 });
    flow.start(60);
    await scene.member();
    await scene.member();
    await goesOn('at the beginning');

    await broker.pause();
    await sleep(3_000);
    await broker.start();
    await goesOn('after the restart');

    broker.signal('SIGKILL');
    await sleep(2_000);
    await broker.start();
    await goesOn('after the crash');

    broker.signal('SIGSTOP');
    await sleep(FROZEN_MILLIS);
    for (const member of scene.members) expect((await member.get('/livez')).status).toBe(200);
    broker.signal('SIGCONT');
    await goesOn('after the freeze');

    await flow.stop();
    await settled(scene, 90_000);
    await expectStored(scene, flow.records);
    await expectScored(scene, flow.records);
    expect(scene.members.map(({ started }) => started.child.exitCode)).toEqual([null, null]);
  }, 240_000);

  async function goesOn(when: string): Promise<void> {
    const count = async (): Promise<number> =>
      (await scene.query<{ n: number }>('SELECT count(*)::integer AS n FROM fraud_scores'))[0].n;
    const before = await count();
    await until(`scores ${when}`, async () => (await count()) > before + 100, {
      within: 60_000,
      sofar: () => problems(scene),
    });
  }
});
