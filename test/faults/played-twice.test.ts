/** The same topic played twice, by setting positions back and by producing the same records again. */

import { expectRecomputed, expectScored, expectStored, settled } from './outcome';
import { STREAM_NAMES } from './records';
import { describeFault, Scene } from './scene';
import { until } from './until';

/** All that playing again must leave as it is, down to when a score was made. */
const UNTOUCHED = `SELECT
  (SELECT md5(string_agg(s::text, ' ' ORDER BY s::text)) FROM fraud_scores s) AS scores,
  (SELECT md5(string_agg(a::text, ' ' ORDER BY a::text)) FROM alerts a) AS alerts,
  (SELECT md5(string_agg(t::text, ' ' ORDER BY t::text)) FROM transactions t) AS transactions,
  (SELECT md5(string_agg(i::text, ' ' ORDER BY i::text)) FROM interactions i) AS interactions`;

describeFault('topics that are played twice', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await Scene.open();
  });
  afterAll(() => scene?.close());

  const taken = async (): Promise<number> =>
    Number((await scene.query<{ n: string }>('SELECT sum(records) AS n FROM stream_positions'))[0].n);

  /** A producer's retry may leave a record in a topic twice: played twice already. */
  const produced = async (): Promise<number> => {
    const topics = await Promise.all(
      STREAM_NAMES.map((stream) => scene.admin.fetchTopicOffsets(scene.prefix + stream)),
    );
    return topics.flat().reduce((sum, { high }) => sum + Number(high), 0);
  };

  it('add nothing and score nothing again', async () => {
    const flow = await scene.flow({ seed: 31 });
    await flow.burst(2_500);
    await scene.member();
    await settled(scene);
    await expectStored(scene, flow.records);
    await expectScored(scene, flow.records);
    const [before] = await scene.query(UNTOUCHED);
    const once = await taken();
    expect(once).toBe(await produced());

    const places = STREAM_NAMES.flatMap((stream) =>
      [0, 1, 2].map((partition) => `${scene.prefix}${stream}/${partition}`),
    );
    await scene.kindred(['streams', ...places.flatMap((place) => ['--set-position', `${place}=earliest`])]);
    await until('the topics to be read again', async () => (await taken()) >= 2 * once, { within: 60_000 });
    await settled(scene);
    await expectStored(scene, flow.records);
    await expectScored(scene, flow.records);
    expect(await scene.query(UNTOUCHED)).toEqual([before]);

    await flow.send(flow.landed.map(({ message }) => message));
    await settled(scene);
    expect(await taken()).toBe(once + (await produced()));
    await expectStored(scene, flow.records);
    await expectScored(scene, flow.records);
    await expectRecomputed(scene);
    expect(await scene.query(UNTOUCHED)).toEqual([before]);
  }, 180_000);
});
