/** The loss of negative sampling on a few predictions of bags: cheap enough for progress, never used for learning. */
import { drawFrom } from './alias';
import { type BagModel, bagOf, rowsOf, vectorOf } from './bags.scalar';
import { softplus } from './loss';
import type { LossSample } from './pool-kernel';
import type { Random } from './random';

/** Predictions looked at in one call: some microseconds, beside a millisecond or more of training on a unit. */
const PREDICTIONS = 4;
/** How far back the opening of a sequence is looked for; things deeper in a long one are predicted without it. */
const FURTHEST_OPENING = 10_000;

export function sampleBagLoss(model: BagModel, tokens: Int32Array, random: Random): LossSample {
  let sum = 0;
  let samples = 0;
  for (let i = 0; i < PREDICTIONS && tokens.length > 0; i++) {
    const at = random.below(tokens.length);
    const bag = tokens[at] < 0 ? [] : predicting(model, tokens, at);
    if (bag.length === 0) continue;
    const target = model.mode === 'skip-gram' ? tokens[at + 1] : tokens[at];
    const vector = vectorOf(model, bag);
    const row = model.outputRows ? model.outputRows[target] : target;
    sum += softplus(-score(model, vector, row));
    for (let k = 0; k < model.negatives; k++) sum += softplus(score(model, vector, drawFrom(model.noise, random)));
    samples++;
  }
  return { sum, samples };
}

/** Rows that predict the thing at `at`, or for skip-gram the next one; none where there is nothing to predict with. */
function predicting(model: BagModel, tokens: Int32Array, at: number): number[] {
  if (model.mode === 'skip-gram') return at + 1 < tokens.length && tokens[at + 1] >= 0 ? rowsOf(model, tokens[at]) : [];
  const sequence = model.mode === 'cbow' ? undefined : sequenceAt(model, tokens, at);
  if (model.mode === 'dbow') return sequence === undefined ? [] : [sequence];
  return bagOf(model, tokens, at, model.mode === 'dm-concatenation' ? model.window : 1, sequence);
}

/** Row of the sequence that the thing at `at` is in. */
function sequenceAt(model: BagModel, tokens: Int32Array, at: number): number | undefined {
  for (let opening = at; opening >= 0 && at - opening < FURTHEST_OPENING; opening--) {
    if (tokens[opening] < 0) return tokens[opening] < -1 ? model.firstSequence - 2 - tokens[opening] : undefined;
  }
  return undefined;
}

function score({ output, width }: BagModel, vector: Float32Array, row: number): number {
  let sum = 0;
  for (let d = 0; d < width; d++) sum += vector[d] * output[row * width + d];
  return sum;
}
