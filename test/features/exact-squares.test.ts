import fc from 'fast-check';
import { ExactSquares, LARGEST } from '../../src/features/exact-squares';

const numbers = fc.array(fc.integer({ min: -LARGEST, max: LARGEST }), { maxLength: 30 });

describe('sums of squares', () => {
  it('are those of whole numbers of any size, rounded once', () => {
    fc.assert(
      fc.property(numbers, (values) => {
        const sum = new ExactSquares();
        for (const value of values) sum.add(value);
        expect(sum.total).toBe(Number(values.reduce((total, value) => total + BigInt(value) ** 2n, 0n)));
      }),
    );
  });

  it('keep no trace of what was taken out again', () => {
    fc.assert(
      fc.property(numbers, numbers, (staying, leaving) => {
        const through = new ExactSquares();
        for (const value of leaving) through.add(value);
        for (const value of staying) through.add(value);
        for (const value of leaving) through.remove(value);
        const direct = new ExactSquares();
        for (const value of staying) direct.add(value);
        expect(through).toEqual(direct);
      }),
    );
  });
});
