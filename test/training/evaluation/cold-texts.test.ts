/** What is hidden from training and how it is found by its text, on corpora small enough to check. */
import {
  evaluateColdTexts,
  splitColdTexts,
  trainAndEvaluateColdTexts,
} from '../../../src/training/evaluation/cold-texts';
import { encoderArtifacts } from '../../../src/training/sequence2vec/fasttext/encoder';
import { fasttext } from '../../../src/training/sequence2vec/fasttext/fasttext';
import type { SequenceModel } from '../../../src/training/trainer';
import { parseOptions } from '../../../src/training/trainers';
import { spellings } from '../sequence2vec/fasttext/spellings';

const corpusOf = (lines: readonly string[]) => {
  const ids = [...new Set(lines.join(''))].sort();
  const tokens = lines.flatMap((line) => [...[...line].map((id) => ids.indexOf(id)), -1]);
  return { ids, tokens: Int32Array.from(tokens) };
};
const sequencesOf = ({ ids, tokens }: { ids: readonly string[]; tokens: Int32Array }) =>
  [...tokens]
    .map((token) => (token < 0 ? '|' : ids[token]))
    .join('')
    .split('|')
    .slice(0, -1);

describe('splitting', () => {
  test('hides the newest thing of each sequence wherever it is in it', () => {
    const corpus = corpusOf(['abc', 'bab', 'c', 'aa']);
    const times = Float64Array.from([1, 2, 3, 1, 2, 3, 1, 1, 2]);
    const data = { corpus, texts: corpus.ids, times };
    const { train, warmQuestions, cold } = splitColdTexts(data, { seed: 1, coldShare: 0 });
    expect(cold).toEqual([]);
    // Who has nothing else keeps what there is, but is not asked.
    expect(sequencesOf(train)).toEqual(['ab', 'a', 'c', 'aa']);
    expect(warmQuestions.map(({ given, hidden }) => [[...given], hidden])).toEqual([
      [[0, 1], 2],
      [[0], 1],
    ]);
  });

  test('draws it where times tie, whatever the order of the tied', () => {
    const hiddenOf = (line: string) => {
      const corpus = corpusOf(Array.from({ length: 30 }, () => line));
      const { warmQuestions } = splitColdTexts({ corpus, texts: corpus.ids }, { seed: 1, coldShare: 0 });
      return warmQuestions.map(({ hidden }) => hidden);
    };
    expect(new Set(hiddenOf('abc'))).toEqual(new Set([0, 1, 2]));
    expect(hiddenOf('cab')).toEqual(hiddenOf('abc'));
  });

  test('hides a share of the things from training altogether and asks for what they were seen with', () => {
    const { corpus, texts } = spellings(40);
    const { train, cold, coldQuestions, warmQuestions } = splitColdTexts(
      { corpus, texts },
      { seed: 3, coldShare: 0.25 },
    );
    expect(cold).toHaveLength(6);
    const trained = new Set(train.tokens);
    for (const thing of cold) expect(trained.has(thing)).toBe(false);
    for (const { given, hidden } of warmQuestions) expect([...given, hidden].some((t) => cold.includes(t))).toBe(false);
    expect(coldQuestions.length).toBeGreaterThan(40);
    expect(coldQuestions.every(({ cold: asked, hidden }) => cold.includes(asked) && trained.has(hidden))).toBe(true);
    // The same seed hides the same things.
    expect(splitColdTexts({ corpus, texts }, { seed: 3, coldShare: 0.25 }).cold).toEqual(cold);
  });

  test('leaves things without a text out of what is hidden, as nothing could find them', () => {
    const { corpus, texts } = spellings(40);
    const some = texts.map((text, thing) => (thing < 20 ? '' : text));
    const { cold } = splitColdTexts({ corpus, texts: some }, { seed: 1, coldShare: 0.5 });
    expect(cold.every((thing) => thing >= 20)).toBe(true);
    expect(cold).toHaveLength(2);
  });
});

test('ranks are among all learned things less those given, ties counting against the model', async () => {
  // The newest of each: d and d. a and b are given in the first sequence, a and c in the second.
  const corpus = corpusOf(['abd', 'acd']);
  const times = Float64Array.from([1, 2, 3, 1, 2, 3]);
  const split = splitColdTexts({ corpus, texts: corpus.ids, times }, { seed: 1, coldShare: 0 });
  const fixed = (ids: string[], scores: number[]): SequenceModel => ({
    ids,
    dimension: 1,
    input: new Float32Array(ids.length),
    output: new Float32Array(ids.length),
    outputBias: Float32Array.from(scores),
    frequencies: Uint32Array.from([2, 1, 1, 2]),
    artifacts: encoderArtifacts({
      ...{ dimension: 1, ids, texts: ids, minN: 3, maxN: 3, buckets: 8 },
      vectors: new Float32Array(ids.length),
      usedBuckets: new Uint32Array(0),
      subwordRows: new Float32Array(0),
    }),
    facts: {},
  });
  const measure = async (model: SequenceModel, k: number) =>
    evaluateColdTexts(model, split, corpus.ids, { seed: 1, k });
  // Besides d there is c for the first and b for the second; c is scored above d, b below.
  const found = await measure(fixed(['a', 'b', 'c', 'd'], [9, 1, 3, 2]), 1);
  expect(found.metrics).toEqual({ 'hr@1': 0.5, 'ndcg@1': 0.5 });
  expect(found.primary).toBe('hr@1');
  expect(found.sampled).toBe(false);
  // d was seen more often than either.
  expect(found.baselines).toEqual([
    { name: 'popularity', plain: true, metrics: { 'hr@1': 1, 'ndcg@1': 1 } },
    { name: 'chance', plain: false, metrics: { 'hr@1': 0.5 } },
  ]);
  expect((await measure(fixed(['a', 'b', 'c', 'd'], [1, 1, 1, 1]), 1)).metrics['hr@1']).toBe(0);
  // A thing that was not learned is never found.
  expect((await measure(fixed(['a', 'b', 'c'], [1, 1, 1]), 3)).metrics['hr@3']).toBe(0);
});

test('where spelling tells what goes together, cold things are found better than by popularity', async () => {
  const options = parseOptions(fasttext, { dimension: 12, window: 5, epochs: 10, learningRate: 0.05, buckets: 4096 });
  const settings = { seed: 1, coldShare: 0.2, k: 10 };
  const evaluation = await trainAndEvaluateColdTexts(spellings(400, 6), options, settings);
  const [popularity] = evaluation?.baselines ?? [];
  expect(popularity.name).toBe('popularity');
  // Of the other twenty things ten are of the same taste.
  for (const metric of ['hr@10', 'cold hr@10']) {
    expect(evaluation?.metrics[metric]).toBeGreaterThan(popularity.metrics[metric] + 0.1);
  }
  expect(evaluation?.protocol).toContain('4 things hidden from training');
});

test('is left out where no sequence has a thing to spare', async () => {
  const corpus = corpusOf(['a', 'b']);
  const options = parseOptions(fasttext);
  expect(await trainAndEvaluateColdTexts({ corpus, texts: corpus.ids }, options, { seed: 1 })).toBeUndefined();
});

test('is left out where every sequence has two things, though the whole can be learned from', async () => {
  const corpus = corpusOf(['ab', 'bc', 'ca']);
  const data = { corpus, texts: corpus.ids };
  const options = parseOptions(fasttext, { dimension: 4, epochs: 1 });
  expect(await trainAndEvaluateColdTexts(data, options, { seed: 1 })).toBeUndefined();
  expect((await fasttext.train(data, options)).ids).toHaveLength(3);
});
