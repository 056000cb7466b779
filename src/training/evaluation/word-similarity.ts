/**
 * How far vectors agree with people about which words are alike: Spearman's rank correlation between the people's scores
 * of pairs of words and the cosines of their vectors, as word vectors are compared since Finkelstein et al. 2002
 * ("Placing search in context", WordSim-353).
 */

export interface WordPair {
  readonly a: string;
  readonly b: string;
  /** How alike people find the two. The higher, the more. Only the order counts. */
  readonly score: number;
}

/** Rows of `input` follow `ids`: (ids.length, dimension) row-major f32. */
export interface WordVectors {
  readonly ids: readonly string[];
  readonly dimension: number;
  readonly input: Float32Array;
}

export interface WordSimilarity {
  /** From -1 to 1; NaN where fewer than two pairs were known, or where all of them are scored alike. */
  readonly spearman: number;
  /** Pairs that were compared. */
  readonly compared: number;
  /** Pairs left out, as one of their words has no vector. */
  readonly skipped: number;
  /** Different words among the compared pairs whose vectors came from the encoder. */
  readonly encoded: number;
}

export interface WordSimilarityOptions {
  /**
   * Vectors of words that are not among the ids, (words, dimension) row-major; zeros say that nothing of a word is known.
   * @default none: pairs with such words are left out
   */
  readonly encode?: (words: readonly string[]) => Promise<Float32Array>;
}

export async function measureWordSimilarity(
  pairs: readonly WordPair[],
  vectors: WordVectors,
  { encode }: WordSimilarityOptions = {},
): Promise<WordSimilarity> {
  const { ids, dimension, input } = vectors;
  const rows = new Map(ids.map((id, row) => [id, input.subarray(row * dimension, (row + 1) * dimension)]));
  const unknown = [...new Set(pairs.flatMap(({ a, b }) => [a, b]))].filter((word) => !rows.has(word));
  const encoded = new Set(unknown);
  if (encode && unknown.length > 0) {
    const rest = await encode(unknown);
    unknown.forEach((word, i) => {
      rows.set(word, rest.subarray(i * dimension, (i + 1) * dimension));
    });
  }
  const judged: number[] = [];
  const cosines: number[] = [];
  const encodedWords = new Set<string>();
  for (const { a, b, score } of pairs) {
    const similarity = cosine(rows.get(a), rows.get(b));
    if (similarity === undefined) continue;
    judged.push(score);
    cosines.push(similarity);
    for (const word of [a, b]) if (encoded.has(word)) encodedWords.add(word);
  }
  return {
    spearman: spearman(judged, cosines),
    compared: judged.length,
    skipped: pairs.length - judged.length,
    encoded: encodedWords.size,
  };
}

/** undefined where one of them is missing or all zeros */
function cosine(a: Float32Array | undefined, b: Float32Array | undefined): number | undefined {
  if (!a || !b) return undefined;
  let product = 0;
  let squareA = 0;
  let squareB = 0;
  for (let d = 0; d < a.length; d++) {
    product += a[d] * b[d];
    squareA += a[d] * a[d];
    squareB += b[d] * b[d];
  }
  return squareA > 0 && squareB > 0 ? product / Math.sqrt(squareA * squareB) : undefined;
}

/** Spearman's rho: Pearson's correlation of the ranks, tied values having the mean of their ranks. NaN where it is undefined. */
export function spearman(x: ArrayLike<number>, y: ArrayLike<number>): number {
  if (x.length !== y.length) throw new RangeError(`${x.length} values cannot be compared with ${y.length}.`);
  const ranksOfX = ranks(x);
  const ranksOfY = ranks(y);
  // Ranks with ties have the mean of ranks without.
  const middle = (x.length - 1) / 2;
  let product = 0;
  let squareX = 0;
  let squareY = 0;
  for (let i = 0; i < x.length; i++) {
    product += (ranksOfX[i] - middle) * (ranksOfY[i] - middle);
    squareX += (ranksOfX[i] - middle) ** 2;
    squareY += (ranksOfY[i] - middle) ** 2;
  }
  return product / Math.sqrt(squareX * squareY);
}

/** From 0; tied values share the mean of the ranks that they take up. */
function ranks(values: ArrayLike<number>): Float64Array {
  const order = Array.from({ length: values.length }, (_, i) => i).sort((a, b) => values[a] - values[b]);
  const rankOf = new Float64Array(values.length);
  for (let from = 0; from < order.length; ) {
    let to = from + 1;
    while (to < order.length && values[order[to]] === values[order[from]]) to++;
    for (let i = from; i < to; i++) rankOf[order[i]] = (from + to - 1) / 2;
    from = to;
  }
  return rankOf;
}
