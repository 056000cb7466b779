import fc from 'fast-check';
import { AmountBins } from '../../../src/services/learning/amount-bins';

test('bins end with their edge, each currency has its own, and one alone needs no name', () => {
  const bins = new AmountBins(
    new Map([
      ['EUR', [10, 20]],
      ['JPY', [7000]],
    ]),
  );
  expect([9.99, 10, 10.01, 20, 1e9].map((amount) => bins.nameOf('grocer', amount, 'EUR'))).toEqual([
    'grocer·bin 1',
    'grocer·bin 1',
    'grocer·bin 2',
    'grocer·bin 2',
    'grocer·bin 3',
  ]);
  expect(bins.nameOf('grocer', 20, 'JPY')).toBe('grocer·bin 1');
  // Of which currency, or of one that was never seen: no bin, rather than the wrong one.
  expect(bins.nameOf('grocer', 20)).toBe('grocer');
  expect(bins.nameOf('grocer', 20, 'XAU')).toBe('grocer');
  expect(new AmountBins(new Map([['EUR', [10]]])).nameOf('grocer', 11)).toBe('grocer·bin 2');
});

test('what a model card says of bins gives the same names again', () => {
  const edges = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(edges, fc.double({ noNaN: true }), (euros, amount) => {
      const sorted = [...euros].sort((a, b) => a - b);
      const bins = new AmountBins(
        new Map([
          ['EUR', sorted],
          ['USD', [1]],
        ]),
      );
      expect(AmountBins.ofModel(bins)!.nameOf('x', amount, 'EUR')).toBe(bins.nameOf('x', amount, 'EUR'));
    }),
  );
  expect(AmountBins.ofModel({ facts: {} })).toBeUndefined();
});
