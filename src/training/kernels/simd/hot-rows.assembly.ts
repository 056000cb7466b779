/**
 * A thread's own copies of the rows that all threads want at any time. Two processor cores that write to one row send its
 * cache lines back and forth, which costs more than the arithmetic; so a thread learns on a copy and every few uses
 * adds to the table what it learned, and takes over what the others did. Between two such merges a row lags behind
 * by a few updates of each thread, as it does anyway where threads write without locks.
 */

@unmanaged
export class HotRows {
  /** u8, one a node: 0 where it is not hot, else the number of its copy, from 1. 0: there are no hot rows. */
  heat: usize;
  /** u32, one a node: which row of the table is its own; 0: a node's number is. */
  rows: usize;
  table: usize;
  stride: usize;
  /** Of each hot row: the copy, and the row as it was when last merged. */
  copies: usize;
  /** u32, one a hot row: pairs since it was merged. */
  uses: usize;
  /** u32: the node of each hot row. */
  nodes: usize;
  count: u32;
  /** Pairs between merges, about. */
  every: u32;
}

// @ts-ignore: decorator
@inline
export function sharedRow(hot: HotRows, node: u32): usize {
  const row = hot.rows ? load<u32>(hot.rows + (<usize>node << 2)) : node;
  return hot.table + <usize>row * hot.stride;
}

/** Address of the row to learn on for some pairs: the thread's own copy where the node is hot, else the table's. */
// @ts-ignore: decorator
@inline
export function rowToUse(hot: HotRows, node: u32, pairs: u32): usize {
  if (hot.heat) {
    const heat = <u32>load<u8>(hot.heat + <usize>node);
    if (heat) return useCopy(hot, node, heat - 1, pairs);
  }
  return sharedRow(hot, node);
}

function useCopy(hot: HotRows, node: u32, index: u32, pairs: u32): usize {
  const uses = hot.uses + (<usize>index << 2);
  const used = load<u32>(uses) + pairs;
  const copy = hot.copies + <usize>index * (hot.stride << 1);
  if (used > hot.every) {
    merge(copy, sharedRow(hot, node), hot.stride);
    store<u32>(uses, pairs);
  } else store<u32>(uses, used);
  return copy;
}

/** Adds what the copy learned to the table, and takes over what is there. */
function merge(copy: usize, row: usize, stride: usize): void {
  const before = copy + stride;
  for (let d: usize = 0; d < stride; d += 16) {
    const learned = f32x4.sub(v128.load(copy + d), v128.load(before + d));
    const now = f32x4.add(v128.load(row + d), learned);
    v128.store(row + d, now);
    v128.store(copy + d, now);
    v128.store(before + d, now);
  }
}

/** Merges every copy, used or not: after it, copies are as the table. */
export function mergeAll(hot: HotRows): void {
  for (let i: u32 = 0; i < hot.count; i++) {
    const node = load<u32>(hot.nodes + (<usize>i << 2));
    merge(hot.copies + <usize>i * (hot.stride << 1), sharedRow(hot, node), hot.stride);
    store<u32>(hot.uses + (<usize>i << 2), 0);
  }
}
