/** Which rows a training step sees: every row once an epoch, in an order that the seed decides. */
import { Random } from '../onnx/random';

export interface RowSplit {
  readonly training: Int32Array;
  /** Kept from training; empty for a share of 0. */
  readonly heldOut: Int32Array;
}

/** Draws the held-out rows at random; both parts keep the data's order, and training keeps at least one row. */
export function splitRows(rows: number, heldOutShare: number, random: Random): RowSplit {
  const order = random.shuffle(Int32Array.from({ length: rows }, (_, row) => row));
  const heldOut = Math.min(rows - 1, Math.round(rows * heldOutShare));
  return { training: order.slice(heldOut).sort(), heldOut: order.slice(0, heldOut).sort() };
}

/** A fresh order of 0 .. rows - 1, as whole batches: the last one is filled up from the start of the order. */
export function epochBatches(rows: number, batchSize: number, random: Random): Int32Array {
  const order = random.shuffle(Int32Array.from({ length: rows }, (_, row) => row));
  const batches = new Int32Array(Math.ceil(rows / batchSize) * batchSize);
  batches.set(order);
  batches.set(order.subarray(0, batches.length - rows), rows);
  return batches;
}
