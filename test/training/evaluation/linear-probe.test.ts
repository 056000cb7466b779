import { applyInPlace, fitProbe, standardiseInPlace } from '../../../src/training/evaluation/linear-probe';
import { Random } from '../../../src/training/kernels/random';

const WIDTH = 5;

/** Column 1 never changes, columns 2 and 3 say together which of two kinds a row is, 0 and 4 are noise of other sizes. */
function rows(count: number, seed: number) {
  const random = Random.seeded(seed);
  const kinds = Uint8Array.from({ length: count }, () => random.below(2));
  const values = Float32Array.from({ length: count * WIDTH }, () => random.fraction() * 1000);
  kinds.forEach((kind, row) => {
    const along = random.fraction();
    values.set([7, along, along + (kind ? 0.05 : -0.05)], row * WIDTH + 1);
  });
  return { columns: { width: WIDTH, values }, kinds };
}

function shareTold(from: number, width: number): number {
  const learnt = rows(400, 1);
  const asked = rows(400, 2);
  applyInPlace(asked.columns, standardiseInPlace(learnt.columns));
  const probe = fitProbe(learnt.columns, { from, width }, learnt.kinds, { strength: 100 });
  return asked.kinds.filter((kind, row) => probe.score(asked.columns, row) > 0 === (kind === 1)).length / 400;
}

describe('a linear model on frozen columns', () => {
  it('finds what its columns say together, and nothing that others say', () => {
    expect(shareTold(2, 2)).toBe(1);
    expect(shareTold(0, WIDTH)).toBeGreaterThan(0.98);
    for (const [from, width] of [
      [0, 2],
      [4, 1],
    ] as const)
      expect(Math.abs(shareTold(from, width) - 0.5)).toBeLessThan(0.1);
  });

  it('gives each column a mean of 0 and a deviation of 1, by what is learned from, and 0 to what never changes', () => {
    const { columns } = rows(400, 3);
    const later = { width: WIDTH, values: Float32Array.of(columns.values[0], 8, 0.5, 0.5, 1e6) };
    const scale = standardiseInPlace(columns);
    for (let column = 0; column < WIDTH; column++) {
      const own = columns.values.filter((_, i) => i % WIDTH === column);
      const mean = own.reduce((sum, value) => sum + value, 0) / 400;
      expect(mean).toBeCloseTo(0, 4);
      expect(own.reduce((sum, value) => sum + value ** 2, 0) / 400).toBeCloseTo(column === 1 ? 0 : 1, 4);
    }
    applyInPlace(later, scale);
    expect(later.values[0]).toBe(columns.values[0]);
    expect(later.values[1]).toBe(0);
  });
});
