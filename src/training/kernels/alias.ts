/**
 * Walker's alias method in Vose's linear-time form: after one pass over the weights, a draw costs one random number and
 * one look-up, however many things there are. 8 bytes a thing, against the hundreds of word2vec.c's sampling table.
 */
import { OptionError } from '../../errors';
import { type Random, scaled } from './random';

/** (things, 2) u32: the threshold below which a column gives its own thing, and the thing that it gives otherwise. */
export type AliasTable = Uint32Array;

/**
 * @param weights at least 0, finite, not all zero; things are drawn in proportion to them
 * @param table where to write, (weights.length, 2)
 */
export function buildAliasTable(
  weights: ArrayLike<number>,
  table: AliasTable = new Uint32Array(2 * weights.length),
): AliasTable {
  const { length } = weights;
  let total = 0;
  for (let i = 0; i < length; i++) {
    if (!(weights[i] >= 0 && weights[i] < Number.POSITIVE_INFINITY)) {
      throw new OptionError('noise', `Weight ${i} is ${weights[i]}.`, {
        remedy: 'Weights must be finite and at least 0.',
      });
    }
    total += weights[i];
  }
  if (!(total > 0 && total < Number.POSITIVE_INFINITY)) {
    throw new OptionError('noise', `The weights add up to ${total}.`, {
      remedy: 'At least one weight must be above 0.',
    });
  }
  // Columns below the mean are filled up from columns above it. One array serves as both stacks, from its two ends.
  const shares = Float64Array.from(weights, (weight) => (weight / total) * length);
  const stacks = new Uint32Array(length);
  let small = 0;
  let large = length;
  for (let i = 0; i < length; i++) {
    if (shares[i] < 1) stacks[small++] = i;
    else stacks[--large] = i;
  }
  while (small > 0 && large < length) {
    const poor = stacks[--small];
    const rich = stacks[large];
    setColumn(table, poor, shares[poor], rich);
    shares[rich] -= 1 - shares[poor];
    if (shares[rich] < 1) {
      large++;
      stacks[small++] = rich;
    }
  }
  // What is left over is full but for rounding; a weight of zero must never be drawn, whatever rounding says.
  const heaviest = indexOfLargest(weights);
  for (let i = 0; i < small; i++) setColumn(table, stacks[i], weights[stacks[i]] > 0 ? 1 : 0, heaviest);
  for (let i = large; i < length; i++) setColumn(table, stacks[i], 1, stacks[i]);
  return table;
}

export function drawFrom(table: AliasTable, random: Random): number {
  const things = table.length / 2;
  const word = random.word();
  const column = scaled(word, things);
  return Math.imul(word, things) >>> 0 < table[2 * column] ? column : table[2 * column + 1];
}

function setColumn(table: AliasTable, column: number, share: number, alias: number): void {
  const threshold = Math.floor(share * 2 ** 32);
  table[2 * column] = Math.min(threshold, 2 ** 32 - 1);
  // A full column gives itself even for the one word that is not below the largest threshold.
  table[2 * column + 1] = threshold >= 2 ** 32 ? column : alias;
}

function indexOfLargest(weights: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < weights.length; i++) if (weights[i] > weights[best]) best = i;
  return best;
}
