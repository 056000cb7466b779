/** A model that is promoted while transactions pass: each score names one model, and no partition goes back to the old one. */
import { FIRST_MODEL, SECOND_MODEL } from './model';
import { expectScored, expectStored, settled } from './outcome';
import { describeFault, Scene } from './scene';
import { until } from './until';

describeFault('a promotion under load', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await Scene.open();
  });
  afterAll(() => scene?.close());

  it('takes over between two batches, without a restart', async () => {
    const flow = await scene.flow({ seed: 21, streams: ['transactions'] });
    flow.start(400);
    await scene.member();
    await scene.member();
    const scoredBy = async (model: string): Promise<number> =>
      (
        await scene.query<{ n: number }>('SELECT count(*)::integer AS n FROM fraud_scores WHERE model_id = $1', [model])
      )[0].n;
    await until('scores of the first model', async () => (await scoredBy(FIRST_MODEL)) > 1_000);
    await scene.kindred(['promote', SECOND_MODEL, '--force']);
    await until('scores of the second model', async () => (await scoredBy(SECOND_MODEL)) > 1_000);
    await flow.stop();
    await settled(scene);
    await expectStored(scene, flow.records);
    const scores = await expectScored(scene, flow.records);
    const modelOf = new Map(scores.map(({ transactionId, modelId }) => [transactionId, modelId]));
    const switches = new Map<number, string[]>();
    for (const { message } of [...flow.landed].sort((a, b) => a.offset - b.offset)) {
      const { transactionId } = JSON.parse(message.value) as { transactionId: string };
      const models = switches.get(message.partition) ?? [];
      const model = modelOf.get(transactionId)!;
      if (models.at(-1) !== model) models.push(model);
      switches.set(message.partition, models);
    }
    expect([...switches.values()]).toEqual([...switches].map(() => [FIRST_MODEL, SECOND_MODEL]));
  }, 120_000);
});
