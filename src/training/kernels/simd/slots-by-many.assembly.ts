/**
 * Several rows one after the other, as one wide vector, against outputs as wide as all of them together: dot products over
 * all slots, and the coefficient of each output, what of its gradient is the same for every number. `group` is as in
 * one-by-many.assembly.ts. What the two sides then learn from each other is in slots-and-kept.assembly.ts.
 */
import { draw, madd, sigmoidAt, sigmoidIndex, sumLanes } from './arithmetic.assembly';
import { negative } from './one-by-many.assembly';

/** The coefficient of each row of the group; `slots` to `end` list addresses of rows. */
export function gradeSlots(
  slots: usize,
  end: usize,
  group: usize,
  rows: i32,
  stride: usize,
  sigmoid: usize,
  rate: f32,
  coefficients: usize,
): void {
  let k: usize = 0;
  for (; k + 6 <= <usize>rows; k += 6) gradeSix(slots, end, group, k, stride, sigmoid, rate, coefficients);
  if (k < <usize>rows) gradeThree(slots, end, group, k, stride, sigmoid, rate, coefficients);
}

/**
 * Six outputs, for which each row of the slots is read once. That the loop may end after each four numbers is not only for
 * rows of any length: V8 moves loads up as far as it can, and without ends between them runs out of registers.
 */
// @ts-ignore: decorator
@inline
function gradeSix(
  slots: usize,
  end: usize,
  group: usize,
  k: usize,
  stride: usize,
  sigmoid: usize,
  rate: f32,
  coefficients: usize,
): void {
  const first = group + (k << 2);
  const zero = f32x4.splat(0);
  let a0 = zero;
  let a1 = zero;
  let a2 = zero;
  let a3 = zero;
  let a4 = zero;
  let a5 = zero;
  for (let slot = slots, at: usize = 0; slot < end; slot += 4, at += stride) {
    let o0 = load<usize>(first) + at;
    let o1 = load<usize>(first, 4) + at;
    let o2 = load<usize>(first, 8) + at;
    let o3 = load<usize>(first, 12) + at;
    let o4 = load<usize>(first, 16) + at;
    let o5 = load<usize>(first, 20) + at;
    let x = load<usize>(slot);
    const xEnd = x + stride;
    while (true) {
      let v = v128.load(x);
      a0 = madd(v, v128.load(o0), a0);
      a1 = madd(v, v128.load(o1), a1);
      a2 = madd(v, v128.load(o2), a2);
      a3 = madd(v, v128.load(o3), a3);
      a4 = madd(v, v128.load(o4), a4);
      a5 = madd(v, v128.load(o5), a5);
      if (x + 16 == xEnd) break;
      v = v128.load(x, 16);
      a0 = madd(v, v128.load(o0, 16), a0);
      a1 = madd(v, v128.load(o1, 16), a1);
      a2 = madd(v, v128.load(o2, 16), a2);
      a3 = madd(v, v128.load(o3, 16), a3);
      a4 = madd(v, v128.load(o4, 16), a4);
      a5 = madd(v, v128.load(o5, 16), a5);
      if (x + 32 == xEnd) break;
      v = v128.load(x, 32);
      a0 = madd(v, v128.load(o0, 32), a0);
      a1 = madd(v, v128.load(o1, 32), a1);
      a2 = madd(v, v128.load(o2, 32), a2);
      a3 = madd(v, v128.load(o3, 32), a3);
      a4 = madd(v, v128.load(o4, 32), a4);
      a5 = madd(v, v128.load(o5, 32), a5);
      if (x + 48 == xEnd) break;
      v = v128.load(x, 48);
      a0 = madd(v, v128.load(o0, 48), a0);
      a1 = madd(v, v128.load(o1, 48), a1);
      a2 = madd(v, v128.load(o2, 48), a2);
      a3 = madd(v, v128.load(o3, 48), a3);
      a4 = madd(v, v128.load(o4, 48), a4);
      a5 = madd(v, v128.load(o5, 48), a5);
      x += 64;
      if (x == xEnd) break;
      o0 += 64;
      o1 += 64;
      o2 += 64;
      o3 += 64;
      o4 += 64;
      o5 += 64;
    }
  }
  const low = sigmoidIndex(sumLanes(a0, a1, a2, a3));
  const high = sigmoidIndex(sumLanes(a4, a5, zero, zero));
  gradeRow(group, k, sigmoid, i32x4.extract_lane(low, 0), rate, coefficients);
  gradeRow(group, k + 1, sigmoid, i32x4.extract_lane(low, 1), rate, coefficients);
  gradeRow(group, k + 2, sigmoid, i32x4.extract_lane(low, 2), rate, coefficients);
  gradeRow(group, k + 3, sigmoid, i32x4.extract_lane(low, 3), rate, coefficients);
  gradeRow(group, k + 4, sigmoid, i32x4.extract_lane(high, 0), rate, coefficients);
  gradeRow(group, k + 5, sigmoid, i32x4.extract_lane(high, 1), rate, coefficients);
}

/** What whole sixes leave over. */
// @ts-ignore: decorator
@inline
function gradeThree(
  slots: usize,
  end: usize,
  group: usize,
  k: usize,
  stride: usize,
  sigmoid: usize,
  rate: f32,
  coefficients: usize,
): void {
  const first = group + (k << 2);
  const zero = f32x4.splat(0);
  let a0 = zero;
  let a1 = zero;
  let a2 = zero;
  for (let slot = slots, at: usize = 0; slot < end; slot += 4, at += stride) {
    let o0 = load<usize>(first) + at;
    let o1 = load<usize>(first, 4) + at;
    let o2 = load<usize>(first, 8) + at;
    let x = load<usize>(slot);
    const xEnd = x + stride;
    while (true) {
      let v = v128.load(x);
      a0 = madd(v, v128.load(o0), a0);
      a1 = madd(v, v128.load(o1), a1);
      a2 = madd(v, v128.load(o2), a2);
      if (x + 16 == xEnd) break;
      v = v128.load(x, 16);
      a0 = madd(v, v128.load(o0, 16), a0);
      a1 = madd(v, v128.load(o1, 16), a1);
      a2 = madd(v, v128.load(o2, 16), a2);
      if (x + 32 == xEnd) break;
      v = v128.load(x, 32);
      a0 = madd(v, v128.load(o0, 32), a0);
      a1 = madd(v, v128.load(o1, 32), a1);
      a2 = madd(v, v128.load(o2, 32), a2);
      if (x + 48 == xEnd) break;
      v = v128.load(x, 48);
      a0 = madd(v, v128.load(o0, 48), a0);
      a1 = madd(v, v128.load(o1, 48), a1);
      a2 = madd(v, v128.load(o2, 48), a2);
      x += 64;
      if (x == xEnd) break;
      o0 += 64;
      o1 += 64;
      o2 += 64;
    }
  }
  const indexes = sigmoidIndex(sumLanes(a0, a1, a2, zero));
  gradeRow(group, k, sigmoid, i32x4.extract_lane(indexes, 0), rate, coefficients);
  gradeRow(group, k + 1, sigmoid, i32x4.extract_lane(indexes, 1), rate, coefficients);
  gradeRow(group, k + 2, sigmoid, i32x4.extract_lane(indexes, 2), rate, coefficients);
}

// @ts-ignore: decorator
@inline
function gradeRow(group: usize, k: usize, sigmoid: usize, index: u32, rate: f32, coefficients: usize): void {
  const row = load<usize>(group + (k << 2));
  const target = load<usize>(group);
  if (k == 0) store<f32>(coefficients, (1 - sigmoidAt(sigmoid, index)) * rate);
  else store<f32>(coefficients + (k << 2), negative(row, target, sigmoid, index, rate));
}

/**
 * Chooses which rows of the group are learned on, moves them and their coefficients to the front, and returns how many they
 * are. A coefficient below `least` in size is kept with probability size / least, and is then `least`: what is learned is
 * the same on average, for a fraction of the work (unbiased sparsification: Wangni et al. 2018). `rows` are those drawn,
 * without what fills up the last triple.
 */
export function keepRows(group: usize, rows: i32, least: f32, coefficients: usize, random: usize): i32 {
  let kept: usize = 0;
  let bits: u32 = 0;
  for (let k: usize = 0; k < <usize>rows; k++) {
    // Two decisions a draw, 16 bits each.
    bits = k & 1 ? bits >> 16 : draw(random);
    const coefficient = load<f32>(coefficients + (k << 2));
    const size = abs(coefficient);
    const threshold = (<f32>(bits & 0xffff) + 0.5) * (least * <f32>(1 / 65536));
    store<usize>(group + (kept << 2), load<usize>(group + (k << 2)));
    store<f32>(coefficients + (kept << 2), size < least ? copysign(least, coefficient) : coefficient);
    // Without a branch, as nobody could guess which way it goes. A NaN is kept.
    kept += <usize>!(size <= threshold);
  }
  return <i32>kept;
}
