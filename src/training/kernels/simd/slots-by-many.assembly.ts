/**
 * Several rows one after the other, as one wide vector, against outputs as wide as all of them together: dot products over
 * all slots, then what each slot and its stretch of the outputs learn from each other. Rows are read and written where
 * they lie, so a row that is in two slots learns in the one and then in the other. `group` is as in one-by-many.assembly.ts.
 */
import { madd, sigmoidAt, sigmoidIndex, sumLanes } from './arithmetic.assembly';
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
  if (rows == 6) {
    gradeSix(slots, end, group, stride, sigmoid, rate, coefficients);
    return;
  }
  for (let k: usize = 0; k < <usize>rows; k += 3) {
    let p = load<usize>(group + (k << 2));
    let q = load<usize>(group + (k << 2), 4);
    let r = load<usize>(group + (k << 2), 8);
    let xp = f32x4.splat(0);
    let xq = xp;
    let xr = xp;
    for (let slot = slots; slot < end; slot += 4) {
      const x = load<usize>(slot);
      for (let d: usize = 0; d < stride; d += 16) {
        const v = v128.load(x + d);
        xp = madd(v, v128.load(p + d), xp);
        xq = madd(v, v128.load(q + d), xq);
        xr = madd(v, v128.load(r + d), xr);
      }
      p += stride;
      q += stride;
      r += stride;
    }
    const indexes = sigmoidIndex(sumLanes(xp, xq, xr, f32x4.splat(0)));
    gradeRow(group, k, sigmoid, i32x4.extract_lane(indexes, 0), rate, coefficients);
    gradeRow(group, k + 1, sigmoid, i32x4.extract_lane(indexes, 1), rate, coefficients);
    gradeRow(group, k + 2, sigmoid, i32x4.extract_lane(indexes, 2), rate, coefficients);
  }
}

/** The hot case, a target and five negatives: each row of the slots is read once. */
// @ts-ignore: decorator
@inline
function gradeSix(
  slots: usize,
  end: usize,
  group: usize,
  stride: usize,
  sigmoid: usize,
  rate: f32,
  coefficients: usize,
): void {
  let o0 = load<usize>(group);
  let o1 = load<usize>(group, 4);
  let o2 = load<usize>(group, 8);
  let o3 = load<usize>(group, 12);
  let o4 = load<usize>(group, 16);
  let o5 = load<usize>(group, 20);
  const zero = f32x4.splat(0);
  let a0 = zero;
  let a1 = zero;
  let a2 = zero;
  let a3 = zero;
  let a4 = zero;
  let a5 = zero;
  const unrolled = stride & ~31;
  for (let slot = slots; slot < end; slot += 4) {
    const x = load<usize>(slot);
    let d: usize = 0;
    for (; d < unrolled; d += 32) {
      const p0 = o0 + d;
      const p1 = o1 + d;
      const p2 = o2 + d;
      const p3 = o3 + d;
      const p4 = o4 + d;
      const p5 = o5 + d;
      let v = v128.load(x + d);
      a0 = madd(v, v128.load(p0), a0);
      a1 = madd(v, v128.load(p1), a1);
      a2 = madd(v, v128.load(p2), a2);
      a3 = madd(v, v128.load(p3), a3);
      a4 = madd(v, v128.load(p4), a4);
      a5 = madd(v, v128.load(p5), a5);
      v = v128.load(x + d, 16);
      a0 = madd(v, v128.load(p0, 16), a0);
      a1 = madd(v, v128.load(p1, 16), a1);
      a2 = madd(v, v128.load(p2, 16), a2);
      a3 = madd(v, v128.load(p3, 16), a3);
      a4 = madd(v, v128.load(p4, 16), a4);
      a5 = madd(v, v128.load(p5, 16), a5);
    }
    for (; d < stride; d += 16) {
      const v = v128.load(x + d);
      a0 = madd(v, v128.load(o0 + d), a0);
      a1 = madd(v, v128.load(o1 + d), a1);
      a2 = madd(v, v128.load(o2 + d), a2);
      a3 = madd(v, v128.load(o3 + d), a3);
      a4 = madd(v, v128.load(o4 + d), a4);
      a5 = madd(v, v128.load(o5 + d), a5);
    }
    o0 += stride;
    o1 += stride;
    o2 += stride;
    o3 += stride;
    o4 += stride;
    o5 += stride;
  }
  const low = sigmoidIndex(sumLanes(a0, a1, a2, a3));
  const high = sigmoidIndex(sumLanes(a4, a5, zero, zero));
  gradeRow(group, 0, sigmoid, i32x4.extract_lane(low, 0), rate, coefficients);
  gradeRow(group, 1, sigmoid, i32x4.extract_lane(low, 1), rate, coefficients);
  gradeRow(group, 2, sigmoid, i32x4.extract_lane(low, 2), rate, coefficients);
  gradeRow(group, 3, sigmoid, i32x4.extract_lane(low, 3), rate, coefficients);
  gradeRow(group, 4, sigmoid, i32x4.extract_lane(high, 0), rate, coefficients);
  gradeRow(group, 5, sigmoid, i32x4.extract_lane(high, 1), rate, coefficients);
}

// @ts-ignore: decorator
@inline
function gradeRow(group: usize, k: usize, sigmoid: usize, index: u32, rate: f32, coefficients: usize): void {
  const row = load<usize>(group + (k << 2));
  const target = load<usize>(group);
  if (k == 0) store<f32>(coefficients, (1 - sigmoidAt(sigmoid, index)) * rate);
  else store<f32>(coefficients + (k << 2), negative(row, target, sigmoid, index, rate));
}

/** What the row of one slot and its stretch of the outputs, which starts `at` bytes into them, learn from each other. */
// @ts-ignore: decorator
@inline
export function learnSlot(
  x: usize,
  at: usize,
  learns: bool,
  group: usize,
  rows: i32,
  stride: usize,
  coefficients: usize,
): void {
  const end = group + (<usize>rows << 2);
  const unrolled = stride & ~31;
  let d: usize = 0;
  for (; d < unrolled; d += 32) {
    const v = v128.load(x + d);
    const w = v128.load(x + d, 16);
    let e = v;
    let f = w;
    let coefficient = coefficients;
    for (let row = group; row < end; row += 12) {
      let p = load<usize>(row) + at + d;
      let g = v128.load32_splat(coefficient);
      let o = v128.load(p);
      let u = v128.load(p, 16);
      e = madd(g, o, e);
      f = madd(g, u, f);
      v128.store(p, madd(g, v, o));
      v128.store(p, madd(g, w, u), 16);
      p = load<usize>(row, 4) + at + d;
      g = v128.load32_splat(coefficient, 4);
      o = v128.load(p);
      u = v128.load(p, 16);
      e = madd(g, o, e);
      f = madd(g, u, f);
      v128.store(p, madd(g, v, o));
      v128.store(p, madd(g, w, u), 16);
      p = load<usize>(row, 8) + at + d;
      g = v128.load32_splat(coefficient, 8);
      o = v128.load(p);
      u = v128.load(p, 16);
      e = madd(g, o, e);
      f = madd(g, u, f);
      v128.store(p, madd(g, v, o));
      v128.store(p, madd(g, w, u), 16);
      coefficient += 12;
    }
    if (learns) {
      v128.store(x + d, e);
      v128.store(x + d, f, 16);
    }
  }
  for (; d < stride; d += 16) {
    const v = v128.load(x + d);
    let e = v;
    let coefficient = coefficients;
    for (let row = group; row < end; row += 4, coefficient += 4) {
      const p = load<usize>(row) + at + d;
      const g = v128.load32_splat(coefficient);
      const o = v128.load(p);
      e = madd(g, o, e);
      v128.store(p, madd(g, v, o));
    }
    if (learns) v128.store(x + d, e);
  }
}

/** With the outputs held still. */
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
