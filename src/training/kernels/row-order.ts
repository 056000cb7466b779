/**
 * Where rows of the output table lie when several threads train, so that their negatives do not meet. A processor core
 * that writes to a row takes its cache lines away from the others; with negatives drawn from all over the table, nearly
 * every row would have been written last by another core. So rows lie in as many parts as threads take turns, each part
 * with an equal share of the noise, and a unit of work draws its negatives from the part whose turn it is. Over the
 * run each part has its turn with every sequence, so each node is drawn as often as the noise says.
 */

export interface RowOrder {
  /** Row of each node; undefined where a node's number is its row. */
  readonly rows?: Uint32Array;
  /** (parts + 1): part p is rows bounds[p] to bounds[p + 1] - 1. */
  readonly bounds: readonly number[];
}

/** More threads than that share parts: what a part holds should not be too few things for the pairs of a unit. */
const MOST_PARTS = 8;
const LEAST_NODES = 64;
/** How far a part's share of the noise may be off. */
const TOLERANCE = 0.02;

export function orderRows(noise: ArrayLike<number>, threads: number): RowOrder {
  const nodes = noise.length;
  const parts = Math.min(threads, MOST_PARTS);
  const whole = { bounds: [0, nodes] };
  if (parts === 1 || nodes < parts * LEAST_NODES) return whole;
  // The heaviest first, each to the part that has least: that ends with shares as equal as can be.
  const order = Uint32Array.from({ length: nodes }, (_, node) => node).sort((a, b) => noise[b] - noise[a] || a - b);
  const shares = new Float64Array(parts);
  const partOf = new Uint8Array(nodes);
  const sizes = new Uint32Array(parts);
  for (const node of order) {
    let lightest = 0;
    for (let part = 1; part < parts; part++) if (shares[part] < shares[lightest]) lightest = part;
    shares[lightest] += noise[node];
    partOf[node] = lightest;
    sizes[lightest]++;
  }
  const mean = shares.reduce((a, b) => a + b) / parts;
  // One thing that is most of the noise leaves nothing to divide.
  if (!shares.every((share) => Math.abs(share - mean) <= TOLERANCE * mean)) return whole;
  const bounds = [0];
  for (const size of sizes) bounds.push(bounds[bounds.length - 1] + size);
  const next = bounds.slice(0, parts);
  return { rows: Uint32Array.from(partOf, (part) => next[part]++), bounds };
}

/** Nodes that are at least this share of the tokens are wanted by all threads at any time. */
const HOT_SHARE = 1 / 5000;
/** Numbers of copies are bytes; and copies of more would crowd the cache that they are there for. */
const MOST_HOT = 255;

/** The nodes of which each thread has a copy (see hot-rows.assembly.ts): none for one thread alone. */
export function hotNodes(frequencies: ArrayLike<number> | undefined, threads: number): number[] {
  if (!frequencies || threads === 1) return [];
  let total = 0;
  for (let node = 0; node < frequencies.length; node++) total += frequencies[node];
  const hot: number[] = [];
  for (let node = 0; node < frequencies.length; node++) if (frequencies[node] >= HOT_SHARE * total) hot.push(node);
  return hot.sort((a, b) => frequencies[b] - frequencies[a] || a - b).slice(0, MOST_HOT);
}

/** Puts row rows[i] of a table in place i, for each i, without a second table. */
export function restoreOrder(table: Float32Array, stride: number, rows: Uint32Array): void {
  const done = new Uint8Array(rows.length);
  const kept = new Float32Array(stride);
  for (let start = 0; start < rows.length; start++) {
    if (done[start]) continue;
    kept.set(table.subarray(start * stride, (start + 1) * stride));
    let at = start;
    for (; rows[at] !== start; at = rows[at]) {
      table.copyWithin(at * stride, rows[at] * stride, (rows[at] + 1) * stride);
      done[at] = 1;
    }
    table.set(kept, at * stride);
    done[at] = 1;
  }
}
