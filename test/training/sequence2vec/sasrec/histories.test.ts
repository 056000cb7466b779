import fc from 'fast-check';
import { historiesPerCall } from '../../../../src/training/sequence2vec/sasrec/histories';

describe('histories of one call', () => {
  it('are at least one, and no more than what their attention has room for', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 64 }), fc.integer({ min: 1, max: 512 }), (heads, slots) => {
        const count = historiesPerCall({ heads, slots });
        expect(count).toBeGreaterThanOrEqual(1);
        if (count > 1) expect(count * heads * slots * slots).toBeLessThanOrEqual(2 ** 25);
      }),
    );
    expect(historiesPerCall({ heads: 2, slots: 50 })).toBe(256);
    expect(historiesPerCall({ heads: 16, slots: 512 })).toBe(8);
  });
});
