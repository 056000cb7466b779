/** Item evaluation on histories small enough to work out by hand, and the rivals against their textbook definitions. */
import { evaluateItems } from '../../../src/training/evaluation/items';
import { leaveOneOut } from '../../../src/training/evaluation/leave-one-out';
import { newestItems, questionOf, scoreAll } from '../../../src/training/evaluation/recommendation';
import { Random } from '../../../src/training/kernels/random';
import { corpusOf, type Histories, HistoryBuilder } from '../../../src/training/sequence2vec/histories';
import { word2vec } from '../../../src/training/sequence2vec/word2vec';
import type { EmbeddingModel } from '../../../src/training/trainer';
import { parseOptions } from '../../../src/training/trainers';

/** `people` with one of two tastes, 12 of the taste's 30 items each; `item 0` is everybody's. */
function twoTastes(people: number): Histories {
  const random = Random.seeded(3);
  const builder = new HistoryBuilder();
  for (let person = 0; person < people; person++) {
    const items = random.shuffle(Array.from({ length: 30 }, (_, i) => `taste ${person % 2} item ${i}`)).slice(0, 12);
    for (const itemId of ['item 0', ...items]) builder.add({ userId: `p${person}`, itemId, occurredAt: new Date(0) });
  }
  return builder.build();
}

/** Knows nothing but a number for each item. */
function fixedModel(ids: string[], scores: number[]): EmbeddingModel {
  return {
    ids,
    dimension: 1,
    input: new Float32Array(ids.length),
    output: new Float32Array(ids.length),
    outputBias: Float32Array.from(scores),
    frequencies: new Uint32Array(ids.length).fill(1),
    facts: {},
  };
}

function histories(lines: readonly string[]): Histories {
  const builder = new HistoryBuilder();
  lines.forEach((line, user) => {
    [...line].forEach((itemId, day) => {
      builder.add({ userId: `${user}`, itemId, occurredAt: new Date(day) });
    });
  });
  return builder.build();
}

describe('evaluating items', () => {
  test('ranks the hidden item among all that the user has not seen', () => {
    // The newest item of each is hidden: e and c.
    const split = leaveOneOut(histories(['abcde', 'edc']), 1);
    // For the first user e is behind nobody unseen (a to d are seen); for the second c is behind a and b.
    const model = fixedModel([...'abcde'], [5, 4, 3, 2, 1]);
    const { metrics, sampled, primary } = evaluateItems(model, split, { k: 2 });
    expect(metrics).toEqual({ 'hr@2': 0.5, 'ndcg@2': 0.5 });
    expect(evaluateItems(model, split, { k: 3 }).metrics).toEqual({ 'hr@3': 1, 'ndcg@3': (1 + 0.5) / 2 });
    expect(sampled).toBe(false);
    expect(primary).toBe('hr@2');
  });

  test('counts ties against the model and unknown items as missed', () => {
    const split = leaveOneOut(histories(['ab', 'cd', 'ef']), 1);
    const tied = fixedModel([...'abcdef'], [1, 1, 1, 1, 1, 1]);
    expect(evaluateItems(tied, split, { k: 4 }).metrics['hr@4']).toBe(0);
    const forgetful = fixedModel([...'acde'], [1, 1, 2, 1]);
    // Of b, d and f it knows d alone.
    expect(evaluateItems(forgetful, split, { k: 10 }).metrics['hr@10']).toBeCloseTo(1 / 3);
  });

  test('asks no more users than it may, and says how many', () => {
    const split = leaveOneOut(twoTastes(40), 1);
    const model = fixedModel([...split.train.itemIds], [...split.train.itemIds.keys()]);
    const evaluation = evaluateItems(model, split, { maxUsers: 7, seed: 2 });
    expect(evaluation.protocol).toContain('7 of 40 users, seed 2');
    expect((evaluation.metrics['hr@10'] * 7) % 1).toBeCloseTo(0);
  });

  test('has popularity and item kNN give what their definitions say', () => {
    const split = leaveOneOut(histories(['abx', 'aby', 'acy', 'bcx', 'ac', 'cb']), 1);
    const { train, hidden } = split;
    const evaluation = evaluateItems(fixedModel(['a'], [0]), split, { k: 1 });
    const sets = Array.from(
      { length: 6 },
      (_, user) => new Set(train.items.subarray(train.offsets[user], train.offsets[user + 1])),
    );
    const users = (item: number) => sets.flatMap((set, user) => (set.has(item) ? [user] : []));
    const similarity = (i: number, j: number) =>
      users(i).filter((user) => users(j).includes(user)).length / Math.sqrt(users(i).length * users(j).length);
    const hits = (score: (user: number, item: number) => number) =>
      sets.filter((seen, user) => {
        const unseen = [...train.itemIds.keys()].filter((item) => !seen.has(item));
        const own = score(user, hidden[user]);
        return own > 0 && unseen.every((item) => item === hidden[user] || score(user, item) < own);
      }).length / sets.length;
    const [popularity, neighbours] = evaluation.baselines;
    expect(popularity).toMatchObject({ name: 'popularity', plain: true });
    expect(popularity.metrics['hr@1']).toBeCloseTo(hits((_, item) => users(item).length));
    expect(neighbours).toMatchObject({ name: 'item kNN', plain: false });
    expect(neighbours.metrics['hr@1']).toBeCloseTo(
      hits((user, item) =>
        [...sets[user]].reduce((sum, seen) => sum + (users(item).length ? similarity(seen, item) : 0), 0),
      ),
    );
  });

  test('finds that word2vec has learnt two tastes, which popularity cannot', async () => {
    const split = leaveOneOut(twoTastes(300), 1);
    const options = parseOptions(word2vec, { dimension: 16, epochs: 20, learningRate: 0.05 });
    const model = await word2vec.train(corpusOf(split.train), options);
    const { metrics, baselines } = evaluateItems(model, split, { k: 19 });
    // Each has 19 unseen items of the same taste, 30 of the other; "item 0" is one more and sometimes the hidden one.
    expect(metrics['hr@19']).toBeGreaterThan(0.9);
    expect(baselines[0].metrics['hr@19']).toBeLessThan(0.6);
  });
});

describe('recommendation', () => {
  test('asks with the sum of the history over the root of its length, and a 1 for the bias', () => {
    expect([
      ...questionOf(
        [
          [1, 2],
          [3, 4],
          [5, 6],
          [7, 8],
        ],
        2,
      ),
    ]).toEqual([8, 10, 1]);
    expect([...questionOf([[1, 2]], 2)]).toEqual([1, 2, 1]);
    expect([...questionOf([], 2)]).toEqual([0, 0, 1]);
  });

  test('scores by output vector and bias, so that an empty history asks for what is popular', () => {
    const model = { dimension: 2, output: Float32Array.from([1, 0, 0, 2]), outputBias: Float32Array.from([0.5, -1]) };
    expect([...scoreAll(Float32Array.from([3, 4, 1]), model)]).toEqual([3.5, 7]);
    expect([...scoreAll(questionOf([], 2), model)]).toEqual([0.5, -1]);
  });

  test('takes the newest different items', () => {
    expect(newestItems(Int32Array.from([1, 2, 3, 2, 4, 4]), 3)).toEqual([4, 2, 3]);
    expect(newestItems(Int32Array.from([1, 2]))).toEqual([2, 1]);
  });
});
