/** Rank correlation and word similarity, against values worked out by hand. */
import fc from 'fast-check';
import { measureWordSimilarity, spearman } from '../../../src/training/evaluation/word-similarity';

describe("Spearman's rank correlation", () => {
  test('is that of the textbook formula where nothing is tied', () => {
    // Differences of ranks: 1, -1, 0, 1, -1, so 1 - 6 x 4 / (5 x 24).
    expect(spearman([10, 20, 30, 40, 50], [2, 1, 3, 5, 4])).toBeCloseTo(1 - 24 / 120, 12);
    expect(spearman([1, 2, 3], [100, 1000, 1001])).toBeCloseTo(1, 12);
    expect(spearman([1, 2, 3], [3, 2, 1])).toBeCloseTo(-1, 12);
  });

  test('gives tied values the mean of their ranks', () => {
    // Ranks 0, 1.5, 1.5, 3 and 0, 1, 2, 3: covariance 4.5, squares 4.5 and 5.
    expect(spearman([1, 7, 7, 9], [1, 2, 3, 4])).toBeCloseTo(4.5 / Math.sqrt(4.5 * 5), 12);
  });

  test('is undefined where there is nothing to rank', () => {
    expect(spearman([], [])).toBeNaN();
    expect(spearman([1], [2])).toBeNaN();
    expect(spearman([1, 2], [3, 3])).toBeNaN();
    expect(() => spearman([1], [1, 2])).toThrow(RangeError);
  });

  test('only the order counts, and both sides count alike', () => {
    const values = fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 9 })), { minLength: 2 });
    fc.assert(
      fc.property(values, (pairs) => {
        const x = pairs.map(([a]) => a);
        const y = pairs.map(([, b]) => b);
        const rho = spearman(x, y);
        if (Number.isNaN(rho)) return;
        expect(Math.abs(rho)).toBeLessThanOrEqual(1 + 1e-12);
        expect(spearman(y, x)).toBeCloseTo(rho, 12);
        expect(spearman(x.map(Math.exp), y)).toBeCloseTo(rho, 12);
        const negated = x.map((value) => -value);
        expect(spearman(negated, y)).toBeCloseTo(-rho, 12);
      }),
    );
  });
});

describe('word similarity', () => {
  // Cosines: cat and dog 1 / sqrt(2), cat and car 0, dog and car 1 / sqrt(2) less nothing.
  const vectors = {
    ids: ['cat', 'dog', 'car', 'nothing'],
    dimension: 2,
    input: Float32Array.from([2, 0, 1, 1, 0, 3, 0, 0]),
  };

  test('compares the order of the cosines with the order of the scores', async () => {
    const pairs = [
      { a: 'cat', b: 'cat', score: 10 },
      { a: 'cat', b: 'dog', score: 7 },
      { a: 'cat', b: 'car', score: 1 },
    ];
    expect(await measureWordSimilarity(pairs, vectors)).toEqual({ spearman: 1, compared: 3, skipped: 0, encoded: 0 });
    const against = pairs.map((pair) => ({ ...pair, score: -pair.score }));
    expect((await measureWordSimilarity(against, vectors)).spearman).toBeCloseTo(-1, 12);
  });

  test('leaves out pairs with an unknown word and counts them', async () => {
    const pairs = [
      { a: 'cat', b: 'cats', score: 10 },
      { a: 'cat', b: 'dog', score: 7 },
      { a: 'car', b: 'cat', score: 5 },
      { a: 'nothing', b: 'cat', score: 3 },
    ];
    expect(await measureWordSimilarity(pairs, vectors)).toEqual({ spearman: 1, compared: 2, skipped: 2, encoded: 0 });
  });

  test('asks the encoder for unknown words, each once, and leaves out what it does not know either', async () => {
    const asked: string[][] = [];
    const encode = async (words: readonly string[]) => {
      asked.push([...words]);
      return Float32Array.from(words.flatMap((word) => (word === 'cats' ? [1, 0.1] : [0, 0])));
    };
    const pairs = [
      { a: 'cat', b: 'cats', score: 10 },
      { a: 'cats', b: 'dog', score: 7 },
      { a: 'cats', b: 'car', score: 5 },
      { a: 'qqq', b: 'cat', score: 3 },
    ];
    expect(await measureWordSimilarity(pairs, vectors, { encode })).toEqual({
      spearman: 1,
      compared: 3,
      skipped: 1,
      encoded: 1,
    });
    expect(asked).toEqual([['cats', 'qqq']]);
  });
});
