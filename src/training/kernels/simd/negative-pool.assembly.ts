/**
 * A pool of negatives: output rows drawn from the noise distribution, from which a prediction takes its own at random. A
 * draw straight from the distribution touches a row that is in no cache; rows of the pool are, as each is used some times
 * before another takes its place. Each negative still has the very distribution of the noise, and what a prediction
 * takes is drawn for it alone.
 */
import { draw, drawNegative } from './arithmetic.assembly';

/** Rows in a pool at most. */
// @ts-ignore: decorator
@inline
const MOST_ROWS: u32 = 512;

/** Bytes of the rows in a pool at most: what second-level caches hold beside the rest. */
// @ts-ignore: decorator
@inline
const MOST_BYTES: usize = 1 << 20;

/** Uses of a row, on average, until another takes its place. */
// @ts-ignore: decorator
@inline
const USES: u32 = 2;

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
  for (let i: u32 = 0; i < pool.size; i++) replace(pool, i);
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

/** To be told of uses, now and then. */
// @ts-ignore: decorator
@inline
export function renewPool(pool: NegativePool, uses: u32): void {
  pool.uses += uses;
  while (pool.uses >= USES) {
    pool.uses -= USES;
    replace(pool, pool.oldest);
    pool.oldest = pool.oldest + 1 < pool.size ? pool.oldest + 1 : 0;
  }
}

function replace(pool: NegativePool, entry: u32): void {
  const row = drawNegative(pool.random, pool.noise, pool.rows);
  store<usize>(pool.entries + (<usize>entry << 2), pool.first + <usize>row * pool.stride);
}
