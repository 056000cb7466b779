/**
 * What kernels of negative sampling are made of, in WASM SIMD: multiply and add, sums over lanes, a sigmoid from a table,
 * random numbers and draws by the alias method. `skip-gram.scalar.ts`, `random.ts` and `alias.ts` say the same in plain
 * TypeScript. Nothing here is compiled alone: a kernel imports it, and all of it is inlined.
 */

/** a * b + c. The build for hosts with relaxed SIMD (RELAXED = 1, given to the compiler) may fuse the two. */
// @ts-ignore: decorator
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  // @ts-ignore: the compiler knows the constant
  if (RELAXED) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** Lane sums of four accumulators: lane i of the result is (a0 + a2) + (a1 + a3) of accumulator i. */
// @ts-ignore: decorator
@inline
export function sumLanes(a: v128, b: v128, c: v128, d: v128): v128 {
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
export function sigmoidIndex(x: v128): v128 {
  const scaled = f32x4.add(f32x4.mul(x, f32x4.splat(<f32>(1024.0 / 12.0))), f32x4.splat(512));
  const clamped = f32x4.pmin(f32x4.splat(1024), f32x4.pmax(f32x4.splat(0), scaled));
  return v128.and(f32x4.add(clamped, f32x4.splat(8388608)), i32x4.splat(0x7ff));
}

// @ts-ignore: decorator
@inline
export function sigmoidAt(sigmoid: usize, index: u32): f32 {
  return load<f32>(sigmoid + (<usize>index << 2));
}

// @ts-ignore: decorator
@inline
export function rotateLeft(x: u32, by: u32): u32 {
  return (x << by) | (x >> (32 - by));
}

/** One draw of sfc32 (Chris Doty-Humphrey's small fast counter); `state` is four u32: a, b, c, counter. */
// @ts-ignore: decorator
@inline
export function draw(state: usize): u32 {
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

/** Draws one node from the noise. */
// @ts-ignore: decorator
@inline
export function drawNegative(state: usize, noise: usize, nodes: u32): u32 {
  return chooseRow(<u64>draw(state) * <u64>nodes, noise);
}

/**
 * Walker's alias method for a draw x nodes: its whole part chooses a column, its fraction one of the column's two nodes.
 * `noise` holds a column in 8 bytes: u32 threshold, i32 alias.
 */
// @ts-ignore: decorator
@inline
export function chooseRow(product: u64, noise: usize): u32 {
  const column = <u32>(product >> 32);
  const entry = noise + (<usize>column << 3);
  const alias = load<u32>(entry, 4);
  // Without a branch, as nobody could guess which way it goes.
  const takesAlias = -(<u32>(<u32>product >= load<u32>(entry)));
  return column ^ ((column ^ alias) & takesAlias);
}
