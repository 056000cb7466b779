/**
 * Node classification on frozen vectors, the protocol of the DeepWalk and node2vec papers: one-vs-rest logistic regression
 * on a share of the labelled nodes; for each of the others as many labels are predicted, best first, as it is known to
 * have; Macro-F1 is the mean over labels, Micro-F1 counts all predictions together.
 */
import { InputError } from '../../errors';
import { Random } from '../kernels/random';
import { decision, fitLogisticRegression, type LogisticRegressionOptions } from './logistic-regression';

export interface LabelledVectors {
  /** (labels.length, dimension), row-major */
  readonly vectors: Float32Array;
  readonly dimension: number;
  /** The labels of each row, from 0 to `classes` - 1; rows without a label are left aside. */
  readonly labels: readonly (readonly number[])[];
  readonly classes: number;
}

export interface ClassificationOptions extends LogisticRegressionOptions {
  /** Share of the labelled rows to learn from, between 0 and 1. */
  labelShare: number;
  /** Random splits to average over. */
  splits: number;
  seed: number;
}

export interface F1 {
  macro: number;
  micro: number;
}

export interface ClassificationResult extends F1 {
  readonly perSplit: readonly F1[];
}

export function evaluateClassification(data: LabelledVectors, options: ClassificationOptions): ClassificationResult {
  const perSplit: F1[] = [];
  for (let split = 0; split < options.splits; split++) {
    const { learnt, asked } = splitRows(data, options, split);
    perSplit.push(scoreSplit(data, learnt, asked, options));
  }
  const mean = (of: (f1: F1) => number) => perSplit.reduce((sum, f1) => sum + of(f1), 0) / perSplit.length;
  return { macro: mean((f1) => f1.macro), micro: mean((f1) => f1.micro), perSplit };
}

/** Rows to learn from and rows to ask, of one of the seeded splits. */
export function splitRows(
  { labels }: LabelledVectors,
  { labelShare, seed }: Pick<ClassificationOptions, 'labelShare' | 'seed'>,
  split: number,
): { learnt: Int32Array; asked: Int32Array } {
  const rows = Int32Array.from([...labels.keys()].filter((row) => labels[row].length > 0));
  Random.seeded(seed, split).shuffle(rows);
  const count = Math.round(rows.length * labelShare);
  if (count < 1 || count >= rows.length) {
    throw new InputError(
      'labelShare',
      `A share of ${labelShare} of ${rows.length} labelled rows leaves one side empty.`,
      {
        remedy: 'Choose a share between 0 and 1 that leaves rows to learn from and rows to ask.',
      },
    );
  }
  return { learnt: rows.slice(0, count), asked: rows.slice(count) };
}

function scoreSplit(
  data: LabelledVectors,
  learnt: Int32Array,
  asked: Int32Array,
  options: LogisticRegressionOptions,
): F1 {
  const { vectors, dimension, labels, classes } = data;
  // (classes, asked.length)
  const decisions: Float64Array[] = [];
  for (let label = 0; label < classes; label++) {
    const positive = Uint8Array.from(learnt, (row) => (labels[row].includes(label) ? 1 : 0));
    if (!positive.includes(1)) {
      // Never seen, so never predicted before a label that was.
      decisions.push(new Float64Array(asked.length).fill(Number.NEGATIVE_INFINITY));
      continue;
    }
    const weights = fitLogisticRegression({ vectors, dimension, rows: learnt, positive }, options);
    decisions.push(Float64Array.from(asked, (row) => decision(weights, vectors, row)));
  }
  const predicted = Array.from(asked, (row, i) => best(decisions, i, labels[row].length));
  return f1(
    Array.from(asked, (row) => labels[row]),
    predicted,
    classes,
  );
}

function best(decisions: readonly Float64Array[], i: number, count: number): number[] {
  return [...decisions.keys()].sort((a, b) => decisions[b][i] - decisions[a][i] || a - b).slice(0, count);
}

/** A label that is neither there nor predicted counts 0 in the mean, as in scikit-learn. */
export function f1(
  actual: readonly (readonly number[])[],
  predicted: readonly (readonly number[])[],
  classes: number,
): F1 {
  const hits = new Float64Array(classes);
  const present = new Float64Array(classes);
  const named = new Float64Array(classes);
  actual.forEach((labels, i) => {
    for (const label of labels) {
      present[label]++;
      if (predicted[i].includes(label)) hits[label]++;
    }
    for (const label of predicted[i]) named[label]++;
  });
  const sum = (values: Float64Array) => values.reduce((total, value) => total + value, 0);
  const ratio = (hit: number, all: number) => (all > 0 ? (2 * hit) / all : 0);
  return {
    macro: sum(hits.map((hit, label) => ratio(hit, present[label] + named[label]))) / classes,
    micro: ratio(sum(hits), sum(present) + sum(named)),
  };
}
