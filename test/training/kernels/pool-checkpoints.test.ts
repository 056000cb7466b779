/** A run that was interrupted goes on from its checkpoint: with one thread, to the very same bytes. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type SkipGramResult, trainSkipGram } from '../../../src/training/kernels/skip-gram-training';
import type { Dying } from './dying-source';

const NODES = 50;
const UNITS = 300;

function run(threads: number, dying: Partial<Dying> = {}, seed = 1) {
  return {
    shape: { nodes: NODES, dimension: 20, window: 5, negatives: 5, negativeSharing: 1, threads },
    noise: new Float64Array(NODES).fill(1),
    seed,
    learningRate: 0.025,
    source: {
      module: join(__dirname, 'dying-source'),
      data: { nodes: NODES, ...dying },
      units: UNITS,
      tokenCapacity: 100,
    },
  };
}

describe('a run that keeps checkpoints', () => {
  let folder: string;
  let checkpoint: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'kindred-pool-'));
    checkpoint = join(folder, 'run.checkpoint');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** Cancels a run once a few units past `units` are done. */
  async function interrupt(threads: number, units: number): Promise<void> {
    const cancelling = new AbortController();
    const interrupted = trainSkipGram(run(threads), {
      signal: cancelling.signal,
      checkpoint,
      onProgress: ({ done }) => done > units && cancelling.abort(),
    });
    await expect(interrupted).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(existsSync(checkpoint)).toBe(true);
  }

  const bytes = ({ input, output, frequencies, tokens, pairs, finalLoss }: SkipGramResult) => ({
    input: Buffer.from(input.slice().buffer).toString('base64'),
    output: Buffer.from(output.slice().buffer).toString('base64'),
    frequencies: [...frequencies],
    tokens,
    pairs,
    finalLoss: finalLoss.toFixed(9),
  });

  it('gives the same bytes whether interrupted or not, or keeping none', async () => {
    const whole = bytes(await trainSkipGram(run(1)));
    await interrupt(1, 150);
    const resumed = await trainSkipGram(run(1), { checkpoint });
    expect(resumed.resumedFrom).toMatch(/^unit \d+ of 300$/);
    expect(bytes(resumed)).toEqual(whole);
    // It is done, so nothing is left, and the next run starts anew.
    expect(existsSync(checkpoint)).toBe(false);
    const again = await trainSkipGram(run(1), { checkpoint });
    expect(again.resumedFrom).toBeUndefined();
    expect(bytes(again)).toEqual(whole);
  });

  it('trains on every unit once with threads that meet at barriers, more than there are units between them', async () => {
    const whole = await trainSkipGram(run(2));
    await interrupt(2, 60);
    const resumed = await trainSkipGram(run(2), { checkpoint });
    expect(resumed.resumedFrom).toBeDefined();
    expect([...resumed.frequencies]).toEqual([...whole.frequencies]);
    expect(resumed.tokens).toBe(whole.tokens);
    const many = { ...run(9), source: { ...run(9).source, units: 13 } };
    expect((await trainSkipGram(many, { checkpoint })).tokens).toBe(13 * 99);
  });

  it('goes on in no other run: another seed, other data, other threads', async () => {
    await interrupt(1, 150);
    expect((await trainSkipGram(run(1, {}, 2), { checkpoint })).resumedFrom).toBeUndefined();
    await interrupt(1, 150);
    expect((await trainSkipGram(run(1, { at: 1000 }), { checkpoint })).resumedFrom).toBeUndefined();
    await interrupt(1, 150);
    expect((await trainSkipGram(run(2), { checkpoint })).resumedFrom).toBeUndefined();
  });

  it('keeps what it had when a source fails, and lets no thread wait at a barrier for ever', async () => {
    const failing = trainSkipGram(run(2, { at: 200, how: 'throw' }), { checkpoint });
    await expect(failing).rejects.toMatchObject({ code: 'TRAINING_FAILED' });
    expect(existsSync(checkpoint)).toBe(true);
  });

  it('ends in a clear error where the checkpoint cannot be written', async () => {
    const nowhere = join(folder, 'no-such-folder', 'run.checkpoint');
    await expect(trainSkipGram(run(2), { checkpoint: nowhere })).rejects.toMatchObject({
      code: 'TRAINING_FAILED',
      remedy: expect.stringContaining('space'),
    });
  });
});
