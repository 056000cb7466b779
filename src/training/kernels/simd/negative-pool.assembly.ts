/**
 * A pool of negatives: output rows drawn from the noise distribution, from which a prediction takes its own at random. A
 * draw straight from the distribution touches a row that is in no cache; rows of the pool are, as each is used some times
 * before another takes its place. Each negative still has the very distribution of the noise, and what a prediction
 * takes is drawn for it alone.
 */
import { draw, drawNegative } from './arithmetic.assembly';

/** Rows in a pool at most: at dimension 100 below a megabyte, which second-level caches hold. */
// @ts-ignore: decorator
@inline
const MOST_ROWS: u32 = 2048;

/** Uses of a row, on average, until another takes its place. */
// @ts-ignore: decorator
@inline
const USES: u32 = 16;

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
  pool.size = <u32>min<u64>(MOST_ROWS, draws);
  pool.oldest = 0;
  pool.uses = 0;
  for (let i: u32 = 0; i < pool.size; i++) replace(pool, i);
}

/** Address of a row of the pool, drawn at random. */
// @ts-ignore: decorator
@inline
export function takeNegative(pool: NegativePool): usize {
  const entry = (<u64>draw(pool.random) * <u64>pool.size) >> 32;
  return load<usize>(pool.entries + (<usize>entry << 2));
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
