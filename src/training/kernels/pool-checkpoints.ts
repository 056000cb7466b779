/**
 * Keeps the state of a pool's run on disk, and goes on from what an earlier run left there. The state is that of the
 * tables at a unit's start with all units before it trained and none after; random numbers and tokens belong to
 * units, so one thread gives the very bytes that it would have given without having been interrupted.
 */
import { basename } from 'node:path';
import { fingerprintOf, readCheckpoint, removeCheckpoint, writeCheckpoint } from '../checkpoint';
import type { PoolProgress, PoolRun } from './pool-run';

/** Parts of a run between checkpoints, but never more than MOST_UNITS at once. */
const PARTS = 10;
/** Of some thousand tokens each: 20 to 60 seconds of one core. */
const MOST_UNITS = 5000;

export interface PoolCheckpoints {
  /** Units from one checkpoint to the next. */
  readonly every: number;
  /** Where an earlier run got to. */
  readonly resumed?: PoolProgress;
  write(progress: PoolProgress): void;
  remove(): void;
}

/** Reads what an earlier run left in `file`, if it was this very run, into the run's state. */
export function openPoolCheckpoints(file: string, run: PoolRun): PoolCheckpoints {
  const { kernel, source, threads, seed, learningRate, state, identity } = run;
  const { units } = source;
  const fingerprint = fingerprintOf(
    JSON.stringify([basename(kernel.module), basename(source.module), units, threads, seed, learningRate]),
    ...identity,
    ...partsOf(source.data),
  );
  const found = readCheckpoint(file, fingerprint);
  let resumed: PoolProgress | undefined;
  if (found) {
    for (const [name, array] of Object.entries(state)) bytesOf(array).set(found.arrays[name]);
    const { done, tokens, pairs, tailLoss, tailSamples } = found.facts as Record<keyof PoolProgress, number>;
    resumed = { done, tokens, pairs, tailLoss, tailSamples };
  }
  return {
    every: Math.min(Math.ceil(units / PARTS), MOST_UNITS),
    resumed,
    write: (progress) => writeCheckpoint(file, fingerprint, { facts: { ...progress }, arrays: state }),
    remove: () => removeCheckpoint(file),
  };
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

/** Everything in a source's data, typed arrays as they are and all else as JSON, each under its name. */
function partsOf(data: unknown, name = ''): (string | ArrayBufferView)[] {
  if (ArrayBuffer.isView(data)) return [name, data];
  if (typeof data !== 'object' || data === null) return [name, JSON.stringify(data) ?? 'undefined'];
  // A long list of texts or numbers is one part, not thousands.
  if (Array.isArray(data) && data.every((entry) => typeof entry !== 'object')) return [name, JSON.stringify(data)];
  return Object.entries(data).flatMap(([key, part]) => partsOf(part, `${name}.${key}`));
}
