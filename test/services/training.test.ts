import { availableParallelism } from 'node:os';
import { openServices } from '../../src/services/services';
import { planTraining } from '../../src/services/training-plan';
import { type DatabaseLocation, openDatabase } from '../../src/stores/open';
import { makeStore } from '../stores/databases';

describe('training runs', () => {
  let database: Awaited<ReturnType<typeof openDatabase>>;
  let open: ReturnType<typeof openServices>;
  let location: DatabaseLocation;
  let remove: () => Promise<void>;
  beforeAll(async () => {
    const store = await makeStore('embedded');
    location = store.location;
    database = await openDatabase(location);
    open = openServices(database, { trainingThreads: 1, onTrainingFailure: () => undefined });
    remove = () => store.remove();
    const occurredAt = new Date('2026-01-01T00:00:00Z');
    const tie = { userId: 'ann', friendId: 'bob', occurredAt, kind: 'friend', weight: 1, removed: false };
    await open.services.ingestion.record('relations', [tie]);
    const click = { eventId: 'e1', userId: 'ann', itemId: 'hat', action: 'view', occurredAt };
    await open.services.ingestion.record('interactions', [click, { ...click, eventId: 'e2', itemId: 'cap' }]);
  });
  afterAll(async () => {
    await open.close();
    await database.close();
    await remove();
  });

  it('keep the space of one trainer from the models of another', async () => {
    const run = open.services.training.start({ trainer: 'word2vec', space: 'users' });
    await expect(run).rejects.toMatchObject({ code: 'BAD_USER_INPUT', field: 'space' });
    await expect(run).rejects.toThrow('node2vec');
  });

  it('have no more threads than a few for each core', async () => {
    const most = 4 * availableParallelism();
    const start = open.services.training.start({ trainer: 'word2vec', options: { threads: most + 1 } });
    await expect(start).rejects.toMatchObject({ code: 'OPTION_INVALID', field: 'threads' });
    expect(planTraining({ trainer: 'word2vec', options: { threads: most } }, 1).options).toMatchObject({
      threads: most,
    });
  });

  it('are not of a trainer or a model that there is not, be it the name of a method', async () => {
    for (const subject of ['items-99', 'constructor', 'word3vec']) {
      const run = open.services.evaluation.evaluate(subject);
      await expect(run).rejects.toMatchObject({ code: 'BAD_USER_INPUT', field: 'trainer' });
      await expect(run).rejects.toThrow(`neither a trainer nor a model called "${subject}"`);
    }
  });

  it('say that a model was not measured where nothing could be hidden', async () => {
    const { outcome } = await open.services.training.start({ trainer: 'node2vec', options: { epochs: 1 } });
    expect((await outcome).model.evaluation).toBeUndefined();
  });

  it('let a trainer have further spaces of other names', async () => {
    const { outcome } = await open.services.training.start({
      trainer: 'word2vec',
      space: 'hats',
      options: { epochs: 1 },
      evaluate: false,
    });
    expect((await outcome).model).toMatchObject({ id: 'hats-1', space: 'hats', vectors: 2 });
  });

  it('keep what came of promotion, also when the process is another one', async () => {
    const train = async (wanted: { promote?: boolean; force?: boolean }) => {
      const { training } = open.services;
      const asked = { trainer: 'word2vec', space: 'caps', options: { epochs: 1 }, evaluate: false, ...wanted };
      const { id, outcome } = await training.start(asked);
      await outcome;
      return (await training.get(id))!;
    };
    const runs = [await train({}), await train({ promote: true }), await train({ promote: true, force: true })];
    const refusal = { code: 'PROMOTION_REFUSED', message: 'Model "caps-2" was never evaluated.' };
    expect(runs.map(({ status, modelId, promotion }) => ({ status, modelId, promotion }))).toEqual([
      { status: 'succeeded', modelId: 'caps-1', promotion: undefined },
      {
        status: 'succeeded',
        modelId: 'caps-2',
        promotion: {
          promoted: false,
          forced: false,
          refusal: { ...refusal, remedy: expect.stringContaining('force it') },
        },
      },
      {
        status: 'succeeded',
        modelId: 'caps-3',
        promotion: { promoted: true, forced: true, note: 'Forced: Model "caps-3" was never evaluated.' },
      },
    ]);
    await open.close();
    await database.close();
    database = await openDatabase(location);
    open = openServices(database, { trainingThreads: 1, onTrainingFailure: () => undefined });
    expect(await Promise.all(runs.map(({ id }) => open.services.training.get(id)))).toEqual(runs);
  });
});
