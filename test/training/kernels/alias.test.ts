import fc from 'fast-check';
import { buildAliasTable, drawFrom } from '../../../src/training/kernels/alias';
import { Random, scaled } from '../../../src/training/kernels/random';

describe('the alias table', () => {
  test('holds exactly the distribution of its weights', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 50 }), (weights) => {
        const total = weights.reduce((a, b) => a + b, 0);
        fc.pre(total > 0);
        const table = buildAliasTable(weights);
        const chance = new Float64Array(weights.length);
        for (let column = 0; column < weights.length; column++) {
          const own = table[2 * column] / 2 ** 32;
          chance[column] += own / weights.length;
          chance[table[2 * column + 1]] += (1 - own) / weights.length;
        }
        weights.forEach((weight, thing) => {
          expect(chance[thing]).toBeCloseTo(weight / total, 6);
          if (weight === 0) expect(chance[thing]).toBe(0);
        });
      }),
    );
  });

  test('draws in proportion to the weights', () => {
    const weights = [1, 0, 3, 6];
    const table = buildAliasTable(weights);
    const random = Random.seeded(1);
    const drawn = [0, 0, 0, 0];
    for (let i = 0; i < 100_000; i++) drawn[drawFrom(table, random)]++;
    expect(drawn[1]).toBe(0);
    // Three standard deviations of a binomial are at most 475 here.
    expect(Math.abs(drawn[0] - 10_000)).toBeLessThan(475);
    expect(Math.abs(drawn[2] - 30_000)).toBeLessThan(475);
    expect(Math.abs(drawn[3] - 60_000)).toBeLessThan(475);
  });
});

describe('the random numbers', () => {
  test('scale a word to a limit without losing a bit', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 32 - 1), fc.integer({ min: 1, max: 2 ** 31 - 1 }), (word, limit) => {
        expect(scaled(word, limit)).toBe(Number((BigInt(word) * BigInt(limit)) >> 32n));
      }),
    );
  });

  test('belong to their path: the same again, and others for any other path', () => {
    const words = (...path: number[]) => {
      const random = Random.seeded(...path);
      return [random.word(), random.word(), random.word()];
    };
    expect(words(1, 2, 3)).toEqual(words(1, 2, 3));
    const paths = [[1], [2], [1, 0], [0, 1], [1, 2], [2, 1], [2 ** 32], [2 ** 40, 1], [1, 2 ** 40]];
    expect(new Set(paths.map((path) => words(...path).join())).size).toBe(paths.length);
  });

  test('shuffle fairly', () => {
    const random = Random.seeded(3);
    const first = [0, 0, 0, 0];
    for (let i = 0; i < 40_000; i++) first[random.shuffle([0, 1, 2, 3])[0]]++;
    for (const count of first) expect(Math.abs(count - 10_000)).toBeLessThan(300);
  });
});
