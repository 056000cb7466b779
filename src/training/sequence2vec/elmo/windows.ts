/**
 * The stretches of sequences that elmo learns from, and how they are put into rows: one after the other, with a step
 * without an event between them, at which the network's state starts anew. Short sequences so waste few steps.
 */
import { KindredError } from '../../../errors';
import { Random } from '../../kernels/random';
import { NO_EVENT } from '../event-inputs';
import type { EventSequences } from '../event-sequences';

/** Events starts[w] to ends[w] - 1 of one sequence, at least two. */
export interface Windows {
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly events: number;
}

export interface RowShape {
  /** Rows a step, events a row. */
  readonly rows: number;
  readonly length: number;
  /** Steps of one call of the runtime, at most. */
  readonly steps: number;
}

/** Some steps' events; the arrays are (steps, length, rows), time-major. */
export interface FilledSteps {
  readonly steps: number;
  /** Numbers of events, NO_EVENT where there is none. */
  readonly events: Int32Array;
  /** The thing after and before each event; 0 with weight 0 where that is nothing to be learned. */
  readonly next: Int32Array;
  readonly nextWeights: Float32Array;
  readonly previous: Int32Array;
  readonly previousWeights: Float32Array;
  /** Windows placed. */
  readonly windows: number;
}

/**
 * @param targets one an event: the number of its thing among those that are predicted, -1 for others
 * @throws KindredError EMPTY_CORPUS where no window has anything to predict in both directions
 */
export function windowsOf({ offsets }: EventSequences, targets: Int32Array, maxLength: number): Windows {
  const starts: number[] = [];
  const ends: number[] = [];
  let events = 0;
  for (let sequence = 0; sequence + 1 < offsets.length; sequence++)
    for (let start = offsets[sequence]; start < offsets[sequence + 1]; start += maxLength) {
      const end = Math.min(start + maxLength, offsets[sequence + 1]);
      // Something after an event and something before one, or the step would have nothing to average over.
      if (!(hasTarget(targets, start + 1, end) && hasTarget(targets, start, end - 1))) continue;
      starts.push(start);
      ends.push(end);
      events += end - start;
    }
  if (starts.length === 0)
    throw new KindredError('EMPTY_CORPUS', 'No sequence has two events in a row of things that are learned.', {
      remedy: 'Lower minCount, or give longer sequences.',
    });
  return { starts: Int32Array.from(starts), ends: Int32Array.from(ends), events };
}

function hasTarget(targets: Int32Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (targets[at] >= 0) return true;
  return false;
}

/** The windows of an epoch in an order that follows from its path of seeds alone. */
export function* filledSteps(
  windows: Windows,
  targets: Int32Array,
  shape: RowShape,
  path: readonly number[],
): Generator<FilledSteps> {
  const { starts, ends } = windows;
  const order = Random.seeded(...path).shuffle(Int32Array.from(starts.keys()));
  let next = 0;
  while (next < order.length) {
    const call = new Call(shape, targets);
    while (next < order.length && call.place(starts[order[next]], ends[order[next]])) next++;
    yield call.filled();
  }
}

/** The rows of one call being filled, row after row. */
class Call {
  private readonly size: number;
  private readonly events: Int32Array;
  private readonly next: Int32Array;
  private readonly nextWeights: Float32Array;
  private readonly previous: Int32Array;
  private readonly previousWeights: Float32Array;
  private row = 0;
  private at = 0;
  private windows = 0;

  constructor(
    private readonly shape: RowShape,
    private readonly targets: Int32Array,
  ) {
    this.size = shape.rows * shape.length;
    const total = shape.steps * this.size;
    this.events = new Int32Array(total).fill(NO_EVENT);
    this.next = new Int32Array(total);
    this.nextWeights = new Float32Array(total);
    this.previous = new Int32Array(total);
    this.previousWeights = new Float32Array(total);
  }

  /** @returns whether it had room */
  place(start: number, end: number): boolean {
    const { rows, length, steps } = this.shape;
    if (this.at + end - start > length) {
      this.row++;
      this.at = 0;
    }
    if (this.row === rows * steps) return false;
    const step = Math.floor(this.row / rows);
    for (let event = start; event < end; event++) {
      const slot = step * this.size + (this.at + event - start) * rows + (this.row % rows);
      this.events[slot] = event;
      if (event + 1 < end && this.targets[event + 1] >= 0) {
        this.next[slot] = this.targets[event + 1];
        this.nextWeights[slot] = 1;
      }
      if (event > start && this.targets[event - 1] >= 0) {
        this.previous[slot] = this.targets[event - 1];
        this.previousWeights[slot] = 1;
      }
    }
    this.at += end - start + 1;
    this.windows++;
    return true;
  }

  filled(): FilledSteps {
    const steps = Math.min(this.shape.steps, Math.floor(this.row / this.shape.rows) + 1);
    const used = steps * this.size;
    return {
      steps,
      windows: this.windows,
      events: this.events.subarray(0, used),
      next: this.next.slice(0, used),
      nextWeights: this.nextWeights.slice(0, used),
      previous: this.previous.slice(0, used),
      previousWeights: this.previousWeights.slice(0, used),
    };
  }
}
