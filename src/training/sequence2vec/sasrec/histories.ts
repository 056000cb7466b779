/** Histories as the network looks at them: the newest events, from the first slot on, and where each one ends. */
export interface Histories {
  /** (histories, slots): numbers of things; 0 after the end, where nothing looks. */
  readonly history: Int32Array;
  /** (histories, slots): 1 at the last event, 0 elsewhere. */
  readonly last: Float32Array;
}

/** @param sequences numbers of things, at least one each */
export function historiesOf(sequences: readonly ArrayLike<number>[], slots: number): Histories {
  const history = new Int32Array(sequences.length * slots);
  const last = new Float32Array(sequences.length * slots);
  sequences.forEach((things, row) => {
    const length = Math.min(slots, things.length);
    for (let i = 0; i < length; i++) history[row * slots + i] = things[things.length - length + i];
    last[row * slots + length - 1] = 1;
  });
  return { history, last };
}

const MOST_PER_CALL = 256;
/** Numbers of (histories, heads, slots, slots) that one call may make in each block: 128 MB of glances. */
const GLANCES_PER_CALL = 2 ** 25;

/** How many histories the network may be asked about in one call of the runtime. */
export function historiesPerCall({ heads, slots }: { readonly heads: number; readonly slots: number }): number {
  return Math.max(1, Math.min(MOST_PER_CALL, Math.floor(GLANCES_PER_CALL / (heads * slots * slots))));
}
