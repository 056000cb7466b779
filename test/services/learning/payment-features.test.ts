/** Features of what the store holds, in memory of a known size. */
import { FEATURE_NAMES } from '../../../src/features/columns';
import { readFeatures, readNewestFeatures } from '../../../src/services/learning/payment-features';
import { openServices } from '../../../src/services/services';
import { payments } from '../payments';
import { openTestStore, type TestStore } from '../test-store';

describe('features of stored payments', () => {
  const COUNT = 300;
  const all = payments(COUNT);
  const { signal } = new AbortController();
  let store: TestStore;
  beforeAll(async () => {
    store = await openTestStore('embedded');
    const { services, close } = openServices(store.database, {
      trainingThreads: 1,
      onTrainingFailure: () => undefined,
    });
    await services.ingestion.record('transactions', all);
    await close();
  });
  afterAll(() => store.close());
  const reading = () => ({ database: store.database, range: {}, signal });

  it('take the memory of their rows and no more', async () => {
    const table = await readFeatures(reading());
    expect(table.rows).toBe(COUNT);
    expect(table.values.buffer.byteLength).toBe(COUNT * FEATURE_NAMES.length * 4);
    expect(await readNewestFeatures(reading())).toEqual({ table });
  });

  it('are refused where they are more than a run can hold, with a day from which they fit', async () => {
    const refused = readFeatures(reading(), 100);
    await expect(refused).rejects.toMatchObject({
      code: 'TRAINING_FAILED',
      message: 'The features of 300 transactions are more than a run can hold, which is 100.',
      remedy: expect.stringMatching(/--from 2026-\S+ .*dataFrom/),
    });
    const { remedy } = await refused.catch((error) => error);
    const from = new Date(/--from (\S+)/.exec(remedy)![1]);
    const { rows } = await readFeatures({ ...reading(), range: { from } }, 100);
    expect(rows).toBeGreaterThan(90);
  });

  it.each([1, 99, 100, 299])('are of the newest that fit into %i rows, with all history before them', async (most) => {
    const { table: whole } = await readNewestFeatures(reading());
    const { table, of } = await readNewestFeatures(reading(), most);
    expect(of).toBe(COUNT);
    expect(table.rows).toBeLessThanOrEqual(most);
    // Payments of one instant stay together: one of two may have fitted.
    expect(table.rows).toBeGreaterThanOrEqual(most - 1);
    const first = COUNT - table.rows;
    expect(table.times).toEqual(whole.times.slice(first));
    expect(table.accountIds).toEqual(whole.accountIds.slice(first));
    expect([...table.values]).toEqual([...whole.values.subarray(first * FEATURE_NAMES.length)]);
  });
});
