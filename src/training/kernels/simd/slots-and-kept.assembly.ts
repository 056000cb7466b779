/**
 * What several rows one after the other and the outputs that were kept for them (see slots-by-many.assembly.ts) learn from
 * each other. Each sees the other as it was. Rows are read and written where they lie, so a row that is in two slots
 * learns in the one and then in the other.
 */
import { madd } from './arithmetic.assembly';

/**
 * `group` lists `rows` addresses of outputs; `firstLearns` is whether the row of the first slot learns, `othersLearn` the same
 * of the others. What a row that does not would have learned is written to `unused`, of its length.
 */
export function learnSlots(
  slots: usize,
  end: usize,
  firstLearns: bool,
  othersLearn: bool,
  unused: usize,
  group: usize,
  rows: i32,
  stride: usize,
  coefficients: usize,
): void {
  let learns = firstLearns;
  for (let slot = slots, at: usize = 0; slot < end; slot += 4, at += stride) {
    const x = load<usize>(slot);
    const to = learns ? x : unused;
    learns = othersLearn;
    if (rows == 1) learnFew(1, x, to, at, group, stride, coefficients);
    else if (rows == 2) learnFew(2, x, to, at, group, stride, coefficients);
    else if (rows == 3) learnFew(3, x, to, at, group, stride, coefficients);
    else if (rows == 4) learnFew(4, x, to, at, group, stride, coefficients);
    else if (rows == 5) learnFew(5, x, to, at, group, stride, coefficients);
    else if (rows == 6) learnFew(6, x, to, at, group, stride, coefficients);
    else learnMany(rows, x, to, at, group, stride, coefficients);
  }
}

/** One slot, with addresses and coefficients in registers; compiled once for each number of rows, 1 to 6. */
// @ts-ignore: decorator
@inline
function learnFew(
  rows: i32,
  x: usize,
  to: usize,
  at: usize,
  group: usize,
  stride: usize,
  coefficients: usize,
): void {
  let o0 = load<usize>(group) + at;
  let o1: usize = rows > 1 ? load<usize>(group, 4) + at : 0;
  let o2: usize = rows > 2 ? load<usize>(group, 8) + at : 0;
  let o3: usize = rows > 3 ? load<usize>(group, 12) + at : 0;
  let o4: usize = rows > 4 ? load<usize>(group, 16) + at : 0;
  let o5: usize = rows > 5 ? load<usize>(group, 20) + at : 0;
  const g0 = v128.load32_splat(coefficients);
  const g1 = rows > 1 ? v128.load32_splat(coefficients, 4) : g0;
  const g2 = rows > 2 ? v128.load32_splat(coefficients, 8) : g0;
  const g3 = rows > 3 ? v128.load32_splat(coefficients, 12) : g0;
  const g4 = rows > 4 ? v128.load32_splat(coefficients, 16) : g0;
  const g5 = rows > 5 ? v128.load32_splat(coefficients, 20) : g0;
  const xEnd = x + stride;
  while (true) {
    let v = v128.load(x);
    let e = learnLow(o0, g0, v, v);
    if (rows > 1) e = learnLow(o1, g1, v, e);
    if (rows > 2) e = learnLow(o2, g2, v, e);
    if (rows > 3) e = learnLow(o3, g3, v, e);
    if (rows > 4) e = learnLow(o4, g4, v, e);
    if (rows > 5) e = learnLow(o5, g5, v, e);
    v128.store(to, e);
    if (x + 16 == xEnd) break;
    v = v128.load(x, 16);
    e = learnHigh(o0, g0, v, v);
    if (rows > 1) e = learnHigh(o1, g1, v, e);
    if (rows > 2) e = learnHigh(o2, g2, v, e);
    if (rows > 3) e = learnHigh(o3, g3, v, e);
    if (rows > 4) e = learnHigh(o4, g4, v, e);
    if (rows > 5) e = learnHigh(o5, g5, v, e);
    v128.store(to, e, 16);
    x += 32;
    if (x == xEnd) break;
    to += 32;
    o0 += 32;
    o1 += 32;
    o2 += 32;
    o3 += 32;
    o4 += 32;
    o5 += 32;
  }
}

/** Four numbers of an output at `o` learn from `v`; returns `learned` with what `v` learns from them. */
// @ts-ignore: decorator
@inline
function learnLow(o: usize, coefficient: v128, v: v128, learned: v128): v128 {
  const was = v128.load(o);
  const sum = madd(coefficient, was, learned);
  v128.store(o, madd(coefficient, v, was));
  return sum;
}

/** The same of the four behind. */
// @ts-ignore: decorator
@inline
function learnHigh(o: usize, coefficient: v128, v: v128, learned: v128): v128 {
  const was = v128.load(o, 16);
  const sum = madd(coefficient, was, learned);
  v128.store(o, madd(coefficient, v, was), 16);
  return sum;
}

function learnMany(
  rows: i32,
  x: usize,
  to: usize,
  at: usize,
  group: usize,
  stride: usize,
  coefficients: usize,
): void {
  for (let d: usize = 0; d < stride; d += 16) {
    const v = v128.load(x + d);
    let e = v;
    for (let k: usize = 0; k < <usize>rows << 2; k += 4) {
      e = learnLow(load<usize>(group + k) + at + d, v128.load32_splat(coefficients + k), v, e);
    }
    v128.store(to + d, e);
  }
}

/** What the row of one slot, whose stretch of the outputs starts `at` bytes into them, learns from outputs held still. */
export function learnSlotFromFrozen(
  x: usize,
  at: usize,
  group: usize,
  rows: i32,
  stride: usize,
  coefficients: usize,
): void {
  for (let d: usize = 0; d < stride; d += 16) {
    let e = v128.load(x + d);
    for (let k: usize = 0; k < <usize>rows; k++) {
      e = madd(v128.load32_splat(coefficients + (k << 2)), v128.load(load<usize>(group + (k << 2)) + at + d), e);
    }
    v128.store(x + d, e);
  }
}
