/**
 * How well a model of things with texts (fastText) says what goes together, for things that it has learned and for cold
 * ones, of which it has nothing but the text.
 *
 * Warm: the newest thing of each sequence is hidden (drawn where times tie, or where there are none), and ranked among all
 * learned things less the sequence's own, given the rest. Cold: some things are hidden from training altogether. For each sequence that held one, another of its things is
 * drawn, and ranked among all learned things given the cold one's text alone. Popularity answers the same questions.
 */
import type { SequenceCorpus } from '../corpus';
import { Random } from '../kernels/random';
import { loadEncoder } from '../sequence2vec/fasttext/encoder';
import { type FastTextData, fasttext } from '../sequence2vec/fasttext/fasttext';
import type { FastTextOptions } from '../sequence2vec/fasttext/options';
import { normaliseText } from '../sequence2vec/fasttext/subwords';
import type { SequenceModel, TrainingContext } from '../trainer';
import type { Evaluation } from './evaluation';
import { trainedOnRest } from './held-out-training';
import { newestItems, questionOf, scoreAll } from './recommendation';

export interface ColdTextOptions {
  /** Draws cold things, questions and targets. */
  readonly seed: number;
  /** Share of the things that are hidden from training. @default 0.05 */
  readonly coldShare?: number;
  /** Questions of each sort that are asked at most; the rank is among all learned things whatever this is. @default 2000 */
  readonly maxQuestions?: number;
  /** Length of the list in which the hidden thing should be. @default 10 */
  readonly k?: number;
}

export interface ColdTextData extends FastTextData {
  /** One a token of the corpus, ends left out: epoch milliseconds. */
  readonly times?: Float64Array;
}

/** Which thing should be found, by numbers of the corpus. */
export interface WarmQuestion {
  /** What is left of the sequence, in its order. */
  readonly given: Int32Array;
  readonly hidden: number;
}
export interface ColdQuestion {
  readonly cold: number;
  readonly hidden: number;
}

export interface ColdSplit {
  /** Without cold things and without what is hidden of each sequence; things keep their numbers. */
  readonly train: SequenceCorpus;
  readonly cold: readonly number[];
  readonly warmQuestions: readonly WarmQuestion[];
  readonly coldQuestions: readonly ColdQuestion[];
}

/**
 * Trains on what the split leaves and evaluates on what it hid: one job of a background thread.
 * @returns undefined where no sequence has a thing to spare, or what is left is not enough to learn from
 */
export async function trainAndEvaluateColdTexts(
  data: ColdTextData,
  options: FastTextOptions,
  settings: ColdTextOptions,
  context?: TrainingContext,
): Promise<Evaluation | undefined> {
  const split = splitColdTexts(data, settings);
  if (split.warmQuestions.length === 0) return undefined;
  const { texts } = data;
  const model = await trainedOnRest(fasttext.train({ corpus: split.train, texts }, options, context));
  return model && evaluateColdTexts(model, split, texts, settings);
}

export function splitColdTexts(
  { corpus, texts, times }: ColdTextData,
  { seed, coldShare = 0.05 }: Pick<ColdTextOptions, 'seed' | 'coldShare'>,
): ColdSplit {
  const random = Random.seeded(seed);
  const seen = new Set(corpus.tokens);
  const candidates = [...corpus.ids.keys()].filter((thing) => seen.has(thing) && normaliseText(texts[thing]) !== '');
  const cold = random.shuffle(candidates).slice(0, Math.floor(candidates.length * coldShare));
  const isCold = new Set(cold);
  const kept: number[] = [];
  const warmQuestions: WarmQuestion[] = [];
  const coldQuestions: ColdQuestion[] = [];
  for (const sequence of sequencesOf(corpus.tokens, times)) {
    const warm = sequence.filter(({ thing }) => !isCold.has(thing));
    const hidden = chooseHidden(warm, random);
    const given = warm.filter(({ thing }) => thing !== hidden);
    // Who has nothing else keeps what there is, but is not asked.
    const rest = Int32Array.from(given.length > 0 ? given : warm, ({ thing }) => thing);
    if (given.length > 0) warmQuestions.push({ given: rest, hidden });
    for (const thing of rest) kept.push(thing);
    if (rest.length > 0) kept.push(-1);
    for (const thing of new Set(sequence.map((event) => event.thing))) {
      if (isCold.has(thing) && rest.length > 0)
        coldQuestions.push({ cold: thing, hidden: rest[random.below(rest.length)] });
    }
  }
  const tokens = new Int32Array(new SharedArrayBuffer(4 * kept.length));
  tokens.set(kept);
  return { train: { ids: corpus.ids, tokens }, cold, warmQuestions, coldQuestions };
}

interface TimedThing {
  readonly thing: number;
  readonly time: number;
}

function sequencesOf(tokens: Int32Array, times: Float64Array | undefined): TimedThing[][] {
  const sequences: TimedThing[][] = [[]];
  let event = 0;
  for (const thing of tokens) {
    if (thing < 0) sequences.push([]);
    else sequences[sequences.length - 1].push({ thing, time: times?.[event++] ?? 0 });
  }
  return sequences.filter((sequence) => sequence.length > 0);
}

/** One of the newest things; which of them does not depend on the order of tied events. */
function chooseHidden(sequence: readonly TimedThing[], random: Random): number {
  const newest = sequence.reduce((latest, { time }) => Math.max(latest, time), Number.NEGATIVE_INFINITY);
  const tied = new Set(sequence.filter(({ time }) => time === newest).map(({ thing }) => thing));
  return tied.size === 0 ? -1 : [...tied].sort((a, b) => a - b)[random.below(tied.size)];
}

/** A question to the model, the thing that it should find, and those that are no answer. */
interface Asked {
  readonly vectors: readonly Float32Array[];
  readonly hidden: number;
  readonly excluded: Int32Array;
}

export async function evaluateColdTexts(
  model: SequenceModel,
  split: ColdSplit,
  texts: readonly string[],
  { seed, maxQuestions = 2000, k = 10 }: ColdTextOptions,
): Promise<Evaluation> {
  const { dimension, input } = model;
  const rowOf = rowsOf(model, split.train.ids);
  const warmQuestions = drawn(split.warmQuestions, maxQuestions, seed);
  const coldQuestions = drawn(split.coldQuestions, maxQuestions, seed);
  const encoder = await loadEncoder(model.artifacts);
  const encoded = await encoder.text?.(coldQuestions.map(({ cold }) => texts[cold]));
  await encoder.close();
  const warm = warmQuestions.map(({ given, hidden }): Asked => {
    const rows = newestItems(given)
      .map((thing) => rowOf[thing])
      .filter((row) => row >= 0);
    return {
      vectors: rows.map((row) => input.subarray(row * dimension, (row + 1) * dimension)),
      hidden: rowOf[hidden],
      excluded: Int32Array.from(rows),
    };
  });
  const cold = coldQuestions.map(
    ({ hidden }, at): Asked => ({
      vectors: encoded ? [encoded.subarray(at * dimension, (at + 1) * dimension)] : [],
      hidden: rowOf[hidden],
      excluded: new Int32Array(0),
    }),
  );
  const popularity = Float64Array.from(model.frequencies);
  const measure = (scoresFor: (asked: Asked) => Float64Array) => ({
    ...measureList(warm, scoresFor, k, ''),
    ...(cold.length > 0 && measureList(cold, scoresFor, k, 'cold ')),
  });
  return {
    protocol:
      `the newest thing of each sequence hidden (drawn where times tie), ranked among all ${model.ids.length} learned things less the sequence's own; ` +
      `${warm.length} of ${split.warmQuestions.length} sequences. Cold: ${split.cold.length} things hidden from training; ` +
      `given the text of one, another thing of its sequence ranked among all learned; ${cold.length} of ` +
      `${split.coldQuestions.length} questions; seed ${seed}`,
    sampled: false,
    metrics: measure(({ vectors }) => scoresOf(vectors, model)),
    primary: `hr@${k}`,
    baselines: [
      { name: 'popularity', plain: true, metrics: measure(() => popularity.slice()) },
      {
        name: 'chance',
        plain: false,
        metrics: { ...chanceOf(warm, model, k, ''), ...chanceOf(cold, model, k, 'cold ') },
      },
    ],
  };
}

/** Row of the model of each thing of the corpus; -1 for those that it has not learned. */
function rowsOf(model: SequenceModel, ids: readonly string[]): Int32Array {
  const rows = new Map(model.ids.map((id, row) => [id, row]));
  return Int32Array.from(ids, (id) => rows.get(id) ?? -1);
}

function drawn<Question>(questions: readonly Question[], most: number, seed: number): readonly Question[] {
  return questions.length <= most
    ? questions
    : Random.seeded(seed, 1)
        .shuffle([...questions])
        .slice(0, most);
}

function scoresOf(vectors: readonly Float32Array[], model: SequenceModel): Float64Array {
  const { dimension, output, outputBias } = model;
  if (!output || !outputBias) throw new TypeError('A model without output tables cannot say what goes together.');
  return scoreAll(questionOf(vectors, dimension), { dimension, output, outputBias });
}

function measureList(asked: readonly Asked[], scoresFor: (asked: Asked) => Float64Array, k: number, prefix: string) {
  let hits = 0;
  let gain = 0;
  for (const question of asked) {
    const rank = rankOf(question, scoresFor(question));
    if (rank >= k) continue;
    hits++;
    // With one right answer the ideal gain is 1.
    gain += 1 / Math.log2(rank + 2);
  }
  return { [`${prefix}hr@${k}`]: hits / asked.length, [`${prefix}ndcg@${k}`]: gain / asked.length };
}

/** What a list in any order would find. */
function chanceOf(asked: readonly Asked[], { ids }: SequenceModel, k: number, prefix: string): Record<string, number> {
  if (asked.length === 0) return {};
  const hits = asked.map(({ excluded }) => Math.min(1, k / (ids.length - excluded.length)));
  return { [`${prefix}hr@${k}`]: hits.reduce((sum, share) => sum + share, 0) / asked.length };
}

/** Things before it, 0 for the first. Ties count against it: a list that cannot tell must not profit from that. */
function rankOf({ hidden, excluded }: Asked, scores: Float64Array): number {
  if (hidden < 0) return Number.POSITIVE_INFINITY;
  const own = scores[hidden];
  for (const row of excluded) scores[row] = Number.NEGATIVE_INFINITY;
  let rank = -1;
  for (const score of scores) if (score >= own) rank++;
  return rank;
}
