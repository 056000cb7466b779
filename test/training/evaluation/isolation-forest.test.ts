import { areaUnderRoc } from '../../../src/training/evaluation/fraud-metrics';
import { IsolationForest, meanPathLength } from '../../../src/training/evaluation/isolation-forest';
import { Random } from '../../../src/training/kernels/random';

function matrix(rows: readonly (readonly number[])[]) {
  return { columns: rows[0].map((_, j) => `f${j}`), rows: rows.length, values: Float32Array.from(rows.flat()) };
}

/** A ring around the origin, with some rows in its hole, where no single column is unusual. */
function ring(rows: number): { data: ReturnType<typeof matrix>; inHole: number[] } {
  const random = Random.seeded(7);
  const inHole = Array.from({ length: rows }, (_, row) => Number(row % 50 === 0));
  const points = inHole.map((hole) => {
    const [angle, radius] = [2 * Math.PI * random.fraction(), hole ? 0.2 * random.fraction() : 3 + random.fraction()];
    return [radius * Math.cos(angle), radius * Math.sin(angle), 5];
  });
  return { data: matrix(points), inHole };
}

describe('isolation forest', () => {
  it('normalises by the mean path length of a search tree', () => {
    const harmonic = (n: number) => Array.from({ length: n }, (_, i) => 1 / (i + 1)).reduce((sum, x) => sum + x, 0);
    expect([0, 1, 2].map(meanPathLength)).toEqual([0, 0, 1]);
    for (const n of [16, 256, 5000]) {
      const exact = 2 * harmonic(n - 1) - (2 * (n - 1)) / n;
      // The paper takes ln(n) + Euler's constant for the harmonic number, which is 1 / 2n too little.
      expect(Math.abs(meanPathLength(n) - exact)).toBeLessThan(1 / (n - 1));
    }
  });

  it('scores rows between 0 and 1, those far out highest', () => {
    const random = Random.seeded(3);
    const cloud = Array.from({ length: 500 }, () => [random.fraction(), random.fraction()]);
    const scores = IsolationForest.fit(matrix([...cloud, [5, 5]])).score(matrix([...cloud, [5, 5]]));
    for (const score of scores) expect(score > 0 && score < 1).toBe(true);
    expect(scores[500]).toBeGreaterThan(0.7);
    expect(Math.max(...scores.subarray(0, 500))).toBeLessThan(scores[500]);
  });

  it('finds what is unusual only together, and does not stumble over a constant column', () => {
    const { data, inHole } = ring(2000);
    expect(areaUnderRoc(IsolationForest.fit(data).score(data), inHole)).toBeGreaterThan(0.6);
  });

  it('gives the same scores for the same seed, others for another', () => {
    const { data } = ring(300);
    const scores = (seed: number) => IsolationForest.fit(data, { seed, trees: 10 }).score(data);
    expect(scores(1)).toEqual(scores(1));
    expect(scores(1)).not.toEqual(scores(2));
  });

  it('calls every row equal where all are, and takes fewer rows than a sample', () => {
    const same = matrix(Array.from({ length: 20 }, () => [1, 2]));
    expect(new Set(IsolationForest.fit(same).score(same)).size).toBe(1);
    expect([...IsolationForest.fit(matrix([[1, 2]])).score(same)]).toEqual(new Array(20).fill(0.5));
  });
});
