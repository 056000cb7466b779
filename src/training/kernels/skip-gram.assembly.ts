/**
 * Skip-gram with negative sampling (Mikolov et al. 2013) in WASM SIMD, over a memory that several threads share without
 * locks (Hogwild, Niu et al. 2011). For each window the negatives are drawn once for each group of `sharing` contexts:
 * 1 is word2vec, the whole window is HogBatch (Ji et al. 2016). Contexts of a group are taken two at a time, as one
 * small dense block of 2 inputs x (1 + negatives) outputs; both see the outputs as they were before the block.
 *
 * It checks nothing: `skip-gram.ts` is the facade that does, and `skip-gram.scalar.ts` the twin that says in plain
 * arithmetic what each step means, down to the order in which lanes are added. No globals, no static data, no
 * allocation: everything lives where the arguments point, so threads share nothing but the two tables.
 */

/** a * b + c. The build for hosts with relaxed SIMD (RELAXED = 1, given to the compiler) may fuse the two. */
// @ts-ignore: decorator
@inline
function madd(a: v128, b: v128, c: v128): v128 {
  // @ts-ignore: the compiler knows the constant
  if (RELAXED) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** Lane sums of four accumulators: lane i of the result is (a0 + a2) + (a1 + a3) of accumulator i. */
// @ts-ignore: decorator
@inline
function sumLanes(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 4, 1, 5), v128.shuffle<f32>(a, b, 2, 6, 3, 7));
  const cd = f32x4.add(v128.shuffle<f32>(c, d, 0, 4, 1, 5), v128.shuffle<f32>(c, d, 2, 6, 3, 7));
  return f32x4.add(v128.shuffle<f32>(ab, cd, 0, 1, 4, 5), v128.shuffle<f32>(ab, cd, 2, 3, 6, 7));
}

/**
 * Index into the sigmoid table of 1,025 entries for [-6, 6]. Adding 2^23 leaves the nearest whole number in the low
 * bits of each lane. The order of the operands makes a NaN land on entry 0.
 */
// @ts-ignore: decorator
@inline
function sigmoidIndex(x: v128): v128 {
  const scaled = f32x4.add(f32x4.mul(x, f32x4.splat(<f32>(1024.0 / 12.0))), f32x4.splat(512));
  const clamped = f32x4.pmin(f32x4.splat(1024), f32x4.pmax(f32x4.splat(0), scaled));
  return v128.and(f32x4.add(clamped, f32x4.splat(8388608)), i32x4.splat(0x7ff));
}

// @ts-ignore: decorator
@inline
function sigmoidAt(sigmoid: usize, index: u32): f32 {
  return load<f32>(sigmoid + (<usize>index << 2));
}

// @ts-ignore: decorator
@inline
function rotateLeft(x: u32, by: u32): u32 {
  return (x << by) | (x >> (32 - by));
}

/** One draw of sfc32 (Chris Doty-Humphrey's small fast counter); `state` is four u32: a, b, c, counter. */
// @ts-ignore: decorator
@inline
function draw(state: usize): u32 {
  const b = load<u32>(state, 4);
  const c = load<u32>(state, 8);
  const counter = load<u32>(state, 12);
  const result = load<u32>(state) + b + counter;
  store<u32>(state, b ^ (b >> 9));
  store<u32>(state, c + (c << 3), 4);
  store<u32>(state, rotateLeft(c, 21) + result, 8);
  store<u32>(state, counter + 1, 12);
  return result;
}

/**
 * Draws one node by Walker's alias method: the whole part of draw x nodes chooses a column, the fraction one of its two
 * nodes. `noise` holds a column in 8 bytes: u32 threshold, i32 alias.
 */
// @ts-ignore: decorator
@inline
function drawNegative(state: usize, noise: usize, nodes: u32): u32 {
  const product = <u64>draw(state) * <u64>nodes;
  const column = <u32>(product >> 32);
  const entry = noise + (<usize>column << 3);
  return <u32>product < load<u32>(entry) ? column : load<u32>(entry, 4);
}

/**
 * Output rows of a group: the target and its negatives, filled up to a multiple of three with the target again, which
 * teaches nothing (see `grade`), so that blocks always have whole triples of outputs.
 */
// @ts-ignore: decorator
@inline
function rowsOfGroup(negatives: i32): i32 {
  return ((negatives + 3) / 3) * 3;
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

/**
 * Trains on `count` tokens (i32 node numbers, -1 ends a sequence) and returns how many (context, target) pairs it saw.
 * Tables are (nodes, stride) with stride a multiple of 16 bytes and zeros beyond the dimension.
 */
export function train(
  tokens: usize,
  count: i32,
  input: usize,
  output: usize,
  stride: usize,
  window: i32,
  negatives: i32,
  sharing: i32,
  noise: usize,
  nodes: u32,
  sigmoid: usize,
  rate: f32,
  random: usize,
  scratch: usize,
): i32 {
  const rows = rowsOfGroup(negatives);
  const coefficients = scratch;
  const gradients = coefficients + (((<usize>rows << 3) + 71) & ~63);
  const contexts = gradients + (stride << 1);
  const groups = contexts + (<usize>window << 3);
  const drawnBytes = (<usize>negatives + 1) << 2;
  const groupBytes = <usize>rows << 2;
  let pairs = 0;

  for (let at = 0; at < count; at++) {
    const target = load<i32>(tokens + (<usize>at << 2));
    if (target < 0) continue;
    // The dynamic window: near contexts are seen more often than far ones.
    const reach = 1 + <i32>((<u64>draw(random) * <u64>window) >> 32);
    let first = at;
    while (first > 0 && at - first < reach && load<i32>(tokens + (<usize>(first - 1) << 2)) >= 0) first--;
    let found: i32 = 0;
    for (let other = first; other < count && other - at <= reach; other++) {
      if (other == at) continue;
      const context = load<i32>(tokens + (<usize>other << 2));
      if (context < 0) break;
      store<usize>(contexts + (<usize>found << 2), input + <usize>context * stride);
      found++;
    }
    if (found == 0) continue;
    pairs += found;

    // All draws of the window come first, so that their rows can be fetched while earlier blocks are worked on.
    const positive = output + <usize>target * stride;
    let group = groups;
    for (let done = 0; done < found; done += sharing) {
      store<usize>(group, positive);
      let k: usize = 4;
      for (; k < drawnBytes; k += 4) {
        store<usize>(group + k, output + <usize>drawNegative(random, noise, nodes) * stride);
      }
      for (; k < groupBytes; k += 4) store<usize>(group + k, positive);
      group += groupBytes;
    }

    group = groups;
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
  return pairs;
}

/** Coefficient of a negative; one that is the target itself teaches nothing. */
// @ts-ignore: decorator
@inline
function negative(row: usize, target: usize, sigmoid: usize, index: u32, rate: f32): f32 {
  return row == target ? 0 : (0 - sigmoidAt(sigmoid, index)) * rate;
}

/** The hot case: one context, its target and five negatives. */
// @ts-ignore: decorator
@inline
function oneBySix(x: usize, group: usize, stride: usize, sigmoid: usize, rate: f32): void {
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
  for (d = 0; d < stride; d += 16) {
    const px = x + d;
    const p0 = o0 + d;
    const p1 = o1 + d;
    const p2 = o2 + d;
    const p3 = o3 + d;
    const p4 = o4 + d;
    const p5 = o5 + d;
    const v = v128.load(px);
    let o = v128.load(p0);
    let e = madd(g0, o, v);
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
    v128.store(px, e);
  }
}

/** The hot case where negatives are shared: two contexts, their target and five negatives. */
// @ts-ignore: decorator
@inline
function twoBySix(x: usize, y: usize, group: usize, stride: usize, sigmoid: usize, rate: f32, coefficients: usize): void {
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
function twoByMany(
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

/** Any number of negatives, one context. */
function oneByMany(
  x: usize,
  group: usize,
  rows: i32,
  stride: usize,
  sigmoid: usize,
  rate: f32,
  coefficients: usize,
  gradients: usize,
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
  memory.copy(gradients, x, stride);
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
      let e = madd(gp, o, v128.load(gradients + d));
      v128.store(p + d, madd(gp, v, o));
      o = v128.load(q + d);
      e = madd(gq, o, e);
      v128.store(q + d, madd(gq, v, o));
      o = v128.load(r + d);
      e = madd(gr, o, e);
      v128.store(r + d, madd(gr, v, o));
      v128.store(gradients + d, e);
    }
  }
  memory.copy(x, gradients, stride);
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
