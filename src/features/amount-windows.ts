/**
 * Amounts of one account's or one merchant's transactions over the last 1, 7 and 30 days: how many, their sum, and over 30
 * days their squares and the largest. Amounts are whole numbers of 1/10,000 of the currency, so sums are exact (while a
 * window's total stays below 9 x 10^11 in the currency): rows that leave take out what they brought in, and a history begun
 * anywhere before the window gives the same bits.
 */
import { ExactSquares, LARGEST } from './exact-squares';
import { DAY_MILLIS, WINDOW_DAYS } from './options';
import { RunningMaximum } from './running-maximum';
import type { AmountView } from './views';

/** Of one unit of the currency. */
export const UNITS = 10_000;
const WINDOWS = WINDOW_DAYS.length;
const LONGEST = WINDOWS - 1;
const WINDOW_MILLIS = WINDOW_DAYS.map((days) => days * DAY_MILLIS);

/** An amount in whole units, cut to what can be squared exactly. */
export function unitsOf(amount: number): number {
  return Math.min(LARGEST, Math.max(-LARGEST, Math.round(amount * UNITS)));
}

/** Sample standard deviation in the currency, of amounts given by their number, their sum and their squares' sum in units. */
export function deviationOf(count: number, sum: number, squares: number): number | undefined {
  if (count < 2) return undefined;
  const variance = (squares - (sum / count) * sum) / (count - 1);
  return Math.sqrt(Math.max(0, variance)) / UNITS;
}

/** Rows that have left are kept until there are this many, so that dropping them costs little a row. */
const DROPPED_AT = 32;

export class AmountWindows implements AmountView {
  private times: number[] = [];
  private units: number[] = [];
  /** Rows dropped from the front of the arrays: position p is at index p - dropped. */
  private dropped = 0;
  /** Position of each window's first row. */
  private readonly firsts: number[] = WINDOW_DAYS.map(() => 0);
  private readonly sums: number[] = WINDOW_DAYS.map(() => 0);
  private readonly squares = new ExactSquares();
  private readonly maximum = new RunningMaximum();

  /** @param time not before any time given so far */
  add(time: number, amount: number): void {
    const units = unitsOf(amount);
    this.maximum.add(this.end, units);
    this.times.push(time);
    this.units.push(units);
    for (let w = 0; w < WINDOWS; w++) this.sums[w] += units;
    this.squares.add(units);
  }

  /** Moves the windows to end at this time: a row is inside while it is less than the window's length old. */
  advance(now: number): void {
    for (let w = 0; w < WINDOWS; w++) {
      const oldest = now - WINDOW_MILLIS[w];
      let at = this.firsts[w] - this.dropped;
      while (at < this.times.length && this.times[at] <= oldest) {
        this.sums[w] -= this.units[at];
        if (w === LONGEST) this.squares.remove(this.units[at]);
        at++;
      }
      this.firsts[w] = at + this.dropped;
    }
    this.maximum.dropBefore(this.firsts[LONGEST]);
    this.dropLeft();
  }

  /** When the newest row happened; undefined where none is inside the longest window. */
  get lastTime(): number | undefined {
    return this.count(LONGEST) > 0 ? this.times[this.times.length - 1] : undefined;
  }

  /** @param window index into WINDOW_DAYS */
  count(window: number): number {
    return this.end - this.firsts[window];
  }

  sum(window: number): number {
    return this.sums[window] / UNITS;
  }

  /** Mean amount; undefined for an empty window. */
  mean(window: number): number | undefined {
    const count = this.count(window);
    return count > 0 ? this.sums[window] / UNITS / count : undefined;
  }

  /** Sample standard deviation over the longest window; undefined for fewer than two rows. */
  get deviation(): number | undefined {
    return deviationOf(this.count(LONGEST), this.sums[LONGEST], this.squares.total);
  }

  /** Largest amount of the longest window; undefined for an empty one. */
  get largest(): number | undefined {
    const units = this.maximum.largest;
    return units === undefined ? undefined : units / UNITS;
  }

  private get end(): number {
    return this.dropped + this.times.length;
  }

  private dropLeft(): void {
    const left = this.firsts[LONGEST] - this.dropped;
    if (left < DROPPED_AT || left * 2 < this.times.length) return;
    this.times = this.times.slice(left);
    this.units = this.units.slice(left);
    this.dropped += left;
  }
}
