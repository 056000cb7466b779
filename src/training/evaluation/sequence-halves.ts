/**
 * Whether a vector holds what is peculiar to a sequence: each sequence is cut in two, the model learns from the first halves
 * alone, and a second half, which it has never seen, must find the first half of its own sequence among all, by cosine.
 * Beside it, on the same halves, chance and the cosine of bags of counts.
 */
import { KindredError } from '../../errors';
import type { Encoder } from '../encoder';
import { openEncoder } from '../encoders';
import { Random } from '../kernels/random';
import type { EventSequences } from '../sequence2vec/event-sequences';
import { type Cut, type Halves, halveSequences, pickSequences } from '../sequence2vec/halves';
import type { SequenceModel, TrainingContext } from '../trainer';
import { trainNamed } from '../trainers';
import type { Evaluation } from './evaluation';
import { trainedOnRest } from './held-out-training';

export interface SequenceHalvesOptions {
  /** @default 'alternate' */
  readonly cut?: Cut;
  /** Length of the list in which the other half should be. @default 10 */
  readonly k?: number;
  /** Sequences that are drawn with `seed` to ask and to be found. @default 3000 */
  readonly maxSequences?: number;
  /** @default 1 */
  readonly seed?: number;
}

/** The similarity of each of the first halves to the second half of sequence `asking`; the higher, the more alike. */
type Similarities = (asking: number) => Float64Array;

/** Asks a model's encoder for both halves and measures; `first` and `second` go together by place. */
export async function evaluateSequenceHalves(
  encoder: Pick<Encoder, 'sequence' | 'dimension'>,
  halves: Pick<Halves, 'first' | 'second'>,
  options: SequenceHalvesOptions = {},
): Promise<Evaluation> {
  const { cut = 'alternate', k = 10, maxSequences = 3000, seed = 1 } = options;
  const everyone = halves.first.keys.length;
  const drawn = draw(everyone, maxSequences, seed);
  const [first, second] = [pickSequences(halves.first, drawn), pickSequences(halves.second, drawn)];
  const { sequence, dimension } = encoder;
  if (!sequence) throw new KindredError('BAD_USER_INPUT', 'This model makes no vectors of whole sequences.');
  const byModel = byVectors(await sequence(first), await sequence(second), dimension);
  const measure = (similarities: Similarities) => measureRanks(ranksOf(similarities, drawn.length), k);
  const how = cut === 'alternate' ? 'every other event' : 'the earlier and the later half';
  return {
    protocol:
      `each sequence of 4 events or more cut in two (${how}); learned from the first halves; ` +
      `${drawn.length} of ${everyone} second halves, seed ${seed}, each ranking as many first halves by cosine`,
    sampled: drawn.length < everyone,
    metrics: measure(byModel),
    primary: 'mrr',
    baselines: [
      { name: 'chance', plain: true, metrics: chance(drawn.length, k) },
      { name: 'bag of counts', plain: false, metrics: measure(byCounts(first, second)) },
    ],
  };
}

/**
 * Trains on first halves and evaluates: one job of a background thread.
 * @param data what the trainer takes: sequences, or an object that has them as `sequences` beside what they stand on
 * @returns undefined where there is too little to cut, or where halves are too little for these options
 */
export async function trainAndEvaluateSequenceHalves(
  trainer: string,
  data: EventSequences | { readonly sequences: EventSequences },
  options: unknown,
  protocol: SequenceHalvesOptions = {},
  context: TrainingContext = {},
): Promise<Evaluation | undefined> {
  const halves = halveSequences('sequences' in data ? data.sequences : data, protocol.cut);
  if (halves.first.keys.length < 2) return undefined;
  const training = 'sequences' in data ? { ...data, sequences: halves.training } : halves.training;
  // A window may be too wide for halves, too.
  const tooLittle = ['EMPTY_CORPUS', 'OPTION_INVALID'] as const;
  const model = await trainedOnRest<SequenceModel>(trainNamed(trainer, training, options, context), tooLittle);
  if (!model) return undefined;
  const encoder = await openEncoder(trainer, model.artifacts);
  try {
    return await evaluateSequenceHalves(encoder, halves, protocol);
  } finally {
    await encoder.close();
  }
}

function draw(everyone: number, most: number, seed: number): number[] {
  const numbers = Array.from({ length: everyone }, (_, number) => number);
  if (everyone <= most) return numbers;
  return Random.seeded(seed)
    .shuffle(numbers)
    .slice(0, most)
    .sort((a, b) => a - b);
}

/** For each second half the first halves that are at least as alike as its own: ties count against it. */
function ranksOf(similarities: Similarities, count: number): number[] {
  return Array.from({ length: count }, (_, asking) => {
    const scores = similarities(asking);
    const own = scores[asking];
    if (!(own > Number.NEGATIVE_INFINITY)) return count - 1;
    let rank = -1;
    for (const score of scores) if (score >= own) rank++;
    return rank;
  });
}

function measureRanks(ranks: readonly number[], k: number): Record<string, number> {
  const share = (within: number) => ranks.filter((rank) => rank < within).length / ranks.length;
  const mrr = ranks.reduce((sum, rank) => sum + 1 / (rank + 1), 0) / ranks.length;
  return { mrr, 'hr@1': share(1), [`hr@${k}`]: share(k) };
}

/** What a list in any order gives. */
function chance(count: number, k: number): Record<string, number> {
  let harmonic = 0;
  for (let rank = 1; rank <= count; rank++) harmonic += 1 / rank;
  return { mrr: harmonic / count, 'hr@1': 1 / count, [`hr@${k}`]: Math.min(1, k / count) };
}

/** Cosines; -Infinity to whatever has no vector. */
function byVectors(first: Float32Array, second: Float32Array, dimension: number): Similarities {
  const count = first.length / dimension;
  const lengths = Float64Array.from({ length: count }, (_, row) => lengthOf(first, row * dimension, dimension));
  return (asking) => {
    const at = asking * dimension;
    const length = lengthOf(second, at, dimension);
    return Float64Array.from(lengths, (other, row) => {
      if (!(length * other > 0)) return Number.NEGATIVE_INFINITY;
      let sum = 0;
      for (let d = 0; d < dimension; d++) sum += second[at + d] * first[row * dimension + d];
      return sum / (length * other);
    });
  };
}

function lengthOf(vectors: Float32Array, at: number, dimension: number): number {
  let sum = 0;
  for (let d = 0; d < dimension; d++) sum += vectors[at + d] ** 2;
  return Math.sqrt(sum);
}

/** Cosines of how often each thing is there, by way of the sequences that have it. */
function byCounts(first: EventSequences, second: EventSequences): Similarities {
  const counts = countsOf(first);
  const asked = countsOf(second);
  const having: { sequence: number; count: number }[][] = first.ids.map(() => []);
  counts.forEach((of, sequence) => {
    for (const [thing, count] of of) having[thing].push({ sequence, count });
  });
  const lengths = counts.map(lengthOfCounts);
  return (asking) => {
    const sums = new Float64Array(counts.length);
    for (const [thing, count] of asked[asking]) {
      for (const other of having[thing]) sums[other.sequence] += count * other.count;
    }
    const length = lengthOfCounts(asked[asking]);
    return sums.map((sum, sequence) => sum / (length * lengths[sequence]));
  };
}

function countsOf({ offsets, things }: EventSequences): Map<number, number>[] {
  return Array.from({ length: offsets.length - 1 }, (_, sequence) => {
    const counts = new Map<number, number>();
    for (let event = offsets[sequence]; event < offsets[sequence + 1]; event++) {
      counts.set(things[event], (counts.get(things[event]) ?? 0) + 1);
    }
    return counts;
  });
}

function lengthOfCounts(counts: ReadonlyMap<number, number>): number {
  let sum = 0;
  for (const count of counts.values()) sum += count ** 2;
  return Math.sqrt(sum);
}
