import { autoencoder } from '../../../src/training/autoencoder/trainer';
import {
  canEvaluate,
  evaluateAutoencoder,
  evaluateFraud,
  type LabelledTable,
  splitByTime,
} from '../../../src/training/evaluation/fraud';
import { zScores } from '../../../src/training/evaluation/z-scores';
import { Random } from '../../../src/training/kernels/random';

const DAY = 86_400_000;
const PER_DAY = 200;

/** Forty days of two features that go together; a fraud (1 in 40) breaks the rule between them. Every seventh row has no label. */
function table(days = 40): LabelledTable {
  const random = Random.seeded(11);
  const rows = days * PER_DAY;
  const values = new Float32Array(rows * 2);
  const labels = Int8Array.from({ length: rows }, (_, row) => (row % 7 === 3 ? -1 : Number(row % 40 === 0)));
  for (let row = 0; row < rows; row++) {
    const x = random.fraction() * 10;
    const noise = random.fraction() / 10;
    values[row * 2] = x;
    values[row * 2 + 1] = labels[row] === 1 ? 10 - x + noise : x + noise;
  }
  return {
    columns: ['x', 'y'],
    rows,
    values,
    rowsPerDay: PER_DAY,
    accountIds: Array.from({ length: rows }, (_, row) => `account ${row % 97}`),
    times: Float64Array.from({ length: rows }, (_, row) => (row * DAY) / PER_DAY),
    labels,
  };
}

const split = splitByTime(table(), { trainTo: 20 * DAY, testFrom: 27 * DAY });

describe('evaluation of fraud models', () => {
  it('learns from what is before, scores what is labelled after, and says so', () => {
    expect(split.training.rows).toBe(20 * PER_DAY);
    expect(split.test.rows).toBe([...table().labels.slice(27 * PER_DAY)].filter((label) => label >= 0).length);
    expect(split.test.times[0]).toBeGreaterThanOrEqual(27 * DAY);
    expect(split.protocol).toMatch(/4000 transactions of 1970-01-01\.\.1970-01-20, scored the \d+ labelled ones of/);
  });

  it('measures a model that knows beside rivals that see each feature alone', async () => {
    const options = autoencoder.options.parse({ hiddenLayers: [16, 1, 16], epochs: 20, learningRate: 0.01 });
    const model = await autoencoder.train(split.training, options);
    const { metrics, baselines, primary, sampled } = await evaluateAutoencoder(model, split);
    expect(primary).toBe('averagePrecision');
    expect(sampled).toBe(false);
    expect(baselines.map(({ name, plain }) => [name, plain])).toEqual([
      ['z-scores', true],
      ['isolation forest', false],
    ]);
    expect(metrics.aucRoc).toBeGreaterThan(0.85);
    expect(metrics.averagePrecision).toBeGreaterThan(2 * baselines[0].metrics.averagePrecision);
    expect(metrics['cardPrecision@100']).toBeGreaterThan(0);
  });

  it('gives perfect scores perfect metrics, and useless ones the chance level', () => {
    const { labels } = split.test;
    const perfect = evaluateFraud(labels, split, { accountsPerDay: 2 }).metrics;
    expect(perfect).toMatchObject({ aucRoc: 1, averagePrecision: 1 });
    const useless = evaluateFraud(new Float64Array(labels.length), split).metrics;
    expect(useless.aucRoc).toBe(0.5);
    expect(useless.averagePrecision).toBeCloseTo(labels.reduce((sum, label) => sum + label, 0) / labels.length, 12);
  });

  it('leaves out accounts whose fraud has become known where it asks for new ones', () => {
    // On day 0 account A pays fraudulently; it is known from day 8 on. B is never known before its only fraud.
    const rows = [
      { account: 'A', day: 0, label: 1 },
      { account: 'A', day: 7, label: 1 },
      { account: 'A', day: 8, label: 1 },
      { account: 'B', day: 8, label: 1 },
      { account: 'C', day: 8, label: 0 },
    ];
    const small: LabelledTable = {
      columns: ['x'],
      rows: rows.length,
      values: Float32Array.from(rows, (_, i) => i),
      accountIds: rows.map(({ account }) => account),
      times: Float64Array.from(rows, ({ day }) => day * DAY + 1),
      labels: Int8Array.from(rows, ({ label }) => label),
    };
    const of = (trainTo: number) => splitByTime(small, { trainTo, testFrom: 7 * DAY });
    // Of the fraud rows on day 8, A scores below C and B above it: with A the area is 2/3, without it 1.
    const { metrics } = evaluateFraud([0.9, 0.1, 0.8, 0.5], of(DAY), { accountsPerDay: 1 });
    expect(metrics.aucRoc).toBeCloseTo(2 / 3, 12);
    expect(metrics.newAccountsAucRoc).toBe(1);
    expect(metrics['cardPrecision@1']).toBe(1);
  });

  it('refuses to measure where no fraud is known, and can say so beforehand', () => {
    const none = splitByTime({ ...table(), labels: new Int8Array(40 * PER_DAY) }, { trainTo: DAY, testFrom: DAY });
    expect(canEvaluate(none)).toBe(false);
    expect(canEvaluate(split)).toBe(true);
    expect(() => evaluateFraud(new Float64Array(none.test.rows), none)).toThrow(
      expect.objectContaining({ code: 'EMPTY_CORPUS' }),
    );
  });

  it('z-scores are the mean of squared distances in standard deviations of the training rows', () => {
    const training = { columns: ['x', 'constant'], rows: 4, values: Float32Array.of(1, 5, 3, 5, 1, 5, 3, 5) };
    const data = { columns: training.columns, rows: 2, values: Float32Array.of(2, 5, 6, 8) };
    expect([...zScores(training, data)]).toEqual([0, (4 ** 2 + 3 ** 2) / 2]);
  });
});
