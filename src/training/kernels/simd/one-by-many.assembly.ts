/**
 * One vector against the output rows of its target and negatives: dot products, gradients, and the update of both sides,
 * each of which sees the other as it was before. `group` lists addresses of rows, the target's first, filled up to a
 * multiple of three with the target again; a row that is the target a second time teaches nothing.
 */
import { madd, sigmoidAt, sigmoidIndex, sumLanes } from './arithmetic.assembly';

/** Rows of a group: the target and its negatives in whole triples. */
// @ts-ignore: decorator
@inline
export function rowsOfGroup(negatives: i32): i32 {
  return ((negatives + 3) / 3) * 3;
}

/** Coefficient of a negative. */
// @ts-ignore: decorator
@inline
export function negative(row: usize, target: usize, sigmoid: usize, index: u32, rate: f32): f32 {
  return row == target ? 0 : (0 - sigmoidAt(sigmoid, index)) * rate;
}

/** The hot case: a target and five negatives. What x learns is added to it. */
// @ts-ignore: decorator
@inline
export function oneBySix(x: usize, group: usize, stride: usize, sigmoid: usize, rate: f32): void {
  sixAgainst(x, x, true, group, stride, sigmoid, rate);
}

/** The same, but what x would learn is left at `learned`, and x as it was. */
// @ts-ignore: decorator
@inline
export function oneBySixApart(x: usize, learned: usize, group: usize, stride: usize, sigmoid: usize, rate: f32): void {
  sixAgainst(x, learned, false, group, stride, sigmoid, rate);
}

// @ts-ignore: decorator
@inline
function sixAgainst(
  x: usize,
  learned: usize,
  added: bool,
  group: usize,
  stride: usize,
  sigmoid: usize,
  rate: f32,
): void {
  const o0 = load<usize>(group);
  const o1 = load<usize>(group, 4);
  const o2 = load<usize>(group, 8);
  const o3 = load<usize>(group, 12);
  const o4 = load<usize>(group, 16);
  const o5 = load<usize>(group, 20);
  const zero = f32x4.splat(0);
  let a0 = zero;
  let a1 = zero;
  let a2 = zero;
  let a3 = zero;
  let a4 = zero;
  let a5 = zero;
  const unrolled = stride & ~63;
  let d: usize = 0;
  for (; d < unrolled; d += 64) {
    const px = x + d;
    const p0 = o0 + d;
    const p1 = o1 + d;
    const p2 = o2 + d;
    const p3 = o3 + d;
    const p4 = o4 + d;
    const p5 = o5 + d;
    let v = v128.load(px);
    a0 = madd(v, v128.load(p0), a0);
    a1 = madd(v, v128.load(p1), a1);
    a2 = madd(v, v128.load(p2), a2);
    a3 = madd(v, v128.load(p3), a3);
    a4 = madd(v, v128.load(p4), a4);
    a5 = madd(v, v128.load(p5), a5);
    v = v128.load(px, 16);
    a0 = madd(v, v128.load(p0, 16), a0);
    a1 = madd(v, v128.load(p1, 16), a1);
    a2 = madd(v, v128.load(p2, 16), a2);
    a3 = madd(v, v128.load(p3, 16), a3);
    a4 = madd(v, v128.load(p4, 16), a4);
    a5 = madd(v, v128.load(p5, 16), a5);
    v = v128.load(px, 32);
    a0 = madd(v, v128.load(p0, 32), a0);
    a1 = madd(v, v128.load(p1, 32), a1);
    a2 = madd(v, v128.load(p2, 32), a2);
    a3 = madd(v, v128.load(p3, 32), a3);
    a4 = madd(v, v128.load(p4, 32), a4);
    a5 = madd(v, v128.load(p5, 32), a5);
    v = v128.load(px, 48);
    a0 = madd(v, v128.load(p0, 48), a0);
    a1 = madd(v, v128.load(p1, 48), a1);
    a2 = madd(v, v128.load(p2, 48), a2);
    a3 = madd(v, v128.load(p3, 48), a3);
    a4 = madd(v, v128.load(p4, 48), a4);
    a5 = madd(v, v128.load(p5, 48), a5);
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
  const low = sigmoidIndex(sumLanes(a0, a1, a2, a3));
  const high = sigmoidIndex(sumLanes(a4, a5, zero, zero));
  const g0 = f32x4.splat((1 - sigmoidAt(sigmoid, i32x4.extract_lane(low, 0))) * rate);
  const g1 = f32x4.splat(negative(o1, o0, sigmoid, i32x4.extract_lane(low, 1), rate));
  const g2 = f32x4.splat(negative(o2, o0, sigmoid, i32x4.extract_lane(low, 2), rate));
  const g3 = f32x4.splat(negative(o3, o0, sigmoid, i32x4.extract_lane(low, 3), rate));
  const g4 = f32x4.splat(negative(o4, o0, sigmoid, i32x4.extract_lane(high, 0), rate));
  const g5 = f32x4.splat(negative(o5, o0, sigmoid, i32x4.extract_lane(high, 1), rate));
  let v = zero;
  let o = zero;
  let e = zero;
  for (d = 0; d < unrolled; d += 64) {
    const px = x + d;
    const p0 = o0 + d;
    const p1 = o1 + d;
    const p2 = o2 + d;
    const p3 = o3 + d;
    const p4 = o4 + d;
    const p5 = o5 + d;
    v = v128.load(px, 0);
    o = v128.load(p0, 0);
    e = added ? madd(g0, o, v) : f32x4.mul(g0, o);
    v128.store(p0, madd(g0, v, o), 0);
    o = v128.load(p1, 0);
    e = madd(g1, o, e);
    v128.store(p1, madd(g1, v, o), 0);
    o = v128.load(p2, 0);
    e = madd(g2, o, e);
    v128.store(p2, madd(g2, v, o), 0);
    o = v128.load(p3, 0);
    e = madd(g3, o, e);
    v128.store(p3, madd(g3, v, o), 0);
    o = v128.load(p4, 0);
    e = madd(g4, o, e);
    v128.store(p4, madd(g4, v, o), 0);
    o = v128.load(p5, 0);
    e = madd(g5, o, e);
    v128.store(p5, madd(g5, v, o), 0);
    v128.store(learned + d, e, 0);
    v = v128.load(px, 16);
    o = v128.load(p0, 16);
    e = added ? madd(g0, o, v) : f32x4.mul(g0, o);
    v128.store(p0, madd(g0, v, o), 16);
    o = v128.load(p1, 16);
    e = madd(g1, o, e);
    v128.store(p1, madd(g1, v, o), 16);
    o = v128.load(p2, 16);
    e = madd(g2, o, e);
    v128.store(p2, madd(g2, v, o), 16);
    o = v128.load(p3, 16);
    e = madd(g3, o, e);
    v128.store(p3, madd(g3, v, o), 16);
    o = v128.load(p4, 16);
    e = madd(g4, o, e);
    v128.store(p4, madd(g4, v, o), 16);
    o = v128.load(p5, 16);
    e = madd(g5, o, e);
    v128.store(p5, madd(g5, v, o), 16);
    v128.store(learned + d, e, 16);
    v = v128.load(px, 32);
    o = v128.load(p0, 32);
    e = added ? madd(g0, o, v) : f32x4.mul(g0, o);
    v128.store(p0, madd(g0, v, o), 32);
    o = v128.load(p1, 32);
    e = madd(g1, o, e);
    v128.store(p1, madd(g1, v, o), 32);
    o = v128.load(p2, 32);
    e = madd(g2, o, e);
    v128.store(p2, madd(g2, v, o), 32);
    o = v128.load(p3, 32);
    e = madd(g3, o, e);
    v128.store(p3, madd(g3, v, o), 32);
    o = v128.load(p4, 32);
    e = madd(g4, o, e);
    v128.store(p4, madd(g4, v, o), 32);
    o = v128.load(p5, 32);
    e = madd(g5, o, e);
    v128.store(p5, madd(g5, v, o), 32);
    v128.store(learned + d, e, 32);
    v = v128.load(px, 48);
    o = v128.load(p0, 48);
    e = added ? madd(g0, o, v) : f32x4.mul(g0, o);
    v128.store(p0, madd(g0, v, o), 48);
    o = v128.load(p1, 48);
    e = madd(g1, o, e);
    v128.store(p1, madd(g1, v, o), 48);
    o = v128.load(p2, 48);
    e = madd(g2, o, e);
    v128.store(p2, madd(g2, v, o), 48);
    o = v128.load(p3, 48);
    e = madd(g3, o, e);
    v128.store(p3, madd(g3, v, o), 48);
    o = v128.load(p4, 48);
    e = madd(g4, o, e);
    v128.store(p4, madd(g4, v, o), 48);
    o = v128.load(p5, 48);
    e = madd(g5, o, e);
    v128.store(p5, madd(g5, v, o), 48);
    v128.store(learned + d, e, 48);
  }
  for (; d < stride; d += 16) {
    const px = x + d;
    const p0 = o0 + d;
    const p1 = o1 + d;
    const p2 = o2 + d;
    const p3 = o3 + d;
    const p4 = o4 + d;
    const p5 = o5 + d;
    v = v128.load(px);
    o = v128.load(p0);
    e = added ? madd(g0, o, v) : f32x4.mul(g0, o);
    v128.store(p0, madd(g0, v, o));
    o = v128.load(p1);
    e = madd(g1, o, e);
    v128.store(p1, madd(g1, v, o));
    o = v128.load(p2);
    e = madd(g2, o, e);
    v128.store(p2, madd(g2, v, o));
    o = v128.load(p3);
    e = madd(g3, o, e);
    v128.store(p3, madd(g3, v, o));
    o = v128.load(p4);
    e = madd(g4, o, e);
    v128.store(p4, madd(g4, v, o));
    o = v128.load(p5);
    e = madd(g5, o, e);
    v128.store(p5, madd(g5, v, o));
    v128.store(learned + d, e);
  }
}

/** Any number of negatives; `coefficients` has room for one f32 a row, `gradients` for a vector. */
export function oneByMany(
  x: usize,
  group: usize,
  rows: i32,
  stride: usize,
  sigmoid: usize,
  rate: f32,
  coefficients: usize,
  gradients: usize,
): void {
  grade(x, group, rows, stride, sigmoid, rate, coefficients);
  memory.copy(gradients, x, stride);
  learnApart(x, gradients, group, rows, stride, coefficients);
  memory.copy(x, gradients, stride);
}

/** The same, but what x would learn is left at `learned`, and x as it was. */
export function oneByManyApart(
  x: usize,
  learned: usize,
  group: usize,
  rows: i32,
  stride: usize,
  sigmoid: usize,
  rate: f32,
  coefficients: usize,
): void {
  grade(x, group, rows, stride, sigmoid, rate, coefficients);
  memory.fill(learned, 0, stride);
  learnApart(x, learned, group, rows, stride, coefficients);
}

/** Adds to `learned` what x learns, and to the outputs what they learn from x. */
// @ts-ignore: decorator
@inline
function learnApart(x: usize, learned: usize, group: usize, rows: i32, stride: usize, coefficients: usize): void {
  for (let k: usize = 0; k < <usize>rows; k += 3) {
    const p = load<usize>(group + (k << 2));
    const q = load<usize>(group + (k << 2), 4);
    const r = load<usize>(group + (k << 2), 8);
    const gp = v128.load32_splat(coefficients + (k << 2));
    const gq = v128.load32_splat(coefficients + (k << 2), 4);
    const gr = v128.load32_splat(coefficients + (k << 2), 8);
    for (let d: usize = 0; d < stride; d += 16) {
      const v = v128.load(x + d);
      let o = v128.load(p + d);
      let e = madd(gp, o, v128.load(learned + d));
      v128.store(p + d, madd(gp, v, o));
      o = v128.load(q + d);
      e = madd(gq, o, e);
      v128.store(q + d, madd(gq, v, o));
      o = v128.load(r + d);
      e = madd(gr, o, e);
      v128.store(r + d, madd(gr, v, o));
      v128.store(learned + d, e);
    }
  }
}

/** With the outputs held still: adds to `learned`, which may be x itself, what x learns. */
export function oneByFrozen(
  x: usize,
  learned: usize,
  group: usize,
  rows: i32,
  stride: usize,
  sigmoid: usize,
  rate: f32,
  coefficients: usize,
): void {
  grade(x, group, rows, stride, sigmoid, rate, coefficients);
  for (let k: usize = 0; k < <usize>rows; k += 3) {
    const p = load<usize>(group + (k << 2));
    const q = load<usize>(group + (k << 2), 4);
    const r = load<usize>(group + (k << 2), 8);
    const gp = v128.load32_splat(coefficients + (k << 2));
    const gq = v128.load32_splat(coefficients + (k << 2), 4);
    const gr = v128.load32_splat(coefficients + (k << 2), 8);
    for (let d: usize = 0; d < stride; d += 16) {
      let e = madd(gp, v128.load(p + d), v128.load(learned + d));
      e = madd(gq, v128.load(q + d), e);
      v128.store(learned + d, madd(gr, v128.load(r + d), e));
    }
  }
}

/** The coefficient of each row of the group: (1 for the target, else 0, less the likelihood) x rate. */
function grade(
  x: usize,
  group: usize,
  rows: i32,
  stride: usize,
  sigmoid: usize,
  rate: f32,
  coefficients: usize,
): void {
  const target = load<usize>(group);
  for (let k: usize = 0; k < <usize>rows; k += 3) {
    const p = load<usize>(group + (k << 2));
    const q = load<usize>(group + (k << 2), 4);
    const r = load<usize>(group + (k << 2), 8);
    let xp = f32x4.splat(0);
    let xq = xp;
    let xr = xp;
    for (let d: usize = 0; d < stride; d += 16) {
      const v = v128.load(x + d);
      xp = madd(v, v128.load(p + d), xp);
      xq = madd(v, v128.load(q + d), xq);
      xr = madd(v, v128.load(r + d), xr);
    }
    const indexes = sigmoidIndex(sumLanes(xp, xq, xr, f32x4.splat(0)));
    const at = coefficients + (k << 2);
    const first = sigmoidAt(sigmoid, i32x4.extract_lane(indexes, 0));
    store<f32>(at, k == 0 ? (1 - first) * rate : p == target ? 0 : (0 - first) * rate);
    store<f32>(at, negative(q, target, sigmoid, i32x4.extract_lane(indexes, 1), rate), 4);
    store<f32>(at, negative(r, target, sigmoid, i32x4.extract_lane(indexes, 2), rate), 8);
  }
}
