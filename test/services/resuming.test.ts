/** What a run leaves when it is stopped, and what becomes of that when the same is started again. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TrainingRun } from '../../src/domain/model';
import { type RunningTraining, STOPPING } from '../../src/services/run-in-progress';
import { openServices } from '../../src/services/services';
import { openDatabase } from '../../src/stores/open';
import { makeStore } from '../stores/databases';

describe('a run that was stopped half way', () => {
  let database: Awaited<ReturnType<typeof openDatabase>>;
  let open: ReturnType<typeof openServices>;
  let folder: string;
  let remove: () => Promise<void>;
  const logged: string[] = [];
  beforeAll(async () => {
    const store = await makeStore('embedded');
    database = await openDatabase(store.location);
    folder = join(store.location.dataDir, 'checkpoints');
    open = openServices(database, {
      trainingThreads: 1,
      onTrainingFailure: () => undefined,
      onTrainingNotice: (run, sentence) => logged.push(`${run.trainer}: ${sentence}`),
      checkpoints: folder,
    });
    remove = () => store.remove();
    const clicks = Array.from({ length: 4_000 }, (_, n) => ({
      ...{ eventId: `e${n}`, userId: `u${n % 100}`, itemId: `i${(n * 7) % 61}`, action: 'view' },
      occurredAt: new Date(Date.UTC(2026, 0, 1, 0, n)),
    }));
    await open.services.ingestion.record('interactions', clicks);
  });
  afterAll(async () => {
    await open.close();
    await database.close();
    await remove();
  });

  const kept = () => (existsSync(folder) ? readdirSync(folder).map((name) => name.replace(/^[0-9a-f]+-/, '')) : []);
  const options = { epochs: 30, window: 20, threads: 1 };
  const begin = (more: Record<string, unknown> = {}) =>
    open.services.training.start({ trainer: 'word2vec', options, ...more });

  /** The run has a thread of its own, which may be done before this one hears of its checkpoint: then once more. */
  async function cancelOnceKept(start: () => Promise<RunningTraining>): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const running = await start();
      running.onProgress(() => kept().includes('training.checkpoint') && running.cancel());
      const failure = await running.outcome.then(
        () => undefined,
        (error: unknown) => error,
      );
      if (!kept().includes('training.checkpoint') && attempt < 5) continue;
      expect(failure).toMatchObject({ code: 'CANCELLED' });
      // The last that was heard of it, whatever its threads still told.
      expect(running.current()).toMatchObject({ status: 'cancelled', phase: STOPPING });
      return;
    }
  }

  function phasesOf(running: RunningTraining): string[] {
    const phases: string[] = [];
    running.onProgress((run: TrainingRun) => phases.push(run.phase ?? ''));
    return phases;
  }

  test('keeps its state and what it had measured; the same run goes on from there, and leaves nothing', async () => {
    await cancelOnceKept(() => begin());
    expect(kept().sort()).toEqual(['measured.checkpoint', 'training.checkpoint']);
    const again = await begin();
    const phases = phasesOf(again);
    const { model } = await again.outcome;
    expect(model.facts.resumedFrom).toMatch(/^epoch \d+ of 30$/);
    expect(model.evaluation?.metrics['hr@10']).toBeGreaterThanOrEqual(0);
    expect(phases.some((phase) => phase.startsWith('evaluation'))).toBe(false);
    expect(phases.some((phase) => /^training: epoch \d+ of 30 \(resumed from epoch \d+ of 30\)$/.test(phase))).toBe(
      true,
    );
    expect(kept()).toEqual([]);
  });

  test('begins anew where that is asked for, and for other data', async () => {
    await cancelOnceKept(() => begin({ evaluate: false }));
    const anew = await (await begin({ evaluate: false, restart: true })).outcome;
    expect(anew.model.facts.resumedFrom).toBeUndefined();
    await cancelOnceKept(() => begin({ evaluate: false }));
    const occurredAt = new Date('2026-02-01T00:00:00Z');
    await open.services.ingestion.record('interactions', [
      { eventId: 'late', userId: 'u1', itemId: 'i3', action: 'view', occurredAt },
    ]);
    const other = await (await begin({ evaluate: false })).outcome;
    expect(other.model.facts.resumedFrom).toBeUndefined();
    expect(kept()).toEqual([]);
  });

  test('begins anew after an upgrade that changed what is kept, and says so once', async () => {
    const short = { options: { ...options, epochs: 12 } };
    await cancelOnceKept(() => begin(short));
    for (const name of readdirSync(folder)) {
      const file = join(folder, name);
      writeFileSync(
        file,
        readFileSync(file, 'latin1').replace(/^KINDRED checkpoint \d+/, 'KINDRED checkpoint 1'),
        'latin1',
      );
    }
    expect(logged).toEqual([]);
    const again = await begin(short);
    const phases = phasesOf(again);
    const notices: string[] = [];
    again.onNotice((sentence) => notices.push(sentence));
    const { model } = await again.outcome;
    expect(notices).toEqual(['the checkpoint was written by another version; starting anew']);
    expect(logged).toEqual([`word2vec: ${notices[0]}`]);
    expect(model.facts.resumedFrom).toBeUndefined();
    expect(phases.some((phase) => phase.startsWith('evaluation'))).toBe(true);
    expect(kept()).toEqual([]);
  });

  test('leaves nothing where it failed', async () => {
    const failing = await begin({ options: { ...options, minCount: 100_000 } });
    await expect(failing.outcome).rejects.toMatchObject({ code: 'EMPTY_CORPUS' });
    expect(kept()).toEqual([]);
  });
});
