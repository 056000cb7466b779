/**
 * The rows of one account or merchant in the order of `compareInTime`, to be looked at from any moment: what AmountWindows
 * follows forward, this finds by binary search over running sums. Sums are of whole numbers, so a difference of two is exact and
 * has the bits that following would give. A row may come late: running sums are made anew from there, when next asked for.
 */
import { deviationOf, UNITS, unitsOf } from './amount-windows';
import { ExactSquares } from './exact-squares';
import { DAY_MILLIS, WINDOW_DAYS } from './options';
import { firstAfter } from './search';
import type { AmountView } from './views';

const LONGEST = WINDOW_DAYS.length - 1;
const WINDOW_MILLIS = WINDOW_DAYS.map((days) => days * DAY_MILLIS);

export class AmountTimeline implements AmountView {
  /** One entry a row; `times` is in ascending order, ids at one time too. */
  readonly times: number[] = [];
  readonly ids: string[] = [];
  private readonly units: number[] = [];
  /** Over the rows before each position, right up to `summed`. */
  private readonly sums: number[] = [0];
  private readonly squaresHigh: number[] = [0];
  private readonly squaresLow: number[] = [0];
  private summed = 0;

  /** When we look from. */
  lookedFrom = Number.NEGATIVE_INFINITY;
  /** Rows before this position are before that moment. */
  private position = 0;
  private readonly firsts: number[] = WINDOW_DAYS.map(() => 0);

  get length(): number {
    return this.times.length;
  }

  /** Index of the row, or where it would be. */
  find(time: number, id: string): number {
    const { times, ids } = this;
    let at = times.length;
    // Most rows come at the end, or close to it.
    if (at > 0 && times[at - 1] >= time) {
      at = firstAfter(times, time);
      while (at > 0 && times[at - 1] === time && ids[at - 1] >= id) at--;
    }
    return at;
  }

  has(position: number, id: string): boolean {
    return this.ids[position] === id;
  }

  /** @param position from `find`, which is not there yet */
  insert(position: number, row: { time: number; id: string; amount: number }): void {
    const units = unitsOf(row.amount);
    if (position === this.times.length) {
      this.times.push(row.time);
      this.ids.push(row.id);
      this.units.push(units);
      return;
    }
    this.times.splice(position, 0, row.time);
    this.ids.splice(position, 0, row.id);
    this.units.splice(position, 0, units);
    this.summed = Math.min(this.summed, position);
  }

  /** Lets go of the first rows. */
  drop(rows: number): void {
    this.times.splice(0, rows);
    this.ids.splice(0, rows);
    this.units.splice(0, rows);
    this.summed = 0;
  }

  /** Looks from the moment of a transaction, whether or not it is here. @returns its position */
  lookFrom(time: number, id: string): number {
    const position = this.find(time, id);
    this.position = position;
    this.lookedFrom = time;
    if (this.summed < position) this.sumUpTo(position);
    for (let window = 0; window <= LONGEST; window++)
      this.firsts[window] = firstAfter(this.times, time - WINDOW_MILLIS[window]);
    return position;
  }

  /** Position of the first row inside the longest window. */
  get first(): number {
    return this.firsts[LONGEST];
  }

  count(window: number): number {
    return this.position - this.firsts[window];
  }

  sum(window: number): number {
    return this.unitsOf(window) / UNITS;
  }

  mean(window: number): number | undefined {
    const count = this.count(window);
    return count > 0 ? this.unitsOf(window) / UNITS / count : undefined;
  }

  get deviation(): number | undefined {
    const { position, first } = this;
    if (position - first < 2) return undefined;
    const until = ExactSquares.of(this.squaresHigh[position], this.squaresLow[position]);
    const squares = until.since(this.squaresHigh[first], this.squaresLow[first]);
    return deviationOf(position - first, this.unitsOf(LONGEST), squares);
  }

  get largest(): number | undefined {
    const { position, first, units } = this;
    if (position === first) return undefined;
    let largest = units[first];
    for (let at = first + 1; at < position; at++) if (units[at] > largest) largest = units[at];
    return largest / UNITS;
  }

  get lastTime(): number | undefined {
    return this.position > this.first ? this.times[this.position - 1] : undefined;
  }

  private unitsOf(window: number): number {
    return this.sums[this.position] - this.sums[this.firsts[window]];
  }

  private sumUpTo(position: number): void {
    const { units, sums, squaresHigh, squaresLow } = this;
    const from = this.summed;
    if (from === 0) [sums[0], squaresHigh[0], squaresLow[0]] = [0, 0, 0];
    const squares = ExactSquares.of(squaresHigh[from], squaresLow[from]);
    for (let at = from; at < position; at++) {
      squares.add(units[at]);
      sums[at + 1] = sums[at] + units[at];
      [squaresHigh[at + 1], squaresLow[at + 1]] = squares.limbs;
    }
    this.summed = position;
  }
}
