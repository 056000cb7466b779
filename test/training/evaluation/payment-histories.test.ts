/** What frozen vectors add is measured by time, from pasts alone; planted, it is found, and where there is none, none is. */
import { openEncoder } from '../../../src/training/encoders';
import type { LabelledTable } from '../../../src/training/evaluation/fraud';
import {
  canProbe,
  evaluatePaymentVectors,
  PAYMENTS_A_TURN,
  type PaymentVectorReader,
  paymentRows,
} from '../../../src/training/evaluation/frozen-vectors';
import {
  eventsOfRows,
  Pasts,
  trainAndEvaluateOnPayments,
  vectorReader,
} from '../../../src/training/evaluation/payment-histories';
import { Random } from '../../../src/training/kernels/random';
import { type EventSequences, EventSequencesBuilder } from '../../../src/training/sequence2vec/event-sequences';
import { eventsBefore, pastsOf } from '../../../src/training/sequence2vec/pasts';
import type { SequenceModel } from '../../../src/training/trainer';
import { parseOptions, trainers } from '../../../src/training/trainers';

const DAY = 86_400_000;
const DAYS = 40;
const ACCOUNTS = 60;

/**
 * Accounts pay about a level of their own, once or twice a day; a fraud is six times that. The features know the amount
 * alone, and of what an account usually pays only its history tells.
 */
function payments(): { sequences: EventSequences; table: LabelledTable } {
  const random = Random.seeded(5);
  const builder = new EventSequencesBuilder();
  const rows: { account: string; time: number; amount: number; fraud: number }[] = [];
  for (let account = 0; account < ACCOUNTS; account++) {
    const level = Math.exp(4 * random.fraction());
    for (let time = DAY * random.fraction(); time < DAYS * DAY; time += DAY * (0.4 + 0.5 * random.fraction())) {
      const fraud = Number(random.below(12) === 0);
      const amount = level * (0.7 + 0.6 * random.fraction()) * (fraud ? 6 : 1);
      rows.push({ account: `account ${account}`, time: Math.round(time), amount, fraud });
    }
  }
  rows.sort((a, b) => a.time - b.time);
  for (const { account, time, amount } of rows)
    builder.add({ key: account, thing: `shop ${random.below(3)}`, occurredAt: time, amount });
  const table: LabelledTable = {
    columns: ['amount'],
    rows: rows.length,
    values: Float32Array.from(rows, ({ amount }) => amount),
    accountIds: rows.map(({ account }) => account),
    times: Float64Array.from(rows, ({ time }) => time),
    labels: Int8Array.from(rows, ({ fraud }, row) => (row % 9 === 4 ? -1 : fraud)),
  };
  return { sequences: builder.build(), table };
}

const data = payments();
const split = { trainTo: 20 * DAY, testFrom: 27 * DAY };

describe('pasts', () => {
  it('hold what was before a time, and nothing of sequences that had not begun', () => {
    const before = eventsBefore(data.sequences, 10 * DAY);
    expect(before.times.every((time) => time < 10 * DAY)).toBe(true);
    expect(before.things.length).toBe(data.table.times.filter((time) => time < 10 * DAY).length);
    const early = eventsBefore(data.sequences, data.table.times[3]);
    expect(early.keys).toHaveLength(3);
    expect([...early.offsets]).toEqual([0, 1, 2, 3]);
    expect(eventsBefore(data.sequences, 0).keys).toEqual([]);
  });

  it('end with the event that they lead up to, no longer than asked for', () => {
    const { offsets, times } = data.sequences;
    const pasts = pastsOf(data.sequences, [offsets[2] + 1, offsets[2] + 9], { sequenceOf: [2, 2], longest: 4 });
    expect([...pasts.offsets]).toEqual([0, 2, 6]);
    expect(pasts.keys).toEqual([data.sequences.keys[2], data.sequences.keys[2]]);
    expect([...pasts.times]).toEqual([
      ...times.slice(offsets[2], offsets[2] + 2),
      ...times.slice(offsets[2] + 6, offsets[2] + 10),
    ]);
  });
});

describe('vectors at payments', () => {
  it('are of the very event that each row is, and know of nothing after it', async () => {
    const { sequences, table } = data;
    const { events, sequenceOf } = eventsOfRows(sequences, table);
    expect(Array.from(sequenceOf, (sequence) => sequences.keys[sequence])).toEqual(table.accountIds);
    expect(Float32Array.from(events, (event) => sequences.amounts![event])).toEqual(table.values);
    const newest = {
      dimension: 2,
      sequence: async ({ offsets, times }: EventSequences) =>
        Float32Array.from({ length: 2 * (offsets.length - 1) }, (_, i) =>
          i % 2 === 0 ? times[offsets[(i >> 1) + 1] - 1] / DAY : offsets[(i >> 1) + 1] - offsets[i >> 1],
        ),
    };
    const rows = Int32Array.from({ length: table.rows - 10 }, (_, i) => i + 10);
    const { width, read } = await vectorReader(newest, new Pasts(data, 5));
    expect(width).toBe(2);
    const values = await read(rows);
    const [last, lengths] = [0, 1].map((column) => Float32Array.from(rows, (_, i) => values[2 * i + column]));
    expect(last).toEqual(Float32Array.from(rows, (row) => table.times[row] / DAY));
    expect(Math.max(...lengths)).toBe(5);
  });

  it('give payments of one time to events one by one, and a payment that is no event the one before it', () => {
    const builder = new EventSequencesBuilder();
    for (const occurredAt of [5, 7, 7]) builder.add({ key: 'x', thing: 'a', occurredAt });
    const times = Float64Array.of(4, 5, 6, 7, 7, 9);
    const accountIds = Array(6).fill('x');
    const table = { columns: [], rows: 6, values: new Float32Array(0), accountIds, times, labels: new Int8Array(6) };
    expect([...eventsOfRows(builder.build(), table).events]).toEqual([-1, 0, 0, 1, 2, 2]);
  });
});

/** Vectors that are there for every row. */
const held = (width: number, values: Float32Array): PaymentVectorReader => ({
  width,
  read: async (rows) => {
    if (rows.length > PAYMENTS_A_TURN) throw new RangeError(`${rows.length} rows were asked for at once`);
    return Float32Array.from([...rows].flatMap((row) => [...values.subarray(row * width, (row + 1) * width)]));
  },
});

describe('payments that are more than fit', () => {
  const { table } = data;
  const { training: all, test, trainingOf } = paymentRows(table, split);
  const fraudsOf = (rows: Int32Array) => rows.filter((row) => table.labels[row] === 1).length;

  it('are learned from by all frauds and a sample of the others, in order, the same each time', () => {
    expect(trainingOf).toBe(all.length);
    const most = fraudsOf(all) * 3;
    const some = paymentRows(table, split, { most });
    expect(some.training).toHaveLength(most);
    expect(some.trainingOf).toBe(all.length);
    expect(fraudsOf(some.training)).toBe(fraudsOf(all));
    expect(new Set(some.training).size).toBe(most);
    expect([...some.training].sort((a, b) => a - b)).toEqual([...some.training]);
    expect(some.training.every((row) => all.includes(row))).toBe(true);
    expect(some.test).toEqual(test);
    expect(paymentRows(table, split, { most })).toEqual(some);
    expect(paymentRows(table, split, { most, seed: 2 }).training).not.toEqual(some.training);
    // Frauds fill no more than half.
    const few = paymentRows(table, split, { most: 20 }).training;
    expect([few.length, fraudsOf(few)]).toEqual([20, 10]);
  });

  it('are all scored, and the protocol says what was learned from', async () => {
    const random = Random.seeded(8);
    const telling = held(
      1,
      Float32Array.from(table.labels, (label) => label + random.fraction()),
    );
    const whole = await evaluatePaymentVectors(table, split, { vectors: telling });
    expect(whole.protocol).toContain(`learned on the ${all.length} labelled payments before`);
    const options = { mostNumbers: 2 * 3 * fraudsOf(all) };
    const some = await evaluatePaymentVectors(table, split, { vectors: telling, options });
    expect(some.protocol).toContain(
      `learned on ${3 * fraudsOf(all)} of the ${all.length} labelled payments (frauds, and a sample of the others) before`,
    );
    expect(some.protocol).toContain(`scored the ${test.length} from`);
    expect(some.metrics.averagePrecision).toBeCloseTo(whole.metrics.averagePrecision, 1);
    expect(some.baselines.map(({ name }) => name)).toEqual(whole.baselines.map(({ name }) => name));
  });
});

describe('what vectors add to features', () => {
  it('is found where they hold what the features lack, and is next to nothing where they are noise', async () => {
    const { table } = data;
    const random = Random.seeded(8);
    const noise = held(
      3,
      Float32Array.from({ length: 3 * table.rows }, () => random.fraction()),
    );
    const telling = held(
      1,
      Float32Array.from(table.labels, (label) => label + random.fraction()),
    );
    const found = await evaluatePaymentVectors(table, split, { vectors: telling });
    const [features, alone] = found.baselines;
    expect([features.plain, alone.plain, found.primary]).toEqual([true, false, 'averagePrecision']);
    expect(found.metrics.averagePrecision).toBeGreaterThan(features.metrics.averagePrecision + 0.2);
    expect(found.protocol).toContain('1970-01-28');
    const nothing = await evaluatePaymentVectors(table, split, { vectors: noise });
    expect(nothing.baselines[0].metrics).toEqual(features.metrics);
    expect(Math.abs(nothing.metrics.averagePrecision - features.metrics.averagePrecision)).toBeLessThan(0.03);
  });

  it('learns on labelled payments before the split, and refuses a side without frauds', async () => {
    const { training, test } = paymentRows(data.table, split);
    expect(training.every((row) => data.table.times[row] < split.trainTo && data.table.labels[row] >= 0)).toBe(true);
    expect(test.every((row) => data.table.times[row] >= split.testFrom && data.table.labels[row] >= 0)).toBe(true);
    const late = { trainTo: 20 * DAY, testFrom: DAYS * DAY };
    expect(canProbe(data.table, paymentRows(data.table, late))).toBe(false);
    const vectors = held(1, new Float32Array(data.table.rows));
    await expect(evaluatePaymentVectors(data.table, late, { vectors })).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
    });
  });

  it('is raised by vectors of CoLES that know what an account usually pays, learned without labels', async () => {
    const options = {
      dimension: 8,
      thingDimension: 2,
      epochs: 8,
      sliceLengthMin: 3,
      sliceLengthMax: 6,
      maxLength: 6,
      batchSize: 20,
      learningRate: 0.01,
    };
    const coles = parseOptions(trainers.coles, options) as Record<string, unknown>;
    const evaluation = await trainAndEvaluateOnPayments('coles', data, coles, { ...split, seed: 1 });
    const [features] = evaluation!.baselines;
    expect(evaluation!.metrics.averagePrecision).toBeGreaterThan(features.metrics.averagePrecision + 0.05);
    // The labels of payments in the week before the test are not known yet.
    const noDelay = { trainTo: 27 * DAY, testFrom: 27 * DAY, seed: 1 };
    const delayed = await trainAndEvaluateOnPayments('coles', data, { ...coles, epochs: 1 }, noDelay);
    expect(delayed!.baselines[0]).toEqual(features);
    const late = { trainTo: 20 * DAY, testFrom: DAYS * DAY, seed: 1 };
    expect(await trainAndEvaluateOnPayments('coles', data, coles, late)).toBeUndefined();
  });

  it('weighs the layers of ELMo by the labels that the linear model learns from, beside its contexts', async () => {
    const small = { dimension: 4, hidden: 8, layers: 2, epochs: 2, maxLength: 6, samples: 0, learningRate: 0.01 };
    const elmo = parseOptions(trainers.elmo, small) as Record<string, unknown>;
    const evaluation = await trainAndEvaluateOnPayments('elmo', data, elmo, { ...split, seed: 1 });
    const [features, , weighed] = evaluation!.baselines;
    expect(weighed.name).toBe('features and layers weighed by the labels');
    expect(weighed.metrics.averagePrecision).toBeGreaterThan(features.metrics.averagePrecision);
    // What stands first is of the contexts, read here as whoever has only those would.
    const known = eventsBefore(data.sequences, split.testFrom);
    const model = (await trainers.elmo.train(known, { ...elmo, seed: 1 })) as SequenceModel;
    const encoder = await openEncoder('elmo', model.artifacts);
    // Its contexts alone, so that there is no layer to weigh.
    const vectors = await vectorReader(
      { dimension: 4, contexts: (asked) => encoder.contexts!(asked) },
      new Pasts(data, 6),
    );
    expect(vectors.width).toBe(12);
    const { averagePrecision } = (await evaluatePaymentVectors(data.table, split, { vectors })).metrics;
    await encoder.close();
    expect(evaluation!.metrics.averagePrecision).toBeCloseTo(averagePrecision, 6);
  });
});
