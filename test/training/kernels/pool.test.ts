/** The pool of threads: what its sources, threads and callers may do to it. */
import { join } from 'node:path';
import { trainSkipGram } from '../../../src/training/kernels/skip-gram-training';
import type { Dying } from './dying-source';

const NODES = 50;

function run(dying: Partial<Dying> = {}, shape = {}, rest = {}) {
  return {
    shape: { nodes: NODES, dimension: 20, window: 5, negatives: 5, negativeSharing: 1, threads: 2, ...shape },
    noise: new Float64Array(NODES).fill(1),
    seed: 1,
    learningRate: 0.025,
    source: {
      module: join(__dirname, 'dying-source'),
      data: { nodes: NODES, ...dying },
      units: 300,
      tokenCapacity: 100,
    },
    ...rest,
  };
}

describe('the pool', () => {
  test('trains on every unit once and counts what it saw', async () => {
    const trained = await trainSkipGram(run());
    expect(trained.tokens).toBe(300 * 99);
    expect(trained.frequencies.reduce((a, b) => a + b, 0)).toBe(300 * 99);
    // Mean reach 3 to either side, less what the ends of the sequences cut off.
    expect(trained.pairs / trained.tokens).toBeGreaterThan(5.7);
    expect(trained.pairs / trained.tokens).toBeLessThan(6);
    // Independent tokens: at the optimum a score is -log(negatives), and the loss log 6 + 5 log 6/5.
    expect(trained.finalLoss).toBeCloseTo(Math.log(6) + 5 * Math.log(6 / 5), 0);
  });

  test('has the tokens of a unit depend on the seed alone, not on the threads', async () => {
    const [one, two, other] = await Promise.all([
      trainSkipGram(run({}, { threads: 1 })),
      trainSkipGram(run()),
      trainSkipGram(run({}, {}, { seed: 2 })),
    ]);
    expect([...two.frequencies]).toEqual([...one.frequencies]);
    expect([...other.frequencies]).not.toEqual([...one.frequencies]);
  });

  test.each([
    ['throw', /the walker fell/],
    ['exit', /exit code 7/],
    ['wrong token', /Token 5 is 50/],
  ] as const)('fails, and does not hang, when a source does: %s', async (how, message) => {
    await expect(trainSkipGram(run({ at: 20, how }))).rejects.toMatchObject({
      code: 'TRAINING_FAILED',
      message: expect.stringMatching(message),
    });
  });

  test('fails when its source cannot be loaded', async () => {
    const source = { ...run().source, module: join(__dirname, 'no-such-source') };
    await expect(trainSkipGram(run({}, {}, { source }))).rejects.toMatchObject({ code: 'TRAINING_FAILED' });
  });

  test('refuses a run without units, and a learning rate out of range', async () => {
    const source = { ...run().source, units: 0 };
    await expect(trainSkipGram(run({}, {}, { source }))).rejects.toMatchObject({ field: 'units' });
    await expect(trainSkipGram(run({}, {}, { learningRate: 1.5 }))).rejects.toMatchObject({ field: 'learningRate' });
  });
});
