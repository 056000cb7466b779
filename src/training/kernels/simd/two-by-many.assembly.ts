/**
 * Two vectors against the same output rows, as one small dense block: all see the others as they were before. `group` is
 * as in one-by-many.assembly.ts; `coefficients` has room for two f32 a row.
 */
import { madd, sigmoidAt, sigmoidIndex, sumLanes } from './arithmetic.assembly';
import { negative } from './one-by-many.assembly';

/** The hot case where negatives are shared: two contexts, their target and five negatives. */
// @ts-ignore: decorator
@inline
export function twoBySix(x: usize, y: usize, group: usize, stride: usize, sigmoid: usize, rate: f32, coefficients: usize): void {
  dotTwoByThree(x, y, group, stride, coefficients);
  dotTwoByThree(x, y, group + 12, stride, coefficients + 24);
  gradeTwo(coefficients, group, 6, sigmoid, rate);
  const o0 = load<usize>(group);
  const o1 = load<usize>(group, 4);
  const o2 = load<usize>(group, 8);
  const o3 = load<usize>(group, 12);
  const o4 = load<usize>(group, 16);
  const o5 = load<usize>(group, 20);
  for (let d: usize = 0; d < stride; d += 16) {
    const v = v128.load(x + d);
    const w = v128.load(y + d);
    let p = o0 + d;
    let g = v128.load32_splat(coefficients, 0);
    let h = v128.load32_splat(coefficients, 4);
    let o = v128.load(p);
    let e = madd(g, o, v);
    let f = madd(h, o, w);
    v128.store(p, madd(h, w, madd(g, v, o)));
    p = o1 + d;
    g = v128.load32_splat(coefficients, 8);
    h = v128.load32_splat(coefficients, 12);
    o = v128.load(p);
    e = madd(g, o, e);
    f = madd(h, o, f);
    v128.store(p, madd(h, w, madd(g, v, o)));
    p = o2 + d;
    g = v128.load32_splat(coefficients, 16);
    h = v128.load32_splat(coefficients, 20);
    o = v128.load(p);
    e = madd(g, o, e);
    f = madd(h, o, f);
    v128.store(p, madd(h, w, madd(g, v, o)));
    p = o3 + d;
    g = v128.load32_splat(coefficients, 24);
    h = v128.load32_splat(coefficients, 28);
    o = v128.load(p);
    e = madd(g, o, e);
    f = madd(h, o, f);
    v128.store(p, madd(h, w, madd(g, v, o)));
    p = o4 + d;
    g = v128.load32_splat(coefficients, 32);
    h = v128.load32_splat(coefficients, 36);
    o = v128.load(p);
    e = madd(g, o, e);
    f = madd(h, o, f);
    v128.store(p, madd(h, w, madd(g, v, o)));
    p = o5 + d;
    g = v128.load32_splat(coefficients, 40);
    h = v128.load32_splat(coefficients, 44);
    o = v128.load(p);
    e = madd(g, o, e);
    f = madd(h, o, f);
    v128.store(p, madd(h, w, madd(g, v, o)));
    v128.store(x + d, e);
    v128.store(y + d, f);
  }
}

/** Any number of negatives, two contexts; `gradients` is two rows of scratch. */
export function twoByMany(
  x: usize,
  y: usize,
  group: usize,
  rows: i32,
  stride: usize,
  sigmoid: usize,
  rate: f32,
  coefficients: usize,
  gradients: usize,
): void {
  for (let k: usize = 0; k < <usize>rows; k += 3) {
    dotTwoByThree(x, y, group + (k << 2), stride, coefficients + (k << 3));
  }
  gradeTwo(coefficients, group, rows, sigmoid, rate);
  const second = gradients + stride;
  memory.copy(gradients, x, stride);
  memory.copy(second, y, stride);
  for (let k: usize = 0; k < <usize>rows; k += 3) {
    const p = load<usize>(group + (k << 2));
    const q = load<usize>(group + (k << 2), 4);
    const r = load<usize>(group + (k << 2), 8);
    const at = coefficients + (k << 3);
    const gp = v128.load32_splat(at);
    const hp = v128.load32_splat(at, 4);
    const gq = v128.load32_splat(at, 8);
    const hq = v128.load32_splat(at, 12);
    const gr = v128.load32_splat(at, 16);
    const hr = v128.load32_splat(at, 20);
    for (let d: usize = 0; d < stride; d += 16) {
      const v = v128.load(x + d);
      const w = v128.load(y + d);
      let o = v128.load(p + d);
      let e = madd(gp, o, v128.load(gradients + d));
      let f = madd(hp, o, v128.load(second + d));
      v128.store(p + d, madd(hp, w, madd(gp, v, o)));
      o = v128.load(q + d);
      e = madd(gq, o, e);
      f = madd(hq, o, f);
      v128.store(q + d, madd(hq, w, madd(gq, v, o)));
      o = v128.load(r + d);
      e = madd(gr, o, e);
      f = madd(hr, o, f);
      v128.store(r + d, madd(hr, w, madd(gr, v, o)));
      v128.store(gradients + d, e);
      v128.store(second + d, f);
    }
  }
  memory.copy(x, gradients, stride);
  memory.copy(y, second, stride);
}

/**
 * Dot products of two inputs with three outputs, as indexes into the sigmoid table: u32 (x.p, y.p, x.q, y.q, x.r, y.r)
 * at `indexes`.
 */
// @ts-ignore: decorator
@inline
function dotTwoByThree(x: usize, y: usize, group: usize, stride: usize, indexes: usize): void {
  const p = load<usize>(group);
  const q = load<usize>(group, 4);
  const r = load<usize>(group, 8);
  const zero = f32x4.splat(0);
  let xp = zero;
  let yp = zero;
  let xq = zero;
  let yq = zero;
  let xr = zero;
  let yr = zero;
  const unrolled = stride & ~31;
  let d: usize = 0;
  for (; d < unrolled; d += 32) {
    const px = x + d;
    const py = y + d;
    const pp = p + d;
    const pq = q + d;
    const pr = r + d;
    let v = v128.load(px);
    let w = v128.load(py);
    let o = v128.load(pp);
    xp = madd(v, o, xp);
    yp = madd(w, o, yp);
    o = v128.load(pq);
    xq = madd(v, o, xq);
    yq = madd(w, o, yq);
    o = v128.load(pr);
    xr = madd(v, o, xr);
    yr = madd(w, o, yr);
    v = v128.load(px, 16);
    w = v128.load(py, 16);
    o = v128.load(pp, 16);
    xp = madd(v, o, xp);
    yp = madd(w, o, yp);
    o = v128.load(pq, 16);
    xq = madd(v, o, xq);
    yq = madd(w, o, yq);
    o = v128.load(pr, 16);
    xr = madd(v, o, xr);
    yr = madd(w, o, yr);
  }
  if (d < stride) {
    const v = v128.load(x + d);
    const w = v128.load(y + d);
    let o = v128.load(p + d);
    xp = madd(v, o, xp);
    yp = madd(w, o, yp);
    o = v128.load(q + d);
    xq = madd(v, o, xq);
    yq = madd(w, o, yq);
    o = v128.load(r + d);
    xr = madd(v, o, xr);
    yr = madd(w, o, yr);
  }
  v128.store(indexes, sigmoidIndex(sumLanes(xp, yp, xq, yq)));
  v128.store_lane<u64>(indexes, sigmoidIndex(sumLanes(xr, yr, zero, zero)), 0, 16);
}

/** Turns the indexes of a block (rows x 2, context fastest) into coefficients, in place. */
// @ts-ignore: decorator
@inline
function gradeTwo(coefficients: usize, group: usize, rows: i32, sigmoid: usize, rate: f32): void {
  const target = load<usize>(group);
  store<f32>(coefficients, (1 - sigmoidAt(sigmoid, load<u32>(coefficients))) * rate);
  store<f32>(coefficients, (1 - sigmoidAt(sigmoid, load<u32>(coefficients, 4))) * rate, 4);
  for (let k: usize = 1; k < <usize>rows; k++) {
    const at = coefficients + (k << 3);
    const row = load<usize>(group + (k << 2));
    store<f32>(at, negative(row, target, sigmoid, load<u32>(at), rate));
    store<f32>(at, negative(row, target, sigmoid, load<u32>(at, 4), rate), 4);
  }
}
