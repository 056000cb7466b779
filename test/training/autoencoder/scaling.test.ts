import fc from 'fast-check';
import { fitScaling, standardise } from '../../../src/training/autoencoder/scaling';

const rowsOf = (count: number) => Int32Array.from({ length: count }, (_, row) => row);
const matrix = (columns: string[], values: number[]) => ({
  columns,
  rows: values.length / columns.length,
  values: Float32Array.from(values),
});

describe('standardisation', () => {
  it('gives every varying column mean 0 and deviation 1', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: -1000, max: 1000 }), fc.integer({ min: -5, max: 5 })), {
          minLength: 2,
          maxLength: 50,
        }),
        (rows) => {
          const data = matrix(['a', 'b'], rows.flat());
          const scaled = standardise(data.values, fitScaling(data, rowsOf(rows.length), 100));
          for (const column of [0, 1]) {
            const values = rows.map((_, row) => scaled[row * 2 + column]);
            const mean = values.reduce((sum, value) => sum + value, 0) / rows.length;
            const variance = values.reduce((sum, value) => sum + value * value, 0) / rows.length;
            expect(mean).toBeCloseTo(0, 5);
            expect(variance).toBeCloseTo(new Set(rows.map((row) => row[column])).size > 1 ? 1 : 0, 4);
          }
        },
      ),
    );
  });

  it('keeps a constant column at 0, whatever the rounding of its mean, and shows a later change in its own unit', () => {
    const data = matrix(['c'], Array(1000).fill(0.1));
    const scaling = fitScaling(data, rowsOf(1000), 10);
    expect(standardise(data.values, scaling).every((value) => Math.abs(value) < 1e-6)).toBe(true);
    expect(standardise(Float32Array.of(2.1), scaling)[0]).toBeCloseTo(2, 6);
  });

  it('cuts what the network sees', () => {
    const scaling = fitScaling(matrix(['a'], [-1, 1]), rowsOf(2), 3);
    expect([...standardise(Float32Array.of(100, -100, 2), scaling)]).toEqual([3, -3, 2]);
  });

  it('learns from the rows that it is given only', () => {
    const scaling = fitScaling(matrix(['a'], [1, 3, 1000]), Int32Array.of(0, 1), 10);
    expect([scaling.means[0], scaling.deviations[0]]).toEqual([2, 1]);
  });
});
