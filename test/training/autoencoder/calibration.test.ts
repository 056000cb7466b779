import fc from 'fast-check';
import { errorAt, fitCalibration, shareBelow } from '../../../src/training/autoencoder/calibration';
import { Random } from '../../../src/training/onnx/random';

const errors = fc
  .array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 60 })
  .map((values) => Float64Array.from(values));

describe('a calibration', () => {
  it('never falls where the error rises, and stays within 0..1, for any errors', () => {
    fc.assert(
      fc.property(errors, fc.array(fc.double({ min: 0, max: 1e9, noNaN: true }), { minLength: 2 }), (fitted, asked) => {
        const calibration = fitCalibration(fitted);
        const shares = asked.sort((a, b) => a - b).map((error) => shareBelow(calibration, error));
        expect(shares.every((share) => share >= 0 && share <= 1)).toBe(true);
        expect(shares.every((share, i) => i === 0 || share >= shares[i - 1])).toBe(true);
      }),
    );
  });

  it('puts the error at rank k of n at k / (n + 1)', () => {
    const calibration = fitCalibration(Float64Array.of(4, 1, 3, 2));
    expect([1, 2, 3, 4].map((error) => shareBelow(calibration, error))).toEqual([0.2, 0.4, 0.6, 0.8]);
    expect(shareBelow(calibration, 2.5)).toBeCloseTo(0.5, 12);
    expect(shareBelow(calibration, 0)).toBe(0);
  });

  it('gives equal errors the middle of their ranks', () => {
    const calibration = fitCalibration(Float64Array.of(1, 2, 2, 2, 3));
    expect(shareBelow(calibration, 2)).toBeCloseTo(3 / 6, 12);
  });

  it('keeps rising beyond the largest error it was fitted on, and ends at 1', () => {
    const calibration = fitCalibration(Float64Array.of(1, 2, 3));
    const shares = [3, 3.1, 6, 1e6, Number.POSITIVE_INFINITY].map((error) => shareBelow(calibration, error));
    expect(shares).toEqual([...new Set(shares)].sort((a, b) => a - b));
    expect(shares[2]).toBeCloseTo(1 - 0.25 / 2, 12);
    expect(shares[4]).toBe(1);
  });

  it('works where every error is the same, also 0', () => {
    expect(shareBelow(fitCalibration(new Float64Array(5)), 0)).toBe(0.5);
    expect(shareBelow(fitCalibration(new Float64Array(5)), 1e-9)).toBe(1);
  });

  it('is undone by errorAt', () => {
    fc.assert(
      fc.property(errors, fc.double({ min: 0.001, max: 0.999, noNaN: true }), (fitted, share) => {
        // Errors closer together than this could not be told apart on the way back.
        const apart = Float64Array.from(new Set(fitted.map((error) => Math.round(error * 1e3) / 1e3 + 1)));
        const calibration = fitCalibration(apart);
        expect(shareBelow(calibration, errorAt(calibration, share))).toBeCloseTo(share, 6);
      }),
    );
  });

  it('stays small on many rows, exact in the tail and close in the body', () => {
    const random = new Random(1);
    const fitted = Float64Array.from({ length: 100_000 }, () => random.normal() ** 2);
    const calibration = fitCalibration(fitted);
    expect(calibration.errors.length).toBeLessThan(2100);
    expect(calibration.rows).toBe(100_000);
    const sorted = fitted.slice().sort();
    for (const rank of [99_990, 99_500, 99_000])
      expect(shareBelow(calibration, sorted[rank - 1])).toBeCloseTo(rank / 100_001, 12);
    for (const rank of [1, 10, 1234, 50_000, 90_000])
      expect(Math.abs(shareBelow(calibration, sorted[rank - 1]) - rank / 100_001)).toBeLessThan(1e-4);
  });
});
