import type { AutoencoderModel } from '../../../src/training/autoencoder/model';
import { writeAutoencoder } from '../../../src/training/autoencoder/model-file';
import { AutoencoderScorer } from '../../../src/training/autoencoder/scorer';
import { autoencoder } from '../../../src/training/autoencoder/trainer';
import { trainInBackground } from '../../../src/training/background';
import type { FeatureMatrix } from '../../../src/training/feature-matrix';
import type { TrainingProgress } from '../../../src/training/trainer';
import { COLUMNS, normalTraffic, options } from './sample-traffic';

const WIDTH = COLUMNS.length;

async function score(model: AutoencoderModel, values: Float32Array) {
  const scorer = await AutoencoderScorer.load(model);
  const scores = await scorer.score(values);
  await scorer.close();
  return scores;
}

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error) => error,
  );
}

describe('an autoencoder trained on normal traffic', () => {
  let model: AutoencoderModel;
  beforeAll(async () => {
    model = await autoencoder.train(normalTraffic(2000), options({ contamination: 0.05 }));
  });

  it('reproduces what it learned: its errors are a small part of the features own variance', async () => {
    const { errors } = await score(model, normalTraffic(500, 2).values);
    expect(errors.reduce((sum, error) => sum + error, 0) / errors.length).toBeLessThan(0.05);
  });

  it('gives new normal traffic values that are spread evenly over 0..1', async () => {
    const { values } = await score(model, normalTraffic(2000, 2).values);
    for (const share of [0.25, 0.5, 0.75])
      expect(Math.abs(values.filter((value) => value < share).length / 2000 - share)).toBeLessThan(0.1);
  });

  it('raises an alert for about the contamination of new normal traffic', async () => {
    const scores = await score(model, normalTraffic(2000, 3).values);
    const alerts = Array.from({ length: 2000 }, (_, row) => scores.isAlert(row)).filter(Boolean).length;
    expect(alerts / 2000).toBeGreaterThan(0.01);
    expect(alerts / 2000).toBeLessThan(0.12);
  });

  it.each([
    ['amount', 0, 400],
    ['count', 2, 15],
    ['constant', 6, 12],
  ])(
    'raises an alert for a strange %s and names it first, with what it saw and expected',
    async (feature, column, value) => {
      const values = normalTraffic(1, 4).values;
      const usual = values[column];
      values[column] = value;
      const scores = await score(model, values);
      expect(scores.isAlert(0)).toBe(true);
      const [reason, ...others] = scores.reasons(0);
      expect(reason).toMatchObject({ feature, observed: value });
      expect(Math.abs(reason.expected - usual)).toBeLessThan(Math.abs(value - usual));
      expect(reason.share).toBeGreaterThan(0.3);
      expect([reason, ...others].reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9);
      expect(others.every(({ share }, i) => i === 0 || share <= others[i - 1].share)).toBe(true);
      expect(scores.reasons(0, 2)).toHaveLength(2);
    },
  );

  it('gives the same scores one row at a time as in a batch of more rows than one call takes', async () => {
    const values = normalTraffic(5000, 6).values;
    const batch = await score(model, values);
    const scorer = await AutoencoderScorer.load(model);
    for (const row of [0, 17, 4095, 4096, 4999]) {
      const alone = await scorer.score(values.slice(row * WIDTH, (row + 1) * WIDTH));
      expect(alone.errors[0]).toBeCloseTo(batch.errors[row], 6);
      expect(alone.codes[1]).toBeCloseTo(batch.codes[row * 2 + 1], 5);
    }
    expect(batch.codes).toHaveLength(5000 * 2);
    await scorer.close();
  });

  it('refuses to score a value that is not finite, naming the column and row', async () => {
    const values = normalTraffic(3).values;
    values[2 * WIDTH + 4] = Number.NaN;
    expect(await failureOf(score(model, values))).toMatchObject({
      code: 'BAD_USER_INPUT',
      field: 'sinceLast',
      message: 'Feature "sinceLast" is NaN in row 2.',
    });
    expect(await failureOf(score(model, values.slice(0, 5)))).toMatchObject({ code: 'BAD_USER_INPUT' });
    expect(await failureOf(score(model, new Float32Array()))).toMatchObject({ code: 'BAD_USER_INPUT' });
  });
});

describe('training an autoencoder', () => {
  it('gives the same bytes for the same seed, other bytes for another', async () => {
    const train = async (seed: number) =>
      Buffer.from(
        writeAutoencoder(await autoencoder.train(normalTraffic(300), options({ seed, epochs: 3, dropout: 0.1 }))),
      );
    expect((await train(1)).equals(await train(1))).toBe(true);
    expect((await train(1)).equals(await train(2))).toBe(false);
    expect([1, 2].map((threads) => autoencoder.isDeterministic(options({ threads })))).toEqual([true, false]);
  });

  it('does not depend on how many steps go into a call', async () => {
    const train = (stepsPerCall: number) => autoencoder.train(normalTraffic(300), options({ stepsPerCall, epochs: 3 }));
    const [one, many] = [await train(1), await train(100)];
    expect(Buffer.from(one.network).equals(Buffer.from(many.network))).toBe(true);
  });

  it('gives in a background thread, from shared memory, what it gives here', async () => {
    const data = normalTraffic(300);
    const shared = new Float32Array(new SharedArrayBuffer(data.values.byteLength));
    shared.set(data.values);
    const chosen = options({ epochs: 2 });
    const [here, there] = await Promise.all([
      autoencoder.train(data, chosen),
      trainInBackground<AutoencoderModel>('autoencoder', { ...data, values: shared }, chosen),
    ]);
    expect(Buffer.from(writeAutoencoder(there)).equals(Buffer.from(writeAutoencoder(here)))).toBe(true);
  });

  it.each([
    ['huber', { loss: 'huber' }],
    ['dropout and weight decay', { dropout: 0.1, weightDecay: 0.1 }],
    ['another activation', { activation: 'selu' }],
    ['residual row errors', { rowError: 'residual' }],
    ['two threads', { threads: 2 }],
  ])('learns with %s', async (_, given) => {
    const model = await autoencoder.train(normalTraffic(1000), options(given));
    const strange = normalTraffic(100, 2).values;
    for (let row = 0; row < 100; row++) strange[row * WIDTH] += row % 2 ? 150 : -150;
    const [normal, abnormal] = [await score(model, normalTraffic(100, 2).values), await score(model, strange)];
    const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(mean(normal.values)).toBeLessThan(0.65);
    expect(mean(abnormal.values)).toBeGreaterThan(0.95);
  });

  it('stops early at the best epoch of the held-out rows', async () => {
    const model = await autoencoder.train(
      normalTraffic(200),
      options({ epochs: 500, patience: 3, validationShare: 0.3 }),
    );
    const { epochs, bestEpoch, stoppedEarly, validationLoss } = model.facts;
    expect(stoppedEarly).toBe(true);
    expect(Number(epochs) - Number(bestEpoch)).toBe(3);
    const again = await autoencoder.train(
      normalTraffic(200),
      options({ epochs: Number(bestEpoch), patience: 0, validationShare: 0.3 }),
    );
    expect(Buffer.from(again.network).equals(Buffer.from(model.network))).toBe(true);
    expect(again.facts.validationLoss).toBe(validationLoss);
  });

  it('reports progress up to the end of each epoch', async () => {
    const seen: TrainingProgress[] = [];
    await autoencoder.train(normalTraffic(500), options({ epochs: 2, stepsPerCall: 3, validationShare: 0 }), {
      onProgress: (progress) => seen.push(progress),
    });
    expect(seen.map(({ phase, done, total }) => [phase, done, total])).toEqual([
      ['epoch 1 of 2', 192, 500],
      ['epoch 1 of 2', 384, 500],
      ['epoch 1 of 2', 500, 500],
      ['epoch 2 of 2', 192, 500],
      ['epoch 2 of 2', 384, 500],
      ['epoch 2 of 2', 500, 500],
    ]);
    expect(seen[5].loss).toBeLessThan(seen[0].loss!);
  });

  it('stops between calls when it is cancelled', async () => {
    const cancelling = new AbortController();
    let calls = 0;
    const training = autoencoder.train(normalTraffic(500), options({ epochs: 1000, stepsPerCall: 1 }), {
      signal: cancelling.signal,
      onProgress: () => {
        calls++;
        if (calls === 5) cancelling.abort();
      },
    });
    expect(await failureOf(training)).toMatchObject({ code: 'CANCELLED' });
    expect(calls).toBe(5);
  });

  it('learns from one row, from one column, and from rows that are all the same', async () => {
    const column: FeatureMatrix = {
      columns: ['only'],
      rows: 50,
      values: Float32Array.from({ length: 50 }, (_, i) => i),
    };
    const same: FeatureMatrix = { columns: COLUMNS, rows: 40, values: new Float32Array(40 * WIDTH).fill(3) };
    for (const data of [normalTraffic(1), column, same]) {
      const model = await autoencoder.train(data, options({ epochs: 1 }));
      const { values } = await score(model, data.values);
      expect(values.every((value) => value >= 0 && value <= 1)).toBe(true);
    }
  });

  it('is not thrown off by one absurd value', async () => {
    const data = normalTraffic(1000);
    data.values[0] = 3e38;
    const model = await autoencoder.train(data, options({ epochs: 2 }));
    expect(Number.isFinite(model.facts.trainingLoss)).toBe(true);
    expect((await score(model, data.values)).errors.every(Number.isFinite)).toBe(true);
  });

  it.each([
    ['no rows', { ...normalTraffic(1), rows: 0, values: new Float32Array() }, {}, 'EMPTY_CORPUS', undefined],
    ['too few values', { ...normalTraffic(2), rows: 3 }, {}, 'BAD_USER_INPUT', 'values'],
    ['a budget but no rows a day', normalTraffic(10), { alertsPerDay: 3 }, 'OPTION_INVALID', 'alertsPerDay'],
    ['two thresholds', normalTraffic(10), { alertsPerDay: 3, contamination: 0.1 }, 'OPTION_INVALID', 'alertsPerDay'],
    [
      'patience but nothing held out',
      normalTraffic(10),
      { patience: 2, validationShare: 0 },
      'OPTION_INVALID',
      'patience',
    ],
  ])('refuses %s', async (_, data, given, code, field) => {
    const failure = await failureOf(autoencoder.train(data as FeatureMatrix, options(given)));
    expect(failure).toMatchObject({ code, ...(field ? { field } : {}), remedy: expect.any(String) });
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('refuses %d in the data, naming the column', async (value) => {
    const data = normalTraffic(10);
    data.values[4 * WIDTH + 1] = value;
    expect(await failureOf(autoencoder.train(data, options()))).toMatchObject({
      code: 'BAD_USER_INPUT',
      field: 'meanAmount',
      facts: { column: 'meanAmount', row: 4 },
    });
  });

  it('refuses unknown options and values out of range', () => {
    for (const wrong of [{ layers: [3] }, { dropout: 1 }, { hiddenLayers: [] }, { activation: 'step' }, { threads: 0 }])
      expect(autoencoder.options.safeParse(wrong).success).toBe(false);
  });
});
