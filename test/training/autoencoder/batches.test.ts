import fc from 'fast-check';
import { epochBatches, splitRows } from '../../../src/training/autoencoder/batches';
import { Random } from '../../../src/training/onnx/random';

describe('an epoch', () => {
  it('shows every row, and whole batches only', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 1, max: 50 }),
        fc.nat(100),
        (rows, size, seed) => {
          const batchSize = Math.min(size, rows);
          const batches = epochBatches(rows, batchSize, new Random(seed));
          expect(batches.length % batchSize).toBe(0);
          expect(batches.length - rows).toBeLessThan(batchSize);
          expect(new Set(batches)).toEqual(new Set(Array.from({ length: rows }, (_, row) => row)));
        },
      ),
    );
  });

  it('comes in another order each time', () => {
    const random = new Random(1);
    expect(epochBatches(100, 10, random)).not.toEqual(epochBatches(100, 10, random));
  });
});

describe('holding rows out', () => {
  it('parts the rows without overlap, in the data order, and always leaves one to train on', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.double({ min: 0, max: 0.5, noNaN: true }), (rows, share) => {
        const { training, heldOut } = splitRows(rows, share, new Random(3));
        expect([...training, ...heldOut].sort((a, b) => a - b)).toEqual(Array.from({ length: rows }, (_, row) => row));
        expect([...training]).toEqual([...training].sort((a, b) => a - b));
        expect(heldOut.length).toBe(Math.min(rows - 1, Math.round(rows * share)));
      }),
    );
  });
});
