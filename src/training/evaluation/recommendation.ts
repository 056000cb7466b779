/**
 * How a history becomes a question, and how items answer it: the one place that says so, for evaluation and for serving.
 *
 * score(item) = (sum of the history's input vectors / sqrt(n)) . output(item) + bias(item). Each term input_a . output_b
 * is, at the optimum, log(P(b|a) / Pn(b)) but for a constant (Levy & Goldberg 2014): evidence that item a gives for b.
 * Adding the terms up would treat n pieces of evidence as independent, averaging them as one piece; what one person
 * likes is neither, and the root between the two was best on held-out items of HetRec Last.fm-2K (validation
 * artists: HR@10 0.223 for the root and 0.196 for the mean, both with the bias, which is log Pn(b), back in).
 */

/** Newest different items of a history that count; older ones are forgotten. */
export const HISTORY_ITEMS = 500;

/**
 * @param history input vectors of the items, each item once
 * @returns dimension + 1 numbers, the last of them 1: their inner product with [output, bias] of an item is its score
 */
export function questionOf(history: Iterable<ArrayLike<number>>, dimension: number): Float32Array {
  const question = new Float32Array(dimension + 1);
  let items = 0;
  for (const vector of history) {
    for (let d = 0; d < dimension; d++) question[d] += vector[d];
    items++;
  }
  if (items > 1) for (let d = 0; d < dimension; d++) question[d] /= Math.sqrt(items);
  question[dimension] = 1;
  return question;
}

/** Scores of every row of a model for a question. The higher, the better it goes with the history. */
export function scoreAll(
  question: Float32Array,
  { dimension, output, outputBias }: { dimension: number; output: Float32Array; outputBias: Float32Array },
): Float64Array {
  const scores = new Float64Array(outputBias.length);
  for (let row = 0; row < scores.length; row++) {
    const at = row * dimension;
    let score = outputBias[row] * question[dimension];
    for (let d = 0; d < dimension; d++) score += question[d] * output[at + d];
    scores[row] = score;
  }
  return scores;
}

/** The newest `limit` different items of a history that is in the order of its times, newest first. */
export function newestItems(history: Int32Array, limit: number = HISTORY_ITEMS): number[] {
  const items = new Set<number>();
  for (let at = history.length - 1; at >= 0 && items.size < limit; at--) items.add(history[at]);
  return [...items];
}
