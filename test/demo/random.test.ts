import fc from 'fast-check';
import { Random, WeightedChoice } from '../../src/demo/random';

describe('Random', () => {
  it('repeats itself for the same seed and stream, and differs for another of either', () => {
    const draw = (seed: number, stream: string) => {
      const random = new Random(seed, stream);
      return Array.from({ length: 8 }, () => random.uniform());
    };
    expect(draw(7, 'people')).toEqual(draw(7, 'people'));
    expect(draw(7, 'people')).not.toEqual(draw(8, 'people'));
    expect(draw(7, 'people')).not.toEqual(draw(7, 'sessions'));
  });

  it('stays within the bounds that it is given, whatever the seed', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: -50, max: 50 }), fc.nat({ max: 50 }), (seed, low, span) => {
        const random = new Random(seed, 'bounds');
        for (let i = 0; i < 50; i += 1) {
          const whole = random.integer(low, low + span);
          expect(Number.isInteger(whole) && whole >= low && whole <= low + span).toBe(true);
          const uniform = random.uniform();
          expect(uniform >= 0 && uniform < 1).toBe(true);
        }
      }),
    );
  });

  it('has the moments that its distributions claim', () => {
    const random = new Random(3, 'moments');
    const n = 40_000;
    const mean = (draw: () => number) => Array.from({ length: n }, draw).reduce((sum, x) => sum + x, 0) / n;
    expect(mean(() => random.uniform())).toBeCloseTo(0.5, 1);
    expect(mean(() => random.normal())).toBeCloseTo(0, 1);
    expect(mean(() => random.normal() ** 2)).toBeCloseTo(1, 1);
    expect(mean(() => random.exponential(3)) / 3).toBeCloseTo(1, 1);
    expect(mean(() => random.poisson(2.5)) / 2.5).toBeCloseTo(1, 1);
  });
});

describe('WeightedChoice', () => {
  it('draws in proportion to the weights and never what weighs nothing', () => {
    const weights = [0, 1, 3, 0, 6];
    const choice = new WeightedChoice(weights);
    const random = new Random(11, 'choice');
    const counts = weights.map(() => 0);
    for (let i = 0; i < 50_000; i += 1) counts[choice.draw(random)] += 1;
    expect(counts[0]).toBe(0);
    expect(counts[3]).toBe(0);
    for (const i of [1, 2, 4]) expect(Math.abs(counts[i] / 50_000 - weights[i] / 10)).toBeLessThan(0.01);
  });

  it('refuses weights that leave nothing to draw', () => {
    expect(() => new WeightedChoice([0, 0])).toThrow(RangeError);
    expect(() => new WeightedChoice([])).toThrow(RangeError);
  });
});
