/**
 * Where a score becomes an alert. A threshold is a calibrated value: an alert is a row whose value is at or above it. It can be
 * changed on a trained model, without fitting anything again.
 */
import { OptionError } from '../../errors';
import { type Calibration, errorAt } from './calibration';
import { DEFAULT_CONTAMINATION } from './options';

export interface Threshold {
  /** The rule that set it: this share of normal traffic, or this many alerts a day at that many rows a day. */
  readonly rule:
    | { readonly kind: 'contamination'; readonly contamination: number }
    | { readonly kind: 'alertsPerDay'; readonly alertsPerDay: number; readonly rowsPerDay: number };
  /** Share of normal traffic below it, 0..1. */
  readonly value: number;
  /** The reconstruction error at that value. */
  readonly error: number;
}

export interface ThresholdWish {
  readonly contamination?: number;
  readonly alertsPerDay?: number;
}

/**
 * @param rowsPerDay mean rows a day of the traffic, where known; `alertsPerDay` needs it
 * @throws OptionError unless the wish can be met
 */
export function thresholdFor(wish: ThresholdWish, calibration: Calibration, rowsPerDay?: number): Threshold {
  const rule = ruleFor(wish, rowsPerDay);
  const share = rule.kind === 'contamination' ? rule.contamination : rule.alertsPerDay / rule.rowsPerDay;
  const value = 1 - share;
  return { rule, value, error: errorAt(calibration, value) };
}

function ruleFor({ contamination, alertsPerDay }: ThresholdWish, rowsPerDay?: number): Threshold['rule'] {
  if (alertsPerDay === undefined) {
    const share = contamination ?? DEFAULT_CONTAMINATION;
    if (!(share > 0 && share < 1))
      throw new OptionError('contamination', `contamination is ${share}, which is not a share between 0 and 1.`, {
        remedy: 'Give the share of rows that should become alerts, such as 0.01.',
      });
    return { kind: 'contamination', contamination: share };
  }
  if (contamination !== undefined)
    throw new OptionError('alertsPerDay', 'contamination and alertsPerDay both set the threshold.', {
      remedy: 'Give one of the two.',
    });
  if (rowsPerDay === undefined)
    throw new OptionError('alertsPerDay', 'It is not known how many rows a day there are.', {
      remedy: 'Set contamination instead, or give the rows a day with the data.',
    });
  if (!(alertsPerDay > 0 && alertsPerDay < rowsPerDay))
    throw new OptionError('alertsPerDay', `alertsPerDay is ${alertsPerDay}, but there are ${rowsPerDay} rows a day.`, {
      remedy: 'Give a number above 0 and below the rows a day.',
    });
  return { kind: 'alertsPerDay', alertsPerDay, rowsPerDay };
}
