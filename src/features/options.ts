/** The options of transaction features: meaning, range and default live here and nowhere else. */
import { z } from 'zod';
import { OptionError } from '../errors';

export const DAY_MILLIS = 86_400_000;

/** Windows of counts, means and rates. The longest one bounds what of the past is looked at. */
export const WINDOW_DAYS = [1, 7, 30] as const;
export const LONGEST_WINDOW_DAYS = 30;

export const featureOptions = z
  .object({
    /**
     * Days from a transaction until a decision about it counts, however early it was made: investigations take this long,
     * and a model that learned from quicker labels would expect them. A later decision counts from when it was made.
     */
    labelDelayDays: z.number().min(0).max(90).default(7),
  })
  .strict();

export type FeatureOptions = z.output<typeof featureOptions>;

/** @throws OptionError naming the option that is unknown or out of range */
export function parseFeatureOptions(options: z.input<typeof featureOptions> = {}): FeatureOptions {
  const parsed = featureOptions.safeParse(options);
  if (parsed.success) return Object.freeze(parsed.data);
  const [issue] = parsed.error.issues;
  const option = issue.code === 'unrecognized_keys' ? issue.keys[0] : issue.path.join('.');
  throw new OptionError(option, `Feature option "${option}": ${issue.message}.`, {
    remedy: 'Features have one option, labelDelayDays: a number of days, 0 to 90.',
    cause: parsed.error,
  });
}

/** How many days of an account's and a merchant's transactions a transaction's features look back on. */
export function historyDays({ labelDelayDays }: FeatureOptions): number {
  return LONGEST_WINDOW_DAYS + labelDelayDays;
}
