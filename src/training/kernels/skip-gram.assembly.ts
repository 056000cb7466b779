/**
 * Skip-gram with negative sampling (Mikolov et al. 2013) in WASM SIMD, over a memory that several threads share without
 * locks (Hogwild, Niu et al. 2011). For each window the negatives are drawn once for each group of `sharing` contexts:
 * 1 is word2vec, the whole window is HogBatch (Ji et al. 2016). Contexts of a group are taken two at a time, as one
 * small dense block of 2 inputs x (1 + negatives) outputs; both see the outputs as they were before the block.
 *
 * It checks nothing: `skip-gram.ts` is the facade that does, and `skip-gram.scalar.ts` the twin that says in plain
 * arithmetic what each step means, down to the order in which lanes are added. No globals, no static data, no
 * allocation: everything lives where the plan points, so threads share nothing but the two tables.
 */
import { draw } from './simd/arithmetic.assembly';
import { HotRows, mergeAll, rowToUse, sharedRow } from './simd/hot-rows.assembly';
import { fillPool, NegativePool, poolBytes, renewPool, takeNegatives } from './simd/negative-pool.assembly';
import { oneByMany, oneBySix, rowsOfGroup } from './simd/one-by-many.assembly';
import { twoByMany, twoBySix } from './simd/two-by-many.assembly';

/** What `skip-gram.ts` lays out for a thread: words of 32 bits, in this order. Addresses and the stride are in bytes. */
@unmanaged
class Plan {
  tokens: usize;
  stride: usize;
  window: i32;
  negatives: i32;
  sharing: i32;
  sigmoid: usize;
  random: usize;
  scratch: usize;
  pool: NegativePool;
  /** Rows of contexts: the input table. */
  inputs: HotRows;
  /** Rows of targets: the output table. Negatives are the table's own rows, hot or not. */
  outputs: HotRows;
}

/** Bytes of a thread's pool of negatives. */
export function negativePoolBytes(): usize {
  return poolBytes();
}

/**
 * What `train` needs of scratch space, in bytes: coefficients of a block, two rows of gradients, the contexts of a
 * window and the outputs of its groups.
 */
export function scratchBytes(window: i32, negatives: i32, stride: usize): usize {
  const contexts = <usize>window << 1;
  const rows = <usize>rowsOfGroup(negatives);
  return (((rows << 3) + 71) & ~63) + (stride << 1) + (contexts << 2) + ((contexts * rows) << 2);
}

/** Brings the thread's copies of hot rows and the tables together. */
export function merge(plan: Plan): void {
  mergeAll(plan.inputs);
  mergeAll(plan.outputs);
}

/** Trains on `count` tokens (i32 node numbers, -1 ends a sequence) and returns how many (context, target) pairs it saw. */
export function train(plan: Plan, count: i32, rate: f32): i32 {
  const tokens = plan.tokens;
  const window = plan.window;
  const rows = rowsOfGroup(plan.negatives);
  const contexts = plan.scratch + (((<usize>rows << 3) + 71) & ~63) + (plan.stride << 1);
  const groups = contexts + (<usize>window << 3);
  let pairs = 0;
  fillPool(plan.pool, <u64>count * <u64>plan.negatives);
  for (let at = 0; at < count; at++) {
    const target = load<i32>(tokens + (<usize>at << 2));
    if (target < 0) continue;
    // The dynamic window: near contexts are seen more often than far ones.
    const reach = 1 + <i32>((<u64>draw(plan.random) * <u64>window) >> 32);
    let first = at;
    while (first > 0 && at - first < reach && load<i32>(tokens + (<usize>(first - 1) << 2)) >= 0) first--;
    let found: i32 = 0;
    for (let other = first; other < count && other - at <= reach; other++) {
      if (other == at) continue;
      const context = load<i32>(tokens + (<usize>other << 2));
      if (context < 0) break;
      store<usize>(contexts + (<usize>found << 2), rowToUse(plan.inputs, context, 1));
      found++;
    }
    if (found == 0) continue;
    pairs += found;
    drawGroups(plan, target, found, groups);
    trainWindow(plan, contexts, found, groups, rate);
  }
  merge(plan);
  return pairs;
}

/** All draws of the window come first: the target and its negatives for each group of contexts. */
function drawGroups(plan: Plan, target: i32, found: i32, groups: usize): void {
  const negatives = plan.negatives;
  const drawnBytes = (<usize>negatives + 1) << 2;
  const groupBytes = <usize>rowsOfGroup(negatives) << 2;
  const positive = rowToUse(plan.outputs, target, found);
  // A negative that is the target must be known for it, whichever of its two rows is learned on.
  const own = sharedRow(plan.outputs, target);
  let group = groups;
  for (let done = 0; done < found; done += plan.sharing) {
    store<usize>(group, positive);
    takeNegatives(plan.pool, group + 4, group + drawnBytes, own, positive);
    // What fills the last triple up is the target again, which teaches nothing.
    for (let k = drawnBytes; k < groupBytes; k += 4) store<usize>(group + k, positive);
    renewPool(plan.pool, negatives);
    group += groupBytes;
  }
}

function trainWindow(plan: Plan, contexts: usize, found: i32, groups: usize, rate: f32): void {
  const rows = rowsOfGroup(plan.negatives);
  const groupBytes = <usize>rows << 2;
  const stride = plan.stride;
  const sigmoid = plan.sigmoid;
  const sharing = plan.sharing;
  const coefficients = plan.scratch;
  const gradients = coefficients + (((<usize>rows << 3) + 71) & ~63);
  let group = groups;
  for (let done = 0; done < found; done += sharing) {
    const end = min(done + sharing, found);
    let c = done;
    for (; c + 1 < end; c += 2) {
      const x = load<usize>(contexts + (<usize>c << 2));
      const y = load<usize>(contexts + (<usize>c << 2), 4);
      if (x == y) {
        // The same node twice: one after the other, or the second update would overwrite the first.
        oneByMany(x, group, rows, stride, sigmoid, rate, coefficients, gradients);
        oneByMany(y, group, rows, stride, sigmoid, rate, coefficients, gradients);
      } else if (rows == 6) twoBySix(x, y, group, stride, sigmoid, rate, coefficients);
      else twoByMany(x, y, group, rows, stride, sigmoid, rate, coefficients, gradients);
    }
    if (c < end) {
      const x = load<usize>(contexts + (<usize>c << 2));
      if (rows == 6) oneBySix(x, group, stride, sigmoid, rate);
      else oneByMany(x, group, rows, stride, sigmoid, rate, coefficients, gradients);
    }
    group += groupBytes;
  }
}
