/** Halves of sequences that look for each other. */
import {
  evaluateSequenceHalves,
  trainAndEvaluateSequenceHalves,
} from '../../../src/training/evaluation/sequence-halves';
import { Random } from '../../../src/training/kernels/random';
import { doc2vec } from '../../../src/training/sequence2vec/doc2vec/doc2vec';
import { type EventSequences, EventSequencesBuilder } from '../../../src/training/sequence2vec/event-sequences';
import { halveSequences } from '../../../src/training/sequence2vec/halves';
import { parseOptions } from '../../../src/training/trainers';

function sequencesOf(histories: readonly (readonly string[])[]): EventSequences {
  const builder = new EventSequencesBuilder(['channel']);
  histories.forEach((things, key) => {
    things.forEach((thing, at) => {
      builder.add({ key: `s${key}`, thing, occurredAt: at, amount: at, categories: [`c${at % 2}`] });
    });
  });
  return builder.build();
}

/** Everybody has five favourites of their own among 60 things, and strays once in four. */
function favourites(count: number, length = 24): EventSequences {
  const random = Random.seeded(3);
  const histories = Array.from({ length: count }, () => {
    const own = Array.from({ length: 5 }, () => random.below(60));
    return Array.from({ length }, () => `t${random.below(4) === 0 ? random.below(60) : own[random.below(5)]}`);
  });
  return sequencesOf(histories);
}

describe('halves of sequences', () => {
  const sequences = sequencesOf([
    ['a', 'b', 'c', 'd', 'e'],
    ['x', 'y', 'z'],
    ['p', 'q', 'r', 's'],
  ]);
  const textOf = ({ offsets, things, ids }: EventSequences) =>
    Array.from({ length: offsets.length - 1 }, (_, s) =>
      [...things.subarray(offsets[s], offsets[s + 1])].map((thing) => ids[thing]).join(''),
    );

  test('are every other event, or the earlier and the later ones; what is too short is only learned from', () => {
    const alternate = halveSequences(sequences);
    expect([textOf(alternate.first), textOf(alternate.second)]).toEqual([
      ['ace', 'pr'],
      ['bd', 'qs'],
    ]);
    expect(textOf(alternate.training)).toEqual(['ace', 'pr', 'xyz']);
    expect(alternate.training.keys).toEqual(['s0', 's2', 's1']);
    const middle = halveSequences(sequences, 'middle');
    expect([textOf(middle.first), textOf(middle.second)]).toEqual([
      ['abc', 'pq'],
      ['de', 'rs'],
    ]);
  });

  test('keep times, amounts and categories of their events', () => {
    const { second } = halveSequences(sequences);
    expect([...second.times]).toEqual([1, 3, 1, 3]);
    expect([...(second.amounts ?? [])]).toEqual([1, 3, 1, 3]);
    expect([...second.categories[0].codes].map((code) => second.categories[0].values[code])).toEqual(
      new Array(4).fill('c1'),
    );
  });
});

describe('the evaluation by halves', () => {
  const halves = halveSequences(favourites(60));
  const encoderOf = (vectorOf: (thing: number, at: number) => number) => ({
    dimension: 60,
    sequence: async ({ offsets, things }: EventSequences) => {
      const vectors = new Float32Array((offsets.length - 1) * 60);
      for (let s = 0; s + 1 < offsets.length; s++) {
        for (let at = offsets[s]; at < offsets[s + 1]; at++) vectors[s * 60 + things[at]] += vectorOf(things[at], at);
      }
      return vectors;
    },
  });

  test('gives counts as vectors exactly what the bag of counts gives, far above chance', async () => {
    const { metrics, baselines, primary, sampled, protocol } = await evaluateSequenceHalves(
      encoderOf(() => 1),
      halves,
    );
    const [chance, counts] = baselines;
    for (const name of Object.keys(metrics)) expect(metrics[name]).toBeCloseTo(counts.metrics[name], 10);
    expect(chance).toMatchObject({ name: 'chance', plain: true });
    expect(chance.metrics['hr@10']).toBeCloseTo(10 / 60, 10);
    expect(metrics.mrr).toBeGreaterThan(10 * chance.metrics.mrr);
    expect({ primary, sampled }).toEqual({ primary: 'mrr', sampled: false });
    expect(protocol).toContain('60 of 60 second halves');
  });

  test('counts ties and missing vectors against the model', async () => {
    const all = await evaluateSequenceHalves(
      encoderOf(() => 0),
      halves,
    );
    expect(all.metrics.mrr).toBeCloseTo(1 / 60, 10);
    const same = { dimension: 1, sequence: async (of: EventSequences) => new Float32Array(of.keys.length).fill(1) };
    expect((await evaluateSequenceHalves(same, halves)).metrics['hr@10']).toBe(0);
  });

  test('says that ranks are among a sample where it draws one', async () => {
    const drawn = await evaluateSequenceHalves(
      encoderOf(() => 1),
      halves,
      { maxSequences: 20 },
    );
    expect(drawn.sampled).toBe(true);
    expect(drawn.baselines[0].metrics['hr@1']).toBeCloseTo(1 / 20, 10);
    expect(drawn.protocol).toContain('20 of 60');
  });

  test('trains doc2vec on first halves, which then find second halves that it never saw', async () => {
    const options = parseOptions(doc2vec, { dimension: 16, epochs: 40, inferenceEpochs: 40, learningRate: 0.1 });
    const evaluation = await trainAndEvaluateSequenceHalves('doc2vec', favourites(60), options, { seed: 1 });
    expect(evaluation?.metrics.mrr).toBeGreaterThan(8 * Number(evaluation?.baselines[0].metrics.mrr));
  });

  test('is left out where there is too little to cut, or halves are too short for the options', async () => {
    const options = parseOptions(doc2vec, {});
    const job = (sequences: EventSequences, given: unknown = options) =>
      trainAndEvaluateSequenceHalves('doc2vec', sequences, given, { seed: 1 });
    expect(
      await job(
        sequencesOf([
          ['a', 'b', 'c', 'd'],
          ['a', 'b'],
        ]),
      ),
    ).toBeUndefined();
    const wide = parseOptions(doc2vec, { architecture: 'dm', combine: 'concatenation', window: 20 });
    expect(await job(favourites(10, 24), wide)).toBeUndefined();
    await expect(
      trainAndEvaluateSequenceHalves('word3vec', favourites(10), options, { seed: 1 }),
    ).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  });
});
