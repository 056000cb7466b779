/**
 * Puts sequences of different lengths into rows of equal length: one after the other in a row until the next does not fit,
 * so that few slots stay empty. Attention keeps sequences of a row apart by their positions (onnx/attention.ts).
 */
import type { LearnedSequences } from './sequences';

export interface PackingShape {
  /** Rows a step, slots a row. */
  readonly rows: number;
  readonly slots: number;
  /** Steps of one call of the runtime. */
  readonly steps: number;
}

/** Some steps' rows; all arrays are (steps, rows, slots). */
export interface PackedSteps {
  readonly things: Int32Array;
  /** What came next; 0 in an empty slot. */
  readonly next: Int32Array;
  readonly positions: Int32Array;
  /** 1 where there is an event, 0 in an empty slot. */
  readonly weights: Float32Array;
  /** One a step: its events. */
  readonly events: readonly number[];
}

/** All sequences in the order given, in as many calls as it takes; the last call may have fewer steps. */
export function* packed(
  { tokens, starts, ends }: LearnedSequences,
  { rows, slots, steps }: PackingShape,
  order: Int32Array,
): Generator<PackedSteps> {
  const size = rows * slots;
  let next = 0;
  while (next < order.length) {
    const call = emptyCall(steps * size);
    let row = 0;
    let slot = 0;
    for (; next < order.length; next++) {
      const start = starts[order[next]];
      const length = ends[order[next]] - start - 1;
      if (slot + length > slots) {
        slot = 0;
        if (++row === steps * rows) break;
      }
      for (let position = 0, at = row * slots + slot; position < length; position++, at++) {
        call.things[at] = tokens[start + position];
        call.next[at] = tokens[start + position + 1];
        call.positions[at] = position;
        call.weights[at] = 1;
      }
      slot += length;
    }
    const used = Math.min(steps, Math.floor(row / rows) + 1);
    yield {
      things: call.things.subarray(0, used * size),
      next: call.next.subarray(0, used * size),
      positions: call.positions.subarray(0, used * size),
      weights: call.weights.subarray(0, used * size),
      events: Array.from({ length: used }, (_, step) =>
        call.weights.subarray(step * size, (step + 1) * size).reduce((sum, weight) => sum + weight, 0),
      ),
    };
  }
}

function emptyCall(size: number) {
  return {
    things: new Int32Array(size),
    next: new Int32Array(size),
    positions: new Int32Array(size),
    weights: new Float32Array(size),
  };
}
