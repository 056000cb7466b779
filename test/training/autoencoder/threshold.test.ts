import { fitCalibration, shareBelow } from '../../../src/training/autoencoder/calibration';
import { thresholdFor } from '../../../src/training/autoencoder/threshold';

describe('a threshold', () => {
  const calibration = fitCalibration(Float64Array.from({ length: 999 }, (_, i) => i + 1));

  it('leaves the contamination above it', () => {
    const threshold = thresholdFor({ contamination: 0.1 }, calibration);
    expect(threshold).toMatchObject({ rule: { kind: 'contamination', contamination: 0.1 }, value: 0.9 });
    expect(threshold.error).toBeCloseTo(900, 6);
    expect(shareBelow(calibration, threshold.error)).toBeCloseTo(0.9, 12);
  });

  it('lets through as many alerts a day as the team can work', () => {
    const threshold = thresholdFor({ alertsPerDay: 25 }, calibration, 5000);
    expect(threshold.rule).toEqual({ kind: 'alertsPerDay', alertsPerDay: 25, rowsPerDay: 5000 });
    expect(threshold.value).toBeCloseTo(0.995, 12);
  });

  it('is one row in a hundred where nothing was said', () => {
    expect(thresholdFor({}, calibration).value).toBe(0.99);
  });

  it.each([
    [{ contamination: 0.1, alertsPerDay: 5 }, 100, 'alertsPerDay', /both/],
    [{ alertsPerDay: 5 }, undefined, 'alertsPerDay', /not known/],
    [{ alertsPerDay: 100 }, 100, 'alertsPerDay', /100 rows a day/],
    [{ alertsPerDay: 0 }, 100, 'alertsPerDay', /is 0/],
    [{ contamination: 1 }, undefined, 'contamination', /is 1/],
    [{ contamination: Number.NaN }, undefined, 'contamination', /is NaN/],
  ])('is refused for %j at %s rows a day', (wish, rowsPerDay, field, message) => {
    let failure: unknown;
    try {
      thresholdFor(wish, calibration, rowsPerDay);
    } catch (error) {
      failure = error;
    }
    expect(failure).toMatchObject({ code: 'OPTION_INVALID', field, message: expect.stringMatching(message) });
  });
});
