/**
 * What is known of one merchant's frauds: over windows of 1, 7 and 30 days that end a label delay ago, how many transactions
 * have a label, and how many are fraud. A label counts from max(decidedAt, occurredAt + delay) and never before, as if
 * it had not been made; one that comes later still counts from then in the windows that its transaction is inside.
 */
import { DAY_MILLIS, WINDOW_DAYS } from './options';
import type { FraudView } from './views';

const WINDOWS = WINDOW_DAYS.length;
const LONGEST = WINDOWS - 1;
const WINDOW_MILLIS = WINDOW_DAYS.map((days) => days * DAY_MILLIS);
const DROPPED_AT = 32;

export class FraudRates implements FraudView {
  // One entry a labelled transaction, in order of time; arrays of numbers, which take a fifth of the memory of objects.
  /** occurredAt + delay: when it enters the windows. */
  private due: number[] = [];
  private knownAt: number[] = [];
  /** 1 for a fraud, 0 for none. */
  private fraud: number[] = [];
  /** 1 once its label has been counted. */
  private counted: number[] = [];
  /** Entries dropped from the front: position p is at index p - dropped. */
  private dropped = 0;
  /** Position of the first entry that is not due yet. */
  private nextDue = 0;
  private readonly firsts: number[] = WINDOW_DAYS.map(() => 0);
  private readonly labels: number[] = WINDOW_DAYS.map(() => 0);
  private readonly frauds: number[] = WINDOW_DAYS.map(() => 0);
  /** Positions of entries that are due before their label is known, by when it will be. */
  private late: number[] = [];

  constructor(private readonly delayMillis: number) {}

  /** @param occurredAt not before any given so far */
  add(occurredAt: number, isFraud: boolean, decidedAt: number): void {
    const due = occurredAt + this.delayMillis;
    this.due.push(due);
    this.knownAt.push(Math.max(due, decidedAt));
    this.fraud.push(isFraud ? 1 : 0);
    this.counted.push(0);
  }

  /** Moves the windows to this time, and counts the labels that are known by then. */
  advance(now: number): void {
    const { due, dropped, firsts } = this;
    for (; this.nextDue < this.end && due[this.nextDue - dropped] <= now; this.nextDue++) {
      if (this.knownAt[this.nextDue - dropped] <= now) this.count(this.nextDue);
      else this.wait(this.nextDue);
    }
    while (this.late.length > 0 && this.knownAt[this.late[0] - dropped] <= now) this.count(this.late.shift()!);
    for (let w = 0; w < WINDOWS; w++) {
      for (; firsts[w] < this.nextDue && due[firsts[w] - dropped] + WINDOW_MILLIS[w] <= now; firsts[w]++) {
        if (this.counted[firsts[w] - dropped]) this.change(w, firsts[w], -1);
      }
    }
    this.dropLeft();
  }

  /** Labels known for the transactions of a window. @param window index into WINDOW_DAYS */
  known(window: number): number {
    return this.labels[window];
  }

  /** Share of frauds among them; 0 where no label is known. */
  rate(window: number): number {
    return this.labels[window] > 0 ? this.frauds[window] / this.labels[window] : 0;
  }

  get isEmpty(): boolean {
    return this.firsts[LONGEST] === this.end;
  }

  private get end(): number {
    return this.dropped + this.due.length;
  }

  private count(position: number): void {
    this.counted[position - this.dropped] = 1;
    for (let w = 0; w < WINDOWS; w++) if (position >= this.firsts[w]) this.change(w, position, 1);
  }

  private change(window: number, position: number, by: 1 | -1): void {
    this.labels[window] += by;
    this.frauds[window] += by * this.fraud[position - this.dropped];
  }

  /** Puts a position in its place in `late`. */
  private wait(position: number): void {
    const knownAt = this.knownAt[position - this.dropped];
    let low = 0;
    let high = this.late.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.knownAt[this.late[middle] - this.dropped] <= knownAt) low = middle + 1;
      else high = middle;
    }
    this.late.splice(low, 0, position);
  }

  private dropLeft(): void {
    const left = this.firsts[LONGEST] - this.dropped;
    if (left < DROPPED_AT || left * 2 < this.due.length) return;
    this.due = this.due.slice(left);
    this.knownAt = this.knownAt.slice(left);
    this.fraud = this.fraud.slice(left);
    this.counted = this.counted.slice(left);
    this.dropped += left;
    this.late = this.late.filter((position) => position >= this.dropped);
  }
}
