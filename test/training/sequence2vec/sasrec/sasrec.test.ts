/** sasrec proves that it looks back further than one step, that it repeats itself, goes on where it was stopped, and says what is wrong. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { trainInBackground } from '../../../../src/training/background';
import { openEncoder } from '../../../../src/training/encoders';
import { byAnswers } from '../../../../src/training/evaluation/next-item';
import type { EventSequences } from '../../../../src/training/sequence2vec/event-sequences';
import { sasrec } from '../../../../src/training/sequence2vec/sasrec/sasrec';
import type { SequenceModel, TrainingProgress } from '../../../../src/training/trainer';
import { options, PAIRS, pairedSequences, sequencesFrom } from './sample-sequences';

async function nextOf(model: SequenceModel, sequences: EventSequences): Promise<string[]> {
  const encoder = await openEncoder('sasrec', model.artifacts);
  const score = byAnswers(model, await encoder.next!(sequences), model.ids);
  await encoder.close();
  const all = Int32Array.from(model.ids.keys());
  return sequences.keys.map((_, sequence) => {
    const scores = score(sequence, all);
    return model.ids[scores.indexOf(scores.reduce((a, b) => Math.max(a, b)))];
  });
}

const bytesOf = ({ input, outputBias, artifacts }: SequenceModel) =>
  Buffer.concat([
    Buffer.from(input.slice().buffer),
    Buffer.from(outputBias!.slice().buffer),
    artifacts['network.onnx'],
  ]);

const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error) => error,
  );

const pairs = Array.from({ length: PAIRS }, (_, i) => i);
const histories = sequencesFrom(
  pairs.map((i) => [`a${(i + 1) % PAIRS}`, 'stop', `b${(i + 1) % PAIRS}`, `a${i}`, 'stop']),
);
const answers = pairs.map((i) => `b${i}`);

describe('sasrec', () => {
  it.each([
    ['over all things', { samples: 0 }],
    ['over a sample of them', { samples: 6, epochs: 60 }],
    ['with two blocks and an early stop', { blocks: 2, patience: 20 }],
  ])('knows what comes next from before the last event, by a loss %s', async (_, given) => {
    const model = await sasrec.train(pairedSequences(), options({ dropout: 0, ...given }));
    expect(await nextOf(model, histories)).toEqual(answers);
    expect(model.output).toBe(model.input);
    expect([...model.ids].sort()).toEqual(['stop', ...pairs.flatMap((i) => [`a${i}`, `b${i}`])].sort());
    expect(model.ids[0]).toBe('stop');
  });

  it('looks at the newest events alone, leaves out what it does not know, and knows nothing of nothing', async () => {
    const model = await sasrec.train(pairedSequences(), options({ epochs: 2, maxLength: 3 }));
    const encoder = await openEncoder('sasrec', model.artifacts);
    const questions = await encoder.next!(
      sequencesFrom([
        ['a1', 'stop', 'b1'],
        ['a0', 'a2', 'a1', 'stop', 'b1'],
        ['a1', 'new', 'stop', 'b1', 'newer'],
        ['new'],
      ]),
    );
    const [short, long, strange, unknown] = [0, 1, 2, 3].map((i) => [...questions.subarray(16 * i, 16 * (i + 1))]);
    long.forEach((number, d) => {
      expect(number).toBeCloseTo(short[d], 4);
    });
    strange.forEach((number, d) => {
      expect(number).toBeCloseTo(short[d], 4);
    });
    expect(unknown).toEqual(new Array(16).fill(0));
    expect(['a1', 'new'].map((thing) => encoder.knows(thing))).toEqual([true, false]);
    await encoder.close();
  });

  it('gives the same bytes for the same seed, other bytes for another, and in a background thread', async () => {
    const given = { epochs: 2, samples: 5 };
    const data = pairedSequences(30);
    const one = bytesOf(await sasrec.train(data, options(given)));
    expect(bytesOf(await sasrec.train(data, options(given))).equals(one)).toBe(true);
    expect(bytesOf(await sasrec.train(data, options({ ...given, seed: 2 }))).equals(one)).toBe(false);
    expect(bytesOf(await trainInBackground<SequenceModel>('sasrec', data, options(given))).equals(one)).toBe(true);
    expect([1, 2].map((threads) => sasrec.isDeterministic(options({ threads })))).toEqual([true, false]);
  });

  it('tells how far it is, epoch by epoch, with a loss that falls', async () => {
    const reports: TrainingProgress[] = [];
    await sasrec.train(pairedSequences(), options({ epochs: 8 }), { onProgress: (report) => reports.push(report) });
    const ends = reports.filter(({ done, total }) => done === total);
    expect(ends.map(({ phase }) => phase)).toEqual(Array.from({ length: 8 }, (_, i) => `epoch ${i + 1} of 8`));
    expect(ends[7].loss).toBeLessThan(0.8 * reports[0].loss!);
  });

  it('stops early and keeps the best epoch', async () => {
    // Nothing to learn in noise: the rank of what was held back soon gets no better.
    const noise = sequencesFrom(
      Array.from({ length: 60 }, (_, s) =>
        Array.from({ length: 5 }, (_, i) => `t${(s * 7919 + i * i * 104_729 + s * i) % 23}`),
      ),
    );
    const { facts } = await sasrec.train(noise, options({ patience: 3, epochs: 60, learningRate: 0.02 }));
    expect(facts.stoppedEarly).toBe(true);
    expect(Number(facts.epochs)).toBe(Number(facts.bestEpoch) + 3);
    expect(Number(facts.validationMrr)).toBeGreaterThan(0);
  });
});

describe('a run of sasrec that was stopped', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sasrec-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each([
    ['in the middle of an epoch', {}, 'epoch 2 of 3', 0.3],
    ['after an epoch, of a run that stops early', { patience: 2 }, 'epoch 3 of 3', 0],
    ['in the first epoch', { samples: 4 }, 'epoch 1 of 3', 0.3],
  ])('goes on to the same bytes: %s', async (what, given, phase, share) => {
    const data = pairedSequences(60);
    const chosen = options({ ...given, epochs: 3, batchSize: 8 });
    const whole = await sasrec.train(data, chosen);
    const checkpoint = join(folder, `${what.replaceAll(' ', '-')}.checkpoint`);
    const stop = new AbortController();
    const cut = sasrec.train(data, chosen, {
      checkpoint,
      signal: stop.signal,
      onProgress: (report) => report.phase === phase && report.done > share * report.total && stop.abort(),
    });
    expect(await failureOf(cut)).toMatchObject({ code: 'CANCELLED' });
    expect(existsSync(checkpoint)).toBe(true);
    const reports: TrainingProgress[] = [];
    const resumed = await sasrec.train(data, chosen, { checkpoint, onProgress: (report) => reports.push(report) });
    expect(bytesOf(resumed).equals(bytesOf(whole))).toBe(true);
    expect(resumed.facts.resumedFrom).toBe(phase);
    expect(resumed.facts.finalLoss).toBe(whole.facts.finalLoss);
    expect(reports[0].resumedFrom).toBe(phase);
    expect(existsSync(checkpoint)).toBe(false);
  });

  it('begins anew where its options are others', async () => {
    const checkpoint = join(folder, 'other.checkpoint');
    const stop = new AbortController();
    const data = pairedSequences(40);
    const onProgress = ({ phase }: TrainingProgress) => phase === 'epoch 2 of 3' && stop.abort();
    await failureOf(sasrec.train(data, options({ epochs: 3 }), { checkpoint, signal: stop.signal, onProgress }));
    expect(existsSync(checkpoint)).toBe(true);
    const { facts } = await sasrec.train(data, options({ epochs: 3, seed: 9 }), { checkpoint });
    expect(facts.resumedFrom).toBeUndefined();
  });
});

describe('sasrec refuses', () => {
  it.each([
    ['an empty corpus', [], {}, { code: 'EMPTY_CORPUS' }],
    ['sequences of one thing each', [['a'], ['b'], ['c']], {}, { code: 'EMPTY_CORPUS' }],
    ['a vocabulary of one', [['a', 'a', 'a']], {}, { code: 'EMPTY_CORPUS' }],
    [
      'minCount above all counts',
      [
        ['a', 'b'],
        ['a', 'b'],
      ],
      { minCount: 9 },
      { code: 'EMPTY_CORPUS', field: 'minCount' },
    ],
    [
      'an early stop without a sequence of three',
      [
        ['a', 'b'],
        ['b', 'a'],
      ],
      { patience: 2 },
      { code: 'EMPTY_CORPUS', field: 'patience' },
    ],
    ['heads that do not divide the dimension', [['a', 'b']], { heads: 5 }, { code: 'OPTION_INVALID', field: 'heads' }],
    [
      'patience that no run is long enough for',
      [['a', 'b']],
      { patience: 30 },
      { code: 'OPTION_INVALID', field: 'patience' },
    ],
    [
      'bins of amounts that users do not have',
      [['a', 'b']],
      { amountBins: 4 },
      { code: 'OPTION_INVALID', field: 'amountBins' },
    ],
  ])('%s, and says what to do', async (_, lists, given, expected) => {
    const failure = await failureOf(sasrec.train(sequencesFrom(lists), options(given)));
    expect(failure).toMatchObject(expected);
    expect((failure as { remedy: string }).remedy).toMatch(/\w/);
  });

  it.each([{ dimension: 1 }, { dropout: 1 }, { epochs: 0 }, { samples: -1 }, { learningRate: 0 }, { windows: 3 }])(
    '%j as options',
    (given) => {
      expect(() => options(given)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
    },
  );

  it('a softmax over more things than fit with a batch, and says what would', async () => {
    const many = sequencesFrom(Array.from({ length: 65_536 }, (_, s) => [`t${s % 5000}`, `t${(s + 1) % 5000}`]));
    expect(await failureOf(sasrec.train(many, options({ samples: 0, batchSize: 65_536 })))).toMatchObject({
      code: 'OPTION_INVALID',
      field: 'samples',
      remedy: expect.stringContaining('batchSize to 53687 or less'),
    });
  });

  it('attention over more slots, heads and blocks than fit, and says what to lower', async () => {
    const long = sequencesFrom([Array.from({ length: 513 }, (_, i) => `t${i % 7}`)]);
    const given = { maxLength: 512, heads: 64, dimension: 64, blocks: 12, batchSize: 512 };
    expect(await failureOf(sasrec.train(long, options(given)))).toMatchObject({
      code: 'OPTION_INVALID',
      field: 'batchSize',
      remedy: expect.stringContaining('heads'),
    });
  });

  it('a model without its network', async () => {
    const { artifacts } = await sasrec.train(pairedSequences(20), options({ epochs: 1 }));
    const { 'things.json': things } = artifacts;
    expect(await failureOf(openEncoder('sasrec', { 'things.json': things }))).toMatchObject({ code: 'MODEL_CORRUPT' });
  });
});

describe('sasrec stays sound', () => {
  it('at the highest learning rate, and with a sequence of two things', async () => {
    for (const [data, given] of [
      [pairedSequences(40), { learningRate: 1, epochs: 20 }],
      [sequencesFrom([['a', 'b']]), { epochs: 2 }],
    ] as const) {
      const model = await sasrec.train(data, options(given));
      expect(model.input.every(Number.isFinite)).toBe(true);
      expect(model.outputBias!.every(Number.isFinite)).toBe(true);
    }
  });

  it('whatever the amounts are: it does not look at them', async () => {
    const data = pairedSequences(30);
    const amounts = Float32Array.from(data.things, (_, at) => [Number.NaN, Number.POSITIVE_INFINITY, -3][at % 3]);
    const [without, with_] = await Promise.all(
      [data, { ...data, amounts }].map((sequences) => sasrec.train(sequences, options({ epochs: 2 }))),
    );
    expect(bytesOf(with_).equals(bytesOf(without))).toBe(true);
  });

  it('and stops within a call when it is cancelled', async () => {
    const stop = new AbortController();
    let reports = 0;
    const work = sasrec.train(pairedSequences(), options({ batchSize: 8, epochs: 1000 }), {
      signal: stop.signal,
      onProgress: () => ++reports === 3 && stop.abort(),
    });
    expect(await failureOf(work)).toMatchObject({ code: 'CANCELLED' });
    expect(reports).toBe(3);
  });
});
