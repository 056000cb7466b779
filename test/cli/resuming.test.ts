/** A training run whose process is killed goes on when the same command is given again, and ends as if nothing had been. */
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { kindredHere } from './here';
import { type Ended, endAll, kindred, type Started, start } from './process';

const USERS = 150;
const HISTORY = 30;

function interactions(): string {
  const lines = Array.from({ length: USERS * HISTORY }, (_, n) => {
    const user = Math.floor(n / HISTORY);
    const item = (user % 5) * 20 + ((n * 7 + user) % 23);
    const occurredAt = new Date(Date.UTC(2026, 0, 1 + (n % HISTORY), 0, user)).toISOString();
    return JSON.stringify({ eventId: `e${n}`, userId: `u${user}`, itemId: `i${item}`, action: 'view', occurredAt });
  });
  return `${lines.join('\n')}\n`;
}

describe('a training run that was killed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kindred-resume-'));
  const store = ['--data-dir', join(folder, 'store')];
  const checkpoints = join(folder, 'store', 'checkpoints');
  const train = ['train', 'word2vec', ...store, '--no-evaluate', '--set', 'epochs=150', '--set', 'threads=1', '--json'];
  const kept = (): string[] =>
    existsSync(checkpoints) ? readdirSync(checkpoints).filter((name) => name.endsWith('-training.checkpoint')) : [];
  /** Until so many checkpoints are there, or the run is over. */
  const keeps = async ({ child }: Started, checkpointsThen: number): Promise<void> => {
    while (child.exitCode === null && kept().length < checkpointsThen) await wait(20);
  };
  /** On a busy machine a run may be over before this process hears how far it is: then once more. */
  const inTime = async (stopped: () => Promise<boolean>): Promise<void> => {
    for (let attempt = 0; attempt < 5; attempt++) if (await stopped()) return;
    throw new Error('The run was over each time before it could be stopped.');
  };

  afterEach(endAll);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('goes on from its checkpoint, and gives the vectors of one that was never interrupted', async () => {
    const file = join(folder, 'interactions.ndjson');
    writeFileSync(file, interactions());
    expect((await kindredHere(['ingest', 'interactions', file, ...store])).code).toBe(0);

    await inTime(async () => {
      const killed = start(train);
      await keeps(killed, 1);
      killed.child.kill('SIGKILL');
      const { code, stdout } = await killed.ended;
      return code === null && stdout === '' && kept().length === 1;
    });

    const resumed = await kindred(train);
    expect(resumed.stderr).toMatch(/resumed from epoch \d+ of 150/);
    const { id: resumedId, facts } = JSON.parse(resumed.stdout);
    expect(facts.resumedFrom).toContain('of 150');
    expect(kept()).toEqual([]);

    const whole = JSON.parse((await kindred([...train, '--restart'])).stdout);
    expect(whole.id).not.toBe(resumedId);
    expect(whole.facts).not.toHaveProperty('resumedFrom');
    const { stdout: first } = await kindredHere(['export', resumedId, ...store]);
    const { stdout: second } = await kindredHere(['export', whole.id, ...store]);
    expect(first.split('\n').length).toBeGreaterThan(100);
    expect(second).toBe(first);
  }, 240_000);

  it('says at once that it stops where it is interrupted, and stops after the step, with its state kept', async () => {
    const slow = ['train', 'elmo', ...store, '--no-evaluate', '--set', 'sequences=users', '--set', 'epochs=500'];
    const running = start([...slow, '--set', 'hidden=16']);
    await keeps(running, 1);
    running.child.kill('SIGINT');
    // As where the terminal and npm both tell of one Ctrl-C. Two of one kind might arrive as one.
    running.child.kill('SIGTERM');
    const { code } = await running.ended;
    expect(running.stderr()).toContain(
      'stopping; once more stops at once\ntrain elmo: stopping after the step that is running\n',
    );
    expect(running.stderr()).toContain('CANCELLED');
    expect(code).toBe(1);
    expect(kept()).toHaveLength(1);
  }, 240_000);

  it('ends at once where it is interrupted twice, whatever its threads are in, and keeps its state', async () => {
    // A step of this size takes a second or more.
    const large = ['--set', 'hidden=512', '--set', 'layers=2', '--set', 'batchSize=150', '--set', 'epochs=50'];
    const before = kept();
    let ended: Ended | undefined;
    await inTime(async () => {
      for (const name of kept()) if (!before.includes(name)) rmSync(join(checkpoints, name));
      const running = start(['train', 'elmo', ...store, '--no-evaluate', '--set', 'sequences=users', ...large]);
      await keeps(running, before.length + 1);
      running.child.kill('SIGINT');
      await running.until(/stopping after the step/);
      // Sooner it would be the first one, which npm passes on.
      await wait(300);
      running.child.kill('SIGINT');
      ended = await running.ended;
      return running.child.signalCode === 'SIGINT';
    });
    expect(ended?.code).toBeNull();
    expect(ended?.stderr).not.toContain('terminate called');
    expect(kept()).toHaveLength(before.length + 1);
  }, 240_000);
});
