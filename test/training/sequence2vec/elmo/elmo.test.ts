import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEncoder } from '../../../../src/training/encoders';
import { elmo } from '../../../../src/training/sequence2vec/elmo/elmo';
import { ElmoEncoder } from '../../../../src/training/sequence2vec/elmo/encoder';
import type { ElmoOptions } from '../../../../src/training/sequence2vec/elmo/options';
import { learnTaskWeights } from '../../../../src/training/sequence2vec/elmo/task-weights';
import type { SequenceModel, TrainingProgress } from '../../../../src/training/trainer';
import { parseOptions, trainers } from '../../../../src/training/trainers';
import { DAY, NIGHT, ordered, sequencesOf, worlds } from './worlds';

const options = (given: Partial<ElmoOptions> = {}): ElmoOptions => ({
  ...parseOptions(elmo, {
    sequences: 'sessions',
    dimension: 8,
    hidden: 16,
    maxLength: 8,
    batchSize: 8,
    epochs: 12,
    learningRate: 0.02,
  }),
  ...given,
});
const quick = (given: Partial<ElmoOptions> = {}): ElmoOptions => options({ epochs: 2, maxLength: 5, ...given });

function cosine(a: Float32Array, b: Float32Array): number {
  const dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, value, i) => sum + value * y[i], 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

describe('what elmo has learned', () => {
  let model: SequenceModel;
  let encoder: ElmoEncoder;

  beforeAll(async () => {
    model = await elmo.train(sequencesOf(worlds(240, 1)), options());
    encoder = await ElmoEncoder.open(model.artifacts);
  });
  afterAll(() => encoder.close());

  /** The thing that a history is answered with. */
  async function answers(histories: string[][]): Promise<string[]> {
    const questions = await encoder.next(sequencesOf(histories));
    return histories.map((_, i) => {
      const scores = model.ids.map((_id, thing) =>
        model
          .output!.subarray(thing * 8, thing * 8 + 8)
          .reduce((sum, value, d) => sum + value * questions[i * 8 + d], model.outputBias![thing]),
      );
      return model.ids[scores.indexOf(Math.max(...scores))];
    });
  }

  it('tells by their order what the same things lead to, which no bag of them can', async () => {
    const histories = [ordered(true).slice(0, 3), ordered(false).slice(0, 3)];
    expect(await answers(histories)).toEqual(['up', 'down']);
    // The mean of the things' own vectors is one and the same, whatever is learned from it.
    const means = histories.map((history) =>
      Float32Array.from({ length: 8 }, (_, d) =>
        [...history].sort().reduce((sum, thing) => sum + model.input[model.ids.indexOf(thing) * 8 + d] / 3, 0),
      ),
    );
    expect([...means[0]]).toEqual([...means[1]]);
  });

  it('gives the same things in another order other contexts', async () => {
    const { vectors, dimension } = await encoder.contexts(
      sequencesOf([ordered(true).slice(0, 3), ordered(false).slice(0, 3)]),
    );
    expect(dimension).toBe(24);
    const pauses = [2, 5].map((event) => vectors.subarray(event * 24, (event + 1) * 24));
    // T is the thing's own and does not change, nor does what is to its right.
    expect([...pauses[0].subarray(0, 8)]).toEqual([...pauses[1].subarray(0, 8)]);
    expect([...pauses[0].subarray(0, 8)]).toEqual([
      ...model.input.subarray(model.ids.indexOf('pause') * 8, model.ids.indexOf('pause') * 8 + 8),
    ]);
    expect(cosine(pauses[0].subarray(8, 16), pauses[1].subarray(8, 16))).toBeLessThan(0.9);
    expect(cosine(pauses[0].subarray(16), pauses[1].subarray(16))).toBeGreaterThan(0.999);
  });

  /** The shop's layers between things of the day (label 0) and of the night (label 1). */
  async function shops() {
    const visits = [DAY, NIGHT].flatMap((world, label) =>
      world.flatMap((a) => world.flatMap((b) => world.map((c) => ({ label, list: [a, b, 'shop', c] })))),
    );
    const sequences = sequencesOf(visits.map(({ list }) => list));
    const labels = Int32Array.from(sequences.things, (_, event) =>
      event % 4 === 2 ? visits[Math.floor(event / 4)].label : -1,
    );
    return { visits, sequences, labels };
  }

  it('gives the same merchant vectors that separate by context', async () => {
    const { visits, sequences } = await shops();
    const { vectors } = await encoder.contexts(sequences);
    const contexts = visits.map((_, i) => vectors.subarray((4 * i + 2) * 24 + 8, (4 * i + 3) * 24));
    contexts.forEach((context, i) => {
      const others = contexts.map((other, j) => (i === j ? -2 : cosine(context, other)));
      expect(visits[others.indexOf(Math.max(...others))].label).toBe(visits[i].label);
    });
  });

  it('learns the weights of its layers for a task: where only the context tells, not from the thing alone', async () => {
    const { sequences, labels } = await shops();
    const layers = await encoder.layers(sequences);
    expect(layers).toMatchObject({ layers: 2, width: 16 });
    const task = await learnTaskWeights(layers, labels, { classes: 2, epochs: 60, batchSize: 27 });
    expect(task.weights.reduce((sum, one) => sum + one, 0)).toBeCloseTo(1, 5);
    expect(task.weights[1]).toBeGreaterThan(task.weights[0]);
    const chances = task.predict(layers);
    const right = labels.filter((label, event) => label >= 0 && chances[2 * event + label] > 0.5).length;
    expect(right).toBe(54);
    expect(task.mix(layers)).toHaveLength(sequences.things.length * 16);
    await expect(learnTaskWeights(layers, labels, { classes: 1 })).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    await expect(
      learnTaskWeights(
        layers,
        labels.map(() => -1),
        { classes: 2 },
      ),
    ).rejects.toThrow(/No event has a label/);
    await expect(learnTaskWeights(layers, labels.slice(1), { classes: 2 })).rejects.toThrow(/one for each/);
  });

  it('says the same of a sequence alone and among others, and nothing of one it knows nothing of', async () => {
    const lists = [
      ['first', 'second', 'pause'],
      ['bar'],
      ['never seen', 'nor this'],
      ['kiosk', 'school', 'shop', 'bakery', 'kiosk'],
    ];
    const together = await encoder.next(sequencesOf(lists));
    for (const [i, list] of lists.entries()) {
      const alone = await encoder.next(sequencesOf([list]));
      for (const [d, value] of alone.entries()) expect(value).toBeCloseTo(together[8 * i + d], 5);
      expect(alone.some((value) => value !== 0)).toBe(i !== 2);
    }
    expect([encoder.knows('shop'), encoder.knows('never seen')]).toEqual([true, false]);
  });

  it('is listed with the trainers, and opened from its artifacts alone', async () => {
    expect(trainers.elmo).toBe(elmo);
    const opened = await openEncoder('elmo', model.artifacts);
    expect(opened.dimension).toBe(8);
    expect(opened.sequence).toBeUndefined();
    await opened.close();
    const { 'things.f32': _, ...rest } = model.artifacts;
    await expect(openEncoder('elmo', rest)).rejects.toMatchObject({ code: 'MODEL_CORRUPT' });
  });
});

describe('training elmo', () => {
  const data = sequencesOf(worlds(60, 2));

  it('comes to the same bytes with one thread, and to others with another seed', async () => {
    const given = quick({ layers: 2, samples: 4, dropout: 0.2 });
    const [first, second, third] = [
      await elmo.train(data, given),
      await elmo.train(data, given),
      await elmo.train(data, { ...given, seed: 2 }),
    ];
    expect(second).toEqual(first);
    expect(third.input).not.toEqual(first.input);
    expect(first.facts).toMatchObject({ samples: 4, epochs: 2 });
    expect([elmo.isDeterministic(given), elmo.isDeterministic({ ...given, threads: 2 })]).toEqual([true, false]);
  });

  it('cuts a history longer than a window, and learns from all of it', async () => {
    const long = sequencesOf([Array.from({ length: 43 }, (_, i) => `thing ${i % 4}`)]);
    const { facts } = await elmo.train(long, quick());
    expect(facts).toMatchObject({ windows: 9, events: 43 });
  });

  it('stays finite where amounts are missing, and refuses infinite ones by name', async () => {
    const amounts = sequencesOf(worlds(60, 2), (event) => (event % 3 === 0 ? Number.NaN : event * 10));
    const model = await elmo.train(amounts, quick());
    for (const table of [model.input, model.output!, model.outputBias!])
      expect(table.every((value) => Number.isFinite(value))).toBe(true);
    const infinite = sequencesOf(worlds(60, 2), (event) => (event === 7 ? Number.POSITIVE_INFINITY : 1));
    await expect(elmo.train(infinite, quick())).rejects.toMatchObject({ code: 'BAD_USER_INPUT', field: 'amounts[7]' });
  });

  it.each([
    ['an empty corpus', [], {}],
    ['sequences of one element', [['a'], ['b'], ['c']], {}],
    ['a vocabulary of one', [['a', 'a', 'a']], {}],
    [
      'minCount above all counts',
      [
        ['a', 'b'],
        ['b', 'a'],
      ],
      { minCount: 3 },
    ],
  ])('ends in a clear error for %s', async (_, lists, given) => {
    await expect(elmo.train(sequencesOf(lists), quick(given))).rejects.toMatchObject({
      code: 'EMPTY_CORPUS',
      remedy: expect.any(String),
    });
  });

  it.each([
    [{ layers: 4, maxLength: 512 }, 'maxLength'],
    [{ sequences: 'sessions' as const, amountBins: 4 }, 'amountBins'],
    [{ batchSize: 60, hidden: 2 ** 18 }, 'batchSize'],
  ])('refuses options that contradict each other: %j', async (given, field) => {
    await expect(elmo.train(data, quick(given))).rejects.toMatchObject({ code: 'OPTION_INVALID', field });
  });

  it.each([{ dropout: 0.95 }, { maxLength: 1 }, { dimensions: 8 }])('refuses the option %j', (given) => {
    expect(() => parseOptions(elmo, given)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
  });

  it('says so where the loss is no longer finite', async () => {
    // Far beyond what the schema lets through: the first step throws the weights out of single precision.
    const huge = quick({ learningRate: 1e30 });
    await expect(elmo.train(data, huge)).rejects.toMatchObject({
      code: 'TRAINING_FAILED',
      remedy: expect.stringContaining('learningRate'),
    });
  });
});

describe('a run of elmo that is stopped', () => {
  const data = sequencesOf(worlds(60, 3));
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'kindred-elmo-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is cancelled within one interval of progress', async () => {
    const stop = new AbortController();
    const seen: TrainingProgress[] = [];
    const run = elmo.train(data, quick({ epochs: 500 }), {
      signal: stop.signal,
      onProgress: (progress) => {
        seen.push(progress);
        if (seen.length === 2) stop.abort();
      },
    });
    await expect(run).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(seen).toHaveLength(2);
    expect(seen[1]).toMatchObject({ phase: 'epoch 2 of 500', loss: expect.any(Number) });
  });

  it('goes on from its checkpoint to the bytes that it would have come to', async () => {
    const given = quick({ epochs: 4, dropout: 0.3, samples: 4 });
    const whole = await elmo.train(data, given);
    const checkpoint = join(folder, 'run');
    const stop = new AbortController();
    const onProgress = ({ phase }: TrainingProgress) => {
      if (phase === 'epoch 3 of 4') stop.abort();
    };
    const stopped = elmo.train(data, given, { checkpoint, signal: stop.signal, onProgress });
    // An epoch here is one call: the third is done and kept before the fourth finds the signal.
    await expect(stopped).rejects.toMatchObject({ code: 'CANCELLED' });
    const resumed = await elmo.train(data, given, { checkpoint });
    expect(resumed.facts.resumedFrom).toBe('epoch 4 of 4');
    expect({ ...resumed, facts: { ...resumed.facts, resumedFrom: undefined } }).toEqual({
      ...whole,
      facts: { ...whole.facts, resumedFrom: undefined },
    });
    expect(existsSync(checkpoint)).toBe(false);
  });

  it('keeps no state after its last epoch, when there is nothing to go on to', async () => {
    const checkpoint = join(folder, 'missing', 'run');
    expect((await elmo.train(data, quick({ epochs: 1 }), { checkpoint })).facts.epochs).toBe(1);
    await expect(elmo.train(data, quick({ epochs: 2 }), { checkpoint })).rejects.toMatchObject({
      code: 'TRAINING_FAILED',
    });
  });

  it('goes on from within a long epoch', async () => {
    const many = sequencesOf(Array.from({ length: 12_000 }, (_, i) => ordered(i % 3 === 0)));
    const given = quick({ epochs: 1, dimension: 2, hidden: 2, batchSize: 512 });
    const whole = await elmo.train(many, given);
    const checkpoint = join(folder, 'run');
    const stop = new AbortController();
    const onProgress = ({ done, total }: TrainingProgress) => {
      if (done > total / 2) stop.abort();
    };
    const stopped = elmo.train(many, given, { checkpoint, signal: stop.signal, onProgress });
    await expect(stopped).rejects.toMatchObject({ code: 'CANCELLED' });
    const seen: TrainingProgress[] = [];
    const resumed = await elmo.train(many, given, { checkpoint, onProgress: (progress) => seen.push(progress) });
    expect(seen[0].done).toBeGreaterThan(seen[0].total / 2);
    expect(resumed.facts.resumedFrom).toBe('epoch 1 of 1');
    expect([...resumed.input]).toEqual([...whole.input]);
    expect(resumed.facts.finalLoss).toBe(whole.facts.finalLoss);
  });
});
