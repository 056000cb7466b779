/**
 * How well a model says what comes next: the hidden thing of each sequence is ranked among all things, or among a sample
 * that the sequence has not used (which flatters, and is labelled). Beside it, on the same questions, popularity, a Markov
 * chain of the first order, and session kNN.
 */
import { type Encoder, openEncoder } from '../encoders';
import { Random } from '../kernels/random';
import { corpusOfSequences, type EventSequences } from '../sequence2vec/event-sequences';
import type { EmbeddingModel, SequenceModel, TrainingContext } from '../trainer';
import { trainerNamed } from '../trainers';
import type { Evaluation } from './evaluation';
import { trainedOnRest } from './held-out-training';
import { byMarkovChain, byPopularity, bySessionKnn, type NextItemScorer } from './next-item-baselines';
import { drawQuestions, leftForEarlyStopping, type NextItemQuestions, splitNextItems } from './next-item-questions';
import { newestItems, questionOf } from './recommendation';

export interface NextItemRanking {
  /** Length of the list in which the hidden thing should be. @default 10 */
  readonly k?: number;
  /** Things the sequence never had, drawn evenly, that the hidden one is ranked against; undefined ranks it among all. */
  readonly negatives?: number;
  /** Decides which negatives are drawn. @default 1 */
  readonly seed?: number;
}

export interface NextItemEvaluationOptions extends NextItemRanking {
  /** Sequences that are asked at most, drawn with `seed`. @default 2000 */
  readonly maxSequences?: number;
}

/** Vectors that answer by inner product: a row of `output` with its bias a thing. */
export type Answers = Pick<SequenceModel, 'ids' | 'dimension' | 'output' | 'outputBias'>;

/** @returns `hr@k`, `ndcg@k` and `mrr`, means over the questions. Ties count against the one who scores. */
export function measureNextItems(
  score: NextItemScorer,
  questions: NextItemQuestions,
  { k = 10, negatives, seed = 1 }: NextItemRanking = {},
): Record<string, number> {
  const count = questions.hidden.length;
  const all = Int32Array.from(questions.whole.ids.keys());
  let [hits, gain, reciprocal] = [0, 0, 0];
  for (let question = 0; question < count; question++) {
    const candidates = negatives === undefined ? all : candidatesOf(questions, question, negatives, seed);
    const own = negatives === undefined ? questions.hidden[question] : 0;
    const rank = rankOf(own, score(question, candidates));
    reciprocal += 1 / rank;
    if (rank > k) continue;
    hits++;
    // With one right answer the ideal gain is 1.
    gain += 1 / Math.log2(rank + 1);
  }
  return { [`hr@${k}`]: hits / count, [`ndcg@${k}`]: gain / count, mrr: reciprocal / count };
}

/** Mean of log P(hidden | history) in nats, where the softmax of the scores over all things is P. */
export function meanLogLikelihood(score: NextItemScorer, questions: NextItemQuestions): number {
  const all = Int32Array.from(questions.whole.ids.keys());
  let sum = 0;
  for (let question = 0; question < questions.hidden.length; question++) {
    const scores = score(question, all);
    const highest = scores.reduce((a, b) => Math.max(a, b));
    const total = scores.reduce((mass, one) => mass + Math.exp(one - highest), 0);
    sum += scores[questions.hidden[question]] - highest - Math.log(total);
  }
  return sum / questions.hidden.length;
}

/** 1 for the first. What is not a number, or scores -Infinity, is never reached. */
function rankOf(own: number, scores: Float64Array): number {
  const mine = scores[own];
  if (!(mine > Number.NEGATIVE_INFINITY)) return Number.POSITIVE_INFINITY;
  let rank = 0;
  for (let other = 0; other < scores.length; other++) if (!(scores[other] < mine)) rank++;
  return rank;
}

/** The hidden thing, then the negatives: for the same seed the same ones, whoever is asked. */
function candidatesOf(
  { hidden, sequenceOf, whole }: NextItemQuestions,
  question: number,
  negatives: number,
  seed: number,
): Int32Array {
  const sequence = sequenceOf[question];
  const used = new Set(whole.things.subarray(whole.offsets[sequence], whole.offsets[sequence + 1]));
  const free = whole.ids.length - used.size;
  const wanted = Math.min(negatives, free);
  const random = Random.seeded(seed, sequence);
  const drawn = new Set<number>([hidden[question]]);
  if (free <= 2 * wanted) {
    const others = random.shuffle([...whole.ids.keys()].filter((thing) => !used.has(thing)));
    for (const thing of others.slice(0, wanted)) drawn.add(thing);
  }
  while (drawn.size <= wanted) {
    const thing = random.below(whole.ids.length);
    if (!used.has(thing)) drawn.add(thing);
  }
  return Int32Array.from(drawn);
}

/**
 * Scores by `question . output + outputBias`, of questions in the order of their rows.
 * @param vectors (questions, dimension)
 * @param ids the things' names in the numbers of the candidates; those the model does not know score -Infinity
 */
export function byAnswers(answers: Answers, vectors: Float32Array, ids: readonly string[]): NextItemScorer {
  const { dimension, output, outputBias } = answers;
  if (!output || !outputBias) throw new TypeError('A model without output tables cannot say what comes next.');
  const rows = new Map(answers.ids.map((id, row) => [id, row]));
  const rowOf = Int32Array.from(ids, (id) => rows.get(id) ?? -1);
  return (question, candidates) => {
    const asked = vectors.subarray(question * dimension, (question + 1) * dimension);
    const scores = new Float64Array(candidates.length).fill(Number.NEGATIVE_INFINITY);
    for (let i = 0; i < candidates.length; i++) {
      const row = rowOf[candidates[i]];
      if (row < 0) continue;
      let score = outputBias[row];
      for (let d = 0, at = row * dimension; d < dimension; d++) score += asked[d] * output[at + d];
      scores[i] = score;
    }
    return scores;
  };
}

/** How a trained model scores what comes next: by its encoder where it has one, else by the history's input vectors. */
export async function scorerOf(
  trainer: string,
  model: SequenceModel | EmbeddingModel,
  histories: EventSequences,
): Promise<NextItemScorer> {
  if (!('artifacts' in model)) return byAnswers(model, questionsByInput(model, histories), histories.ids);
  const encoder = await openEncoder(trainer, model.artifacts);
  try {
    return byAnswers(model, await nextOf(encoder, trainer, histories), histories.ids);
  } finally {
    await encoder.close();
  }
}

function nextOf(encoder: Encoder, trainer: string, histories: EventSequences): Promise<Float32Array> {
  if (!encoder.next) throw new TypeError(`Encoders of ${trainer} do not say what comes next.`);
  return encoder.next(histories);
}

function questionsByInput(model: EmbeddingModel, { ids, keys, offsets, things }: EventSequences): Float32Array {
  const { dimension, input } = model;
  const rows = new Map(model.ids.map((id, row) => [id, row]));
  const vectors = new Float32Array(keys.length * dimension);
  for (let sequence = 0; sequence < keys.length; sequence++) {
    const known = newestItems(things.subarray(offsets[sequence], offsets[sequence + 1]))
      .map((thing) => rows.get(ids[thing]) ?? -1)
      .filter((row) => row >= 0)
      .map((row) => input.subarray(row * dimension, (row + 1) * dimension));
    vectors.set(questionOf(known, dimension).subarray(0, dimension), sequence * dimension);
  }
  return vectors;
}

/** A model's scores beside the baselines', all on the same questions. `training` is what the baselines learn from. */
export function evaluateNextItems(
  score: NextItemScorer,
  training: EventSequences,
  questions: NextItemQuestions,
  options: NextItemRanking = {},
): Pick<Evaluation, 'sampled' | 'metrics' | 'primary' | 'baselines'> {
  const { histories } = questions;
  const measure = (scorer: NextItemScorer) => measureNextItems(scorer, questions, options);
  return {
    sampled: options.negatives !== undefined,
    metrics: measure(score),
    primary: `hr@${options.k ?? 10}`,
    baselines: [
      { name: 'popularity', plain: true, metrics: measure(byPopularity(training)) },
      { name: 'Markov chain', plain: false, metrics: measure(byMarkovChain(training, histories)) },
      { name: 'session kNN', plain: false, metrics: measure(bySessionKnn(training, histories)) },
    ],
  };
}

/**
 * Trains a model on all but the last two things of each sequence and asks it for the last one: one job of a background
 * thread. A trainer that stops early (`patience` above 0) is given the one before the last too, which it keeps for that.
 * @param trainer one whose models say what comes next: sasrec, elmo, word2vec
 * @returns undefined where no sequence has three events, or what is left of them is not enough to learn from
 */
export async function trainAndEvaluateNextItems(
  trainer: string,
  sequences: EventSequences,
  options: unknown,
  { maxSequences = 2000, ...ranking }: NextItemEvaluationOptions,
  context?: TrainingContext,
): Promise<Evaluation | undefined> {
  const { test, training } = splitNextItems(sequences);
  if (test.hidden.length === 0) return undefined;
  const seed = ranking.seed ?? 1;
  const questions = drawQuestions(test, maxSequences, seed);
  const { patience = 0 } = options as { patience?: number };
  const given = patience > 0 ? leftForEarlyStopping(sequences) : training;
  const data = trainer === 'word2vec' ? corpusOfSequences(given) : given;
  const model = await trainedOnRest<SequenceModel | EmbeddingModel>(
    trainerNamed(trainer).train(data, options, context ?? {}),
  );
  if (!model) return undefined;
  const score = await scorerOf(trainer, model, questions.histories);
  const { negatives } = ranking;
  const among =
    negatives === undefined
      ? `all ${sequences.ids.length} things`
      : `${negatives} things drawn from those it never had`;
  return {
    protocol:
      `the last thing of each sequence, ranked among ${among}; the last two are not learned from; ` +
      `${questions.hidden.length} of ${test.hidden.length} sequences, seed ${seed}`,
    ...evaluateNextItems(score, training, questions, ranking),
  };
}
