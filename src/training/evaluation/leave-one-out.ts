/**
 * Leave one out: of each user's items the newest is hidden, the rest is learned from. Where the newest events share one
 * time (some sources have only dates, or no times at all) one of their items is drawn with a seed. All events of a
 * hidden item go, so nothing of it is left in that user's history.
 */
import { Random } from '../kernels/random';
import type { Histories } from '../sequence2vec/histories';

export interface LeaveOneOut {
  /** The histories without the hidden items; users and items keep their numbers. */
  readonly train: Histories;
  /** One a user: the hidden item, or -1 for a user with fewer than two different items, who keeps everything. */
  readonly hidden: Int32Array;
}

export function leaveOneOut(histories: Histories, seed: number): LeaveOneOut {
  const { offsets, items, times, sessions } = histories;
  const users = offsets.length - 1;
  const random = Random.seeded(seed);
  const hidden = new Int32Array(users);
  const kept: number[] = [];
  const keptOffsets = new Int32Array(users + 1);
  for (let user = 0; user < users; user++) {
    hidden[user] = chooseHidden(items, times, offsets[user], offsets[user + 1], random);
    for (let at = offsets[user]; at < offsets[user + 1]; at++) if (items[at] !== hidden[user]) kept.push(at);
    keptOffsets[user + 1] = kept.length;
  }
  return {
    hidden,
    train: {
      ...histories,
      offsets: keptOffsets,
      items: Int32Array.from(kept, (at) => items[at]),
      times: Float64Array.from(kept, (at) => times[at]),
      sessions: Int32Array.from(kept, (at) => sessions[at]),
    },
  };
}

function chooseHidden(items: Int32Array, times: Float64Array, from: number, to: number, random: Random): number {
  if (new Set(items.subarray(from, to)).size < 2) return -1;
  const newest = times[to - 1];
  const candidates = new Set<number>();
  for (let at = to - 1; at >= from && times[at] === newest; at--) candidates.add(items[at]);
  // In the order of their numbers, so that the draw does not depend on the order of the tied events.
  const ordered = [...candidates].sort((a, b) => a - b);
  return ordered[random.below(ordered.length)];
}
