import { Random } from '../../../src/training/onnx/random';

describe('seeded random numbers', () => {
  it('repeat for a seed and differ between seeds', () => {
    const draw = (seed: number) =>
      Array.from(
        { length: 20 },
        (
          (random) => () =>
            random.next()
        )(new Random(seed)),
      );
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
  });

  it('are uniform: a chi-square over 64 bins stays within five deviations', () => {
    const random = new Random(5);
    const bins = new Uint32Array(64);
    for (let i = 0; i < 64_000; i++) bins[random.below(64)]++;
    const chiSquare = bins.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    expect(Math.abs(chiSquare - 63)).toBeLessThan(5 * Math.sqrt(2 * 63));
  });

  it('are normal: mean 0, variance 1, kurtosis 3', () => {
    const random = new Random(6);
    const values = Float64Array.from({ length: 100_000 }, () => random.normal());
    const moment = (power: number) => values.reduce((sum, value) => sum + value ** power, 0) / values.length;
    expect(moment(1)).toBeCloseTo(0, 1);
    expect(moment(2)).toBeCloseTo(1, 1);
    expect(moment(4) / 3).toBeCloseTo(1, 1);
  });

  it('shuffle into a permutation that reaches every place', () => {
    const firsts = new Set<number>();
    for (let seed = 0; seed < 200; seed++) {
      const shuffled = new Random(seed).shuffle(Int32Array.of(0, 1, 2, 3, 4));
      expect([...shuffled].sort()).toEqual([0, 1, 2, 3, 4]);
      firsts.add(shuffled[0]);
    }
    expect(firsts.size).toBe(5);
  });
});
