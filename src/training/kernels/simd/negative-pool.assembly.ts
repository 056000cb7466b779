/**
 * A pool of negatives: output rows drawn from the noise distribution, from which a prediction takes its own at random. A
 * draw straight from the distribution touches a row that is in no cache; rows of the pool are, as each is used a few times on
 * average before another takes its place. Each negative still has the very distribution of the noise, and what a prediction
 * takes is drawn for it alone.
 */
import { chooseRow, draw, rotateLeft } from './arithmetic.assembly';

/** Rows in a pool at most. */
// @ts-ignore: decorator
@inline
const MOST_ROWS: u32 = 512;

/** Bytes of the rows in a pool at most: what second-level caches hold beside the rest. */
// @ts-ignore: decorator
@inline
const MOST_BYTES: usize = 1 << 20;

@unmanaged
export class NegativePool {
  random: usize;
  /** An alias table of the rows that negatives are drawn from; in other threads' pools are others. */
  noise: usize;
  /** How many rows those are, and the first of them. */
  rows: u32;
  first: usize;
  stride: usize;
  /** Addresses of rows; room for MOST_ROWS. */
  entries: usize;
  size: u32;
  /** The entry that is replaced next. */
  oldest: u32;
  /** Uses since the last one was. */
  uses: u32;
  /** Uses of a row, on average, until another takes its place. */
  usesOfRow: u32;
}

// @ts-ignore: decorator
@inline
export function poolBytes(): usize {
  return <usize>MOST_ROWS << 2;
}

/** Fills the pool anew for up to `draws` uses. */
export function fillPool(pool: NegativePool, draws: u64): void {
  const rows = max<u64>(1, min<u64>(MOST_ROWS, MOST_BYTES / pool.stride));
  pool.size = <u32>min<u64>(rows, draws);
  pool.oldest = 0;
  pool.uses = 0;
  renewPool(pool, pool.size * pool.usesOfRow);
}

/**
 * Writes addresses of rows of the pool, drawn at random, from `to` until `end`; a row that is `own` is written as `target`.
 * What one draw leaves over an entry chooses two more: 32 bits are enough for three entries of 512.
 */
// @ts-ignore: decorator
@inline
export function takeNegatives(pool: NegativePool, to: usize, end: usize, own: usize, target: usize): void {
  const size = <u64>pool.size;
  const entries = pool.entries;
  let bits: u32 = 0;
  let left = 0;
  for (; to < end; to += 4) {
    if (left == 0) {
      bits = draw(pool.random);
      left = 3;
    }
    const product = <u64>bits * size;
    bits = <u32>product;
    left--;
    const row = load<usize>(entries + (<usize>(product >> 32) << 2));
    store<usize>(to, row == own ? target : row);
  }
}

/**
 * To be told of uses, now and then: entries that are due are drawn anew, the oldest first. The random numbers are those of
 * `draw` and the choice that of `drawNegative`, whose state is held in locals here, as one draw waits for the one before.
 */
export function renewPool(pool: NegativePool, uses: u32): void {
  const random = pool.random;
  let a = load<u32>(random);
  let b = load<u32>(random, 4);
  let c = load<u32>(random, 8);
  let counter = load<u32>(random, 12);
  const rows = <u64>pool.rows;
  const usesOfRow = pool.usesOfRow;
  let due = pool.uses + uses;
  let entry = pool.oldest;
  for (; due >= usesOfRow; due -= usesOfRow) {
    const drawn = a + b + counter;
    a = b ^ (b >> 9);
    b = c + (c << 3);
    c = rotateLeft(c, 21) + drawn;
    counter++;
    const row = chooseRow(<u64>drawn * rows, pool.noise);
    store<usize>(pool.entries + (<usize>entry << 2), pool.first + <usize>row * pool.stride);
    entry = entry + 1 < pool.size ? entry + 1 : 0;
  }
  pool.uses = due;
  pool.oldest = entry;
  store<u32>(random, a);
  store<u32>(random, b, 4);
  store<u32>(random, c, 8);
  store<u32>(random, counter, 12);
}
