/**
 * Turns a reconstruction error into the share of normal traffic whose error is below it. "Normal traffic" is the rows it
 * was fitted on: rows held out from training, or the training rows where none were.
 *
 * Of n errors, the one at rank k (from 1) has share k / (n + 1), the expected share of new traffic below it; equal errors
 * take the middle of their ranks. Between two known errors the share is interpolated, below the least it falls to 0 with
 * the error. Beyond the largest, of which the data says nothing, the remaining share falls as 1 / error, so that the value
 * never stops rising and the worst rows keep their order. Hence the value is monotone, and below 1.
 */

export interface Calibration {
  /** Strictly ascending. */
  readonly errors: Float64Array;
  /** Share of normal traffic below each error, ascending, in 0..1. */
  readonly shares: Float64Array;
  /** Rows that it was fitted on. */
  readonly rows: number;
}

/** The largest errors are all kept, since thresholds lie among them; of the others this many, evenly by rank. */
const KEPT_TAIL = 1024;
const KEPT_BODY = 1024;

export function fitCalibration(errors: Float64Array): Calibration {
  const sorted = errors.slice().sort();
  const n = sorted.length;
  const knotErrors: number[] = [];
  const knotShares: number[] = [];
  const stride = Math.max(1, Math.floor((n - KEPT_TAIL) / KEPT_BODY));
  let nextKept = 0;
  for (let first = 0; first < n; ) {
    let last = first;
    while (last + 1 < n && sorted[last + 1] === sorted[first]) last++;
    if (last >= nextKept || last >= n - KEPT_TAIL) {
      knotErrors.push(sorted[first]);
      knotShares.push(((first + last) / 2 + 1) / (n + 1));
      nextKept = last + stride;
    }
    first = last + 1;
  }
  return { errors: Float64Array.from(knotErrors), shares: Float64Array.from(knotShares), rows: n };
}

/** @returns 0..1, monotone in the error */
export function shareBelow({ errors, shares }: Calibration, error: number): number {
  const last = errors.length - 1;
  if (error > errors[last]) return 1 - (1 - shares[last]) * (errors[last] / error);
  let low = -1;
  let high = last;
  // Invariant: errors[low] < error <= errors[high].
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (errors[middle] < error) low = middle;
    else high = middle;
  }
  if (error === errors[high]) return shares[high];
  const [errorBelow, shareAtBelow] = low < 0 ? [0, 0] : [errors[low], shares[low]];
  const part = (error - errorBelow) / (errors[high] - errorBelow);
  return shareAtBelow + part * (shares[high] - shareAtBelow);
}

/** The inverse: the error that this share of normal traffic is below. */
export function errorAt({ errors, shares }: Calibration, share: number): number {
  const last = errors.length - 1;
  if (share > shares[last])
    return share < 1 ? (errors[last] * (1 - shares[last])) / (1 - share) : Number.POSITIVE_INFINITY;
  const high = shares.findIndex((known) => known >= share);
  const [errorBelow, shareAtBelow] = high === 0 ? [0, 0] : [errors[high - 1], shares[high - 1]];
  return errorBelow + ((share - shareAtBelow) / (shares[high] - shareAtBelow)) * (errors[high] - errorBelow);
}
