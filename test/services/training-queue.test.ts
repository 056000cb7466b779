import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TrainingRun } from '../../src/domain/model';
import { RunInProgress } from '../../src/services/run-in-progress';
import { openServices } from '../../src/services/services';
import { openDatabase } from '../../src/stores/open';
import { makeStore } from '../stores/databases';

/** Half a minute of work on two items: whoever waits behind it waits. */
const LONG = { dimension: 4096, negatives: 1000, epochs: 10_000 };

describe('the queue of training runs', () => {
  let database: Awaited<ReturnType<typeof openDatabase>>;
  let open: ReturnType<typeof openServices>;
  let remove: () => Promise<void>;
  let checkpoints: string;
  beforeAll(async () => {
    const store = await makeStore('embedded');
    database = await openDatabase(store.location);
    checkpoints = join(store.location.dataDir, 'checkpoints');
    open = openServices(database, { trainingThreads: 1, checkpoints, onTrainingFailure: () => undefined });
    remove = () => store.remove();
    const click = { userId: 'ann', action: 'view', occurredAt: new Date('2026-01-01T00:00:00Z') };
    await open.services.ingestion.record('interactions', [
      { ...click, eventId: 'e1', itemId: 'hat' },
      { ...click, eventId: 'e2', itemId: 'cap' },
    ]);
  });
  afterAll(async () => {
    await open.close();
    await database.close();
    await remove();
  });

  const start = (options: object = { epochs: 1 }) =>
    open.services.training.start({ trainer: 'word2vec', options: { ...options }, evaluate: false });

  it('has no place taken by runs that the store did not take', async () => {
    await database.query('ALTER TABLE training_runs RENAME TO training_runs_away');
    for (let i = 0; i < 10; i++) await expect(start()).rejects.toThrow('training_runs');
    await database.query('ALTER TABLE training_runs_away RENAME TO training_runs');
    const { outcome } = await start();
    expect((await outcome).model.id).toBe('items-1');
    expect(await open.services.training.list()).toHaveLength(1);
  });

  it('keeps no more checkpoints of runs that were cancelled than the folder is to hold', async () => {
    mkdirSync(checkpoints, { recursive: true });
    for (let i = 0; i < 70; i++)
      writeFileSync(join(checkpoints, `${i.toString(16).padStart(32, '0')}-training.checkpoint`), 'of some run');
    await (await start()).outcome;
    expect(readdirSync(checkpoints)).toHaveLength(64);
  });

  it('ends a waiting run that is cancelled at once, and gives its place to others', async () => {
    const working = await start(LONG);
    const waiting = await Promise.all(Array.from({ length: 8 }, () => start()));
    await expect(start()).rejects.toMatchObject({ code: 'TRAINING_BUSY' });
    expect(open.services.training.cancel(waiting[0].id)).toBe(true);
    await expect(waiting[0].outcome).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(working.current().finishedAt).toBeUndefined();
    expect(await open.services.training.get(waiting[0].id)).toMatchObject({ status: 'cancelled' });
    expect(open.services.training.cancel(waiting[0].id)).toBe(false);
    const another = await start();
    for (const { id } of waiting.slice(1)) open.services.training.cancel(id);
    open.services.training.cancel(working.id);
    await expect(working.outcome).rejects.toMatchObject({ code: 'CANCELLED' });
    expect((await another.outcome).model.space).toBe('items');
  });
});

describe('a run in progress', () => {
  it('has its end written though a write before it failed', async () => {
    const rows: TrainingRun[] = [];
    let isAway = true;
    const run = new RunInProgress<string>(
      {
        ...{ id: 'r', trainer: 'word2vec', space: 'items', options: {}, status: 'queued' },
        ...{ done: 0, total: 0, startedAt: new Date() },
      },
      async (row) => {
        if (isAway) throw new Error('the database is away');
        rows.push(row);
      },
    );
    await expect(run.save()).rejects.toThrow('away');
    isAway = false;
    await run.conclude(
      async () => 'made',
      () => undefined,
    );
    await expect(run.outcome).resolves.toBe('made');
    expect(rows.map(({ status }) => status)).toEqual(['running', 'succeeded']);
  });
});
