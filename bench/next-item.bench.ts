/**
 * How well and how fast what comes next is learned. Amazon Beauty on S3-Rec's protocol (last purchase among 99 drawn ones,
 * the one before it for stopping early), beside that paper's SASRec, popularity, a Markov chain and session kNN; and ranked
 * among all items. MSNBC with all its sessions: the page category of every view from a held-out session's second on, by
 * sasrec and by elmo, beside a Markov chain of the same sessions.
 */

import { evaluateNextItems, meanLogLikelihood, measureNextItems, scorerOf } from '../src/training/evaluation/next-item';
import { byMarkovChain, type NextItemScorer } from '../src/training/evaluation/next-item-baselines';
import {
  drawQuestions,
  everyNextItem,
  splitNextItems,
  withoutLast,
} from '../src/training/evaluation/next-item-questions';
import { elmo } from '../src/training/sequence2vec/elmo/elmo';
import type { EventSequences } from '../src/training/sequence2vec/event-sequences';
import { sasrec } from '../src/training/sequence2vec/sasrec/sasrec';
import type { SequenceModel } from '../src/training/trainer';
import { type AnyTrainer, parseOptions } from '../src/training/trainers';
import { beautyPurchases, newsSessions, sequencesBetween } from '../test/floors/sequences-of';
import { realData } from '../test/real-data';
import type { Figure } from './figure';

const BENCH = 'next-item';
/** SASRec in table 2 of Zhou et al. 2020 (S3-Rec). */
const PUBLISHED: Readonly<Record<string, number>> = { 'hr@10': 0.4696, 'ndcg@10': 0.3156, mrr: 0.2852 };

const BEAUTY_OPTIONS = { epochs: 25, dropout: 0.5, patience: 5, threads: 2 };

const MOST_RANKED_AMONG_ALL = 5000;

const HELD_OUT_SESSIONS = 20_000;
const MOST_QUESTIONS = 50_000;
const MSNBC_OPTIONS = {
  sasrec: {
    sequences: 'sessions',
    maxLength: 32,
    samples: 0,
    dropout: 0,
    batchSize: 2048,
    epochs: 2,
    learningRate: 0.003,
    threads: 2,
  },
  elmo: { sequences: 'sessions', samples: 0, epochs: 1, threads: 2 },
};

export async function* figures(): AsyncIterable<Figure> {
  const beauty = realData('s3rec_beauty');
  if (beauty) yield* purchases(beautyPurchases(beauty));
  const msnbc = realData('msnbc');
  if (msnbc) yield* pageViews(newsSessions(msnbc));
}

async function* purchases(sequences: EventSequences): AsyncIterable<Figure> {
  const { training, test } = splitNextItems(sequences);
  // The trainer holds back the purchase before the last by itself, to stop early by.
  const { model, figures: speed } = await timed(sasrec, withoutLast(sequences, 1), BEAUTY_OPTIONS, 'Beauty');
  yield* speed;
  for (const negatives of [99, undefined]) {
    // Ranking among all takes a hundred times as long, so fewer users are asked.
    const questions = negatives === undefined ? drawQuestions(test, MOST_RANKED_AMONG_ALL, 1) : test;
    const score = await scorerOf('sasrec', model, questions.histories);
    const { metrics, baselines } = evaluateNextItems(score, training, questions, { negatives, seed: 1 });
    const among = `Beauty, among ${negatives === undefined ? 'all items' : `${negatives} drawn items`}`;
    for (const [metric, value] of Object.entries(metrics)) {
      const against = (name: string, peer: number): Figure => ({
        bench: BENCH,
        figure: `${among}: ${metric} of sasrec, beside ${name}`,
        value,
        unit: metric,
        peer,
        ratio: value / peer,
      });
      if (negatives === 99) yield against('SASRec as published', PUBLISHED[metric]);
      for (const baseline of baselines) yield against(baseline.name, baseline.metrics[metric]);
    }
  }
}

async function* pageViews(sessions: EventSequences): AsyncIterable<Figure> {
  const count = sessions.keys.length;
  const training = sequencesBetween(sessions, 0, count - HELD_OUT_SESSIONS);
  const heldOut = everyNextItem(sequencesBetween(sessions, count - HELD_OUT_SESSIONS, count));
  const questions = drawQuestions(heldOut, MOST_QUESTIONS, 1);
  const measure = (score: NextItemScorer): Record<string, number> => ({
    accuracy: measureNextItems(score, questions, { k: 1 })['hr@1'],
    'mean reciprocal rank': measureNextItems(score, questions).mrr,
    perplexity: Math.exp(-meanLogLikelihood(score, questions)),
  });
  const chain = measure(byMarkovChain(training, questions.histories));
  for (const trainer of [sasrec, elmo] as const) {
    const name = trainer.name as keyof typeof MSNBC_OPTIONS;
    const { model, figures: speed } = await timed(trainer, training, MSNBC_OPTIONS[name], 'MSNBC');
    yield* speed;
    const own = measure(await scorerOf(name, model, questions.histories));
    for (const [metric, value] of Object.entries(own))
      yield {
        bench: BENCH,
        figure: `MSNBC, ${training.keys.length} sessions: ${metric} of ${name}, beside a Markov chain`,
        value,
        unit: metric,
        peer: chain[metric],
        ratio: value / chain[metric],
      };
  }
}

/** Rates of wall time and of processor time, which other work on the machine does not slow. */
async function timed(trainer: AnyTrainer, data: EventSequences, given: Record<string, unknown>, name: string) {
  const [start, before] = [process.hrtime.bigint(), process.cpuUsage()];
  const model: SequenceModel = await trainer.train(data, parseOptions(trainer, given));
  const { user, system } = process.cpuUsage(before);
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  const passes = data.keys.length * Number(model.facts.epochs ?? given.epochs);
  const figure = (what: string, value: number): Figure => ({
    bench: BENCH,
    figure: `${name}: ${trainer.name}, sequences ${what}, all epochs and the start included`,
    value,
    unit: 'sequences/s',
  });
  const figures = [
    figure('a second', passes / seconds),
    figure('a second of processor time', (passes * 1e6) / (user + system)),
  ];
  return { model, figures };
}
