/** What is asked, how ranks are counted, and that each rival says what its definition says. */
import fc from 'fast-check';
import {
  evaluateNextItems,
  meanLogLikelihood,
  measureNextItems,
  trainAndEvaluateNextItems,
} from '../../../src/training/evaluation/next-item';
import {
  byMarkovChain,
  byPopularity,
  bySessionKnn,
  type NextItemScorer,
} from '../../../src/training/evaluation/next-item-baselines';
import {
  drawQuestions,
  everyNextItem,
  leftForEarlyStopping,
  type NextItemQuestions,
  splitNextItems,
  withoutLast,
} from '../../../src/training/evaluation/next-item-questions';
import type { EventSequences } from '../../../src/training/sequence2vec/event-sequences';
import { sasrec } from '../../../src/training/sequence2vec/sasrec/sasrec';
import { word2vec } from '../../../src/training/sequence2vec/word2vec';
import { parseOptions } from '../../../src/training/trainers';
import { pairedSequences, SMALL, sequencesFrom } from '../sequence2vec/sasrec/sample-sequences';

const LISTS = [['a', 'b', 'c', 'd'], ['b', 'c'], ['d', 'a', 'b'], ['e']];
const SEQUENCES = sequencesFrom(LISTS);

const listsOf = ({ keys, ids, offsets, things }: EventSequences) =>
  keys.map((_, s) => [...things.subarray(offsets[s], offsets[s + 1])].map((thing) => ids[thing]).join(''));
const hiddenOf = ({ hidden, whole }: NextItemQuestions) => [...hidden].map((thing) => whole.ids[thing]);

describe('the split', () => {
  it('asks for the last thing and the one before it, and learns from the rest; short sequences stay whole', () => {
    const { training, validation, test } = splitNextItems(SEQUENCES);
    expect(listsOf(training)).toEqual(['ab', 'bc', 'd', 'e']);
    expect([listsOf(validation.histories), hiddenOf(validation)]).toEqual([
      ['ab', 'd'],
      ['c', 'a'],
    ]);
    expect([listsOf(test.histories), hiddenOf(test)]).toEqual([
      ['abc', 'da'],
      ['d', 'b'],
    ]);
    expect(listsOf(withoutLast(SEQUENCES, 1))).toEqual(['abc', 'bc', 'da', 'e']);
    // Who holds the last of three back itself learns from no more than its rivals.
    expect(listsOf(leftForEarlyStopping(SEQUENCES))).toEqual(['abc', 'bc', 'd', 'e']);
  });

  it('asks every event from the second on where every one is asked', () => {
    const questions = everyNextItem(SEQUENCES);
    expect(listsOf(questions.histories)).toEqual(['a', 'ab', 'abc', 'b', 'd', 'da']);
    expect(hiddenOf(questions).join('')).toBe('bcdcab');
  });

  it('draws some of the questions by seed, whole and in their order', () => {
    const questions = everyNextItem(pairedSequences(50));
    const [some, again, others] = [1, 1, 2].map((seed) => drawQuestions(questions, 20, seed));
    expect([listsOf(some.histories), hiddenOf(some)]).toEqual([listsOf(again.histories), hiddenOf(again)]);
    expect(listsOf(some.histories)).not.toEqual(listsOf(others.histories));
    expect(some.hidden).toHaveLength(20);
    const pairs = new Set(listsOf(questions.histories).map((list, i) => list + hiddenOf(questions)[i]));
    listsOf(some.histories).forEach((list, i) => {
      expect(pairs.has(list + hiddenOf(some)[i])).toBe(true);
    });
    expect(drawQuestions(questions, 1e6, 1)).toBe(questions);
  });
});

describe('ranks', () => {
  const { test } = splitNextItems(SEQUENCES);
  const fixed =
    (scores: Record<string, number>): NextItemScorer =>
    (_, candidates) =>
      Float64Array.from(candidates, (thing) => scores[SEQUENCES.ids[thing]]);

  it('count what is ahead, and ties against the one who scores', () => {
    // Hidden are d (third, tied with c) and b (first).
    const measured = measureNextItems(fixed({ b: 5, a: 4, c: 3, d: 3, e: 1 }), test, { k: 3 });
    expect(measured['hr@3']).toBe(0.5);
    expect(measured['ndcg@3']).toBe(0.5);
    expect(measured.mrr).toBeCloseTo((1 / 4 + 1) / 2, 12);
    const wider = measureNextItems(fixed({ b: 5, a: 4, c: 3, d: 3, e: 1 }), test, { k: 4 });
    expect(wider['ndcg@4']).toBeCloseTo((1 / Math.log2(5) + 1) / 2, 12);
  });

  it.each([
    ['all the same', 1],
    ['not a number', Number.NaN],
    ['nothing', Number.NEGATIVE_INFINITY],
  ])('gain nothing from scores that are %s', (_, score) => {
    const measured = measureNextItems(() => new Float64Array(5).fill(score), test, { k: 4 });
    expect(measured['hr@4']).toBe(0);
  });

  it('among negatives are among things that the sequence never had, the same for whoever is asked', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.nat(100), (negatives, seed) => {
        const sequences = pairedSequences(12, seed);
        const questions = splitNextItems(sequences).test;
        const asked: number[][] = [];
        measureNextItems(
          (question, candidates) => {
            const sequence = questions.sequenceOf[question];
            const own = new Set(
              sequences.things.subarray(sequences.offsets[sequence], sequences.offsets[sequence + 1]),
            );
            const [hidden, ...others] = candidates;
            expect(hidden).toBe(questions.hidden[question]);
            expect(others.some((thing) => own.has(thing))).toBe(false);
            expect(new Set(others).size).toBe(Math.min(negatives, sequences.ids.length - own.size));
            asked.push([...candidates]);
            return Float64Array.from(candidates, () => 0);
          },
          questions,
          { negatives, seed },
        );
        const again: number[][] = [];
        measureNextItems((_, candidates) => Float64Array.from(again[again.push([...candidates]) - 1]), questions, {
          negatives,
          seed,
        });
        expect(again).toEqual(asked);
      }),
      { numRuns: 30, seed: 2 },
    );
  });
});

describe('the rivals', () => {
  const training = sequencesFrom([
    ['a', 'b', 'a', 'c'],
    ['a', 'b', 'd'],
    ['c', 'd'],
    ['a', 'a'],
  ]);
  const number = (thing: string) => training.ids.indexOf(thing);
  const all = Int32Array.from(training.ids.keys());
  const ask = (...lists: string[][]) => {
    const { keys, offsets, things, ids, times } = sequencesFrom([training.ids as string[], ...lists]);
    const cut = offsets[1];
    return {
      keys: keys.slice(1).map((key) => `new ${key}`),
      ids,
      offsets: offsets.slice(1).map((offset) => offset - cut),
      things: things.slice(cut),
      times: times.slice(cut),
      categories: [],
    };
  };

  it('popularity is the share of events, one more of each', () => {
    const scores = byPopularity(training)(0, all);
    expect(Math.exp(scores[number('a')])).toBeCloseTo((5 + 1) / (11 + 4), 12);
    expect(Math.exp(scores[number('b')])).toBeCloseTo((2 + 1) / (11 + 4), 12);
  });

  it('the Markov chain is a distribution over what followed the last thing, backed by popularity', () => {
    const scores = byMarkovChain(training, ask(['d', 'a']), 2)(0, all);
    // After a: b twice, c once, a once.
    expect(Math.exp(scores[number('b')])).toBeCloseTo((2 + (2 * 3) / 15) / 6, 12);
    expect(Math.exp(scores[number('d')])).toBeCloseTo((2 * 3) / 15 / 6, 12);
    expect(scores.reduce((sum, score) => sum + Math.exp(score), 0)).toBeCloseTo(1, 12);
  });

  it('session kNN adds up the cosines of the neighbours that have a thing', () => {
    const scores = bySessionKnn(training, ask(['d', 'b']))(0, all);
    // d weighs 1/2 and b 1: with {a, b, c} 1 / sqrt(3), with {a, b, d} 1.5 / sqrt(3), with {c, d} 0.5 / sqrt(2), over |(0.5, 1)|.
    const length = Math.hypot(0.5, 1);
    expect(scores[number('a')]).toBeCloseTo(2.5 / Math.sqrt(3) / length, 12);
    expect(scores[number('c')]).toBeCloseTo((1 / Math.sqrt(3) + 0.5 / Math.sqrt(2)) / length, 12);
    const nearest = bySessionKnn(training, ask(['d', 'b']), { neighbours: 1 })(0, all);
    expect(nearest[number('c')]).toBe(0);
    expect(nearest[number('a')]).toBeCloseTo(1.5 / Math.sqrt(3) / length, 12);
    // The newest of those with a thing in common is {c, d}.
    const newest = bySessionKnn(training, ask(['d', 'b']), { sample: 1 })(0, all);
    expect(newest[number('a')]).toBe(0);
    expect(newest[number('c')]).toBeGreaterThan(0);
  });

  it('session kNN is not its own neighbour, and knows nothing of a sequence without neighbours', () => {
    const own = bySessionKnn(training, training)(3, all);
    expect(own[number('b')]).toBeGreaterThan(0);
    const lonely = sequencesFrom([
      ['a', 'b'],
      ['c', 'd'],
    ]);
    expect([...bySessionKnn(lonely, lonely)(0, all)]).toEqual([0, 0, 0, 0]);
  });

  it('leave what they add up ready for the next question', () => {
    const histories = ask(['a'], ['c']);
    for (const score of [byMarkovChain(training, histories), bySessionKnn(training, histories)]) {
      const first = [...score(1, all)];
      score(0, all);
      expect([...score(1, all)]).toEqual(first);
    }
  });

  it('have a likelihood: that of the chain on its own sequences is better than that of popularity', () => {
    const questions = everyNextItem(pairedSequences());
    const chain = meanLogLikelihood(byMarkovChain(questions.whole, questions.histories), questions);
    const popular = meanLogLikelihood(byPopularity(questions.whole), questions);
    expect(popular).toBeLessThan(chain);
    expect(chain).toBeLessThan(0);
  });
});

describe('training and evaluating in one job', () => {
  const sequences = pairedSequences(150);

  it('reports a model that looks back ahead of a chain that looks at the last thing', async () => {
    const options = parseOptions(sasrec, { ...SMALL, dropout: 0 });
    const evaluation = await trainAndEvaluateNextItems('sasrec', sequences, options, { seed: 4, k: 1 });
    expect(evaluation).toMatchObject({ sampled: false, primary: 'hr@1' });
    expect(evaluation!.protocol).toContain('among all 9 things');
    expect(evaluation!.baselines.map(({ name, plain }) => [name, plain])).toEqual([
      ['popularity', true],
      ['Markov chain', false],
      ['session kNN', false],
    ]);
    for (const { metrics } of evaluation!.baselines) expect(metrics['hr@1']).toBeLessThan(evaluation!.metrics['hr@1']);
    expect(evaluation!.metrics['hr@1']).toBeGreaterThan(0.6);
  });

  it('labels a sample, and asks word2vec by its input vectors', async () => {
    const options = parseOptions(word2vec, { dimension: 8, window: 2, epochs: 5 });
    const evaluation = await trainAndEvaluateNextItems('word2vec', sequences, options, {
      seed: 4,
      negatives: 3,
      maxSequences: 50,
    });
    expect(evaluation).toMatchObject({ sampled: true, primary: 'hr@10' });
    expect(evaluation!.protocol).toContain('3 things drawn from those it never had');
    expect(evaluation!.protocol).toMatch(/50 of \d+ sequences, seed 4/);
    expect(evaluation!.metrics['hr@10']).toBe(1);
  });

  it('gives nothing where too little is left to learn from, which is no fault of the whole', async () => {
    const triples = sequencesFrom(Array.from({ length: 20 }, (_, i) => (i % 2 ? ['a', 'b', 'c'] : ['c', 'b', 'a'])));
    for (const more of [{}, { patience: 1, epochs: 2 }]) {
      const options = parseOptions(sasrec, { ...SMALL, ...more });
      expect(await trainAndEvaluateNextItems('sasrec', triples, options, {})).toBeUndefined();
      expect((await sasrec.train(triples, options)).ids).toHaveLength(3);
    }
  });

  it('gives nothing where no sequence has three events', async () => {
    const options = parseOptions(sasrec, SMALL);
    expect(await trainAndEvaluateNextItems('sasrec', sequencesFrom([['a', 'b']]), options, {})).toBeUndefined();
  });

  it('counts as sampled only what is', () => {
    const { training, test } = splitNextItems(sequences);
    expect(evaluateNextItems(byPopularity(training), training, test).sampled).toBe(false);
  });
});
