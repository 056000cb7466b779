/** Training in a thread of its own gives what training here gives, and its failures come back as what they were. */
import { join } from 'node:path';
import { OptionError } from '../../src/errors';
import { runInBackground, trainInBackground } from '../../src/training/background';
import type { Evaluation } from '../../src/training/evaluation/evaluation';
import { evaluateFriends, hideTies } from '../../src/training/evaluation/friends';
import { compactGraph } from '../../src/training/graph/compact-graph';
import { node2vec } from '../../src/training/node2vec/node2vec';
import { word2vec } from '../../src/training/sequence2vec/word2vec';
import type { EmbeddingModel, TrainingProgress } from '../../src/training/trainer';
import { parseOptions } from '../../src/training/trainers';

const corpus = {
  ids: ['a', 'b', 'c', 'd'],
  tokens: Int32Array.from({ length: 4000 }, (_, i) => (i % 5 === 4 ? -1 : (i * 7 + (i % 3)) % 4)),
};
const options = parseOptions(word2vec, { dimension: 8, window: 3, epochs: 5 });
const job = (call: string, ...args: unknown[]) => ({ module: join(__dirname, 'background-jobs'), call, args });

describe('the background', () => {
  test('trains the same model as training here does, and reports on the way', async () => {
    const reports: TrainingProgress[] = [];
    const onProgress = (progress: TrainingProgress) => reports.push(progress);
    const there = await trainInBackground<EmbeddingModel>('word2vec', corpus, options, { onProgress });
    const here = await word2vec.train(corpus, options);
    expect(there.ids).toEqual(here.ids);
    expect([...there.input]).toEqual([...here.input]);
    expect([...there.output]).toEqual([...here.output]);
    expect(reports.at(-1)).toMatchObject({ done: reports[0].total });
  });

  test('trains and evaluates in one job as here, numbers standing for people', async () => {
    const ends = (step: number) =>
      new Int32Array(new SharedArrayBuffer(4 * 600)).map((_, tie) => (tie * step + (tie % 7)) % 60);
    const named = { ids: Array.from({ length: 60 }, (_, i) => `user ${i}`), sources: ends(11), targets: ends(17) };
    const walking = parseOptions(node2vec, { dimension: 8, window: 3, walksPerNode: 2, walkLength: 10 });
    const there = await runInBackground<Evaluation>({
      module: join(__dirname, '../../src/training/evaluation/friends'),
      call: 'trainAndEvaluateFriends',
      args: [compactGraph(named), walking, { seed: 1 }],
    });
    const split = hideTies(named, { seed: 1 });
    expect(there).toEqual(evaluateFriends(await node2vec.train(split.train, walking), split, { seed: 1 }));
  });

  test('leaves the serving thread free', async () => {
    const turns = new Int32Array(new SharedArrayBuffer(4));
    const turning = setInterval(() => Atomics.add(turns, 0, 1), 5);
    // The job does not give its thread away: were it this one, nobody would turn, and it would give up.
    await expect(runInBackground(job('busyUntil', turns, 20, 30_000))).resolves.toBe(true);
    clearInterval(turning);
  });

  test('brings errors back with their class, code, field and remedy', async () => {
    const empty = trainInBackground('word2vec', { ids: [], tokens: new Int32Array(0) }, options);
    await expect(empty).rejects.toMatchObject({ code: 'EMPTY_CORPUS', remedy: expect.stringContaining('ingest') });
    const refused = runInBackground(job('refuse', 'window'));
    await expect(refused).rejects.toBeInstanceOf(OptionError);
    await expect(refused).rejects.toMatchObject({ code: 'OPTION_INVALID', field: 'window', facts: { given: 0 } });
    await expect(trainInBackground('no-trainer', corpus, options)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  });

  test('fails, and does not hang, when its thread throws, dies or has nothing to call', async () => {
    const failed = (message: RegExp) => ({ code: 'TRAINING_FAILED', message: expect.stringMatching(message) });
    await expect(runInBackground(job('stumble'))).rejects.toMatchObject(failed(/undefined|null/));
    await expect(runInBackground(job('die', 3))).rejects.toMatchObject(failed(/exit code 3/));
    await expect(runInBackground(job('noSuchCall'))).rejects.toMatchObject(failed(/no function noSuchCall/));
  });

  test('stops a job that listens, and ends one that does not', async () => {
    const cancelled = expect.objectContaining({ code: 'CANCELLED' });
    const cancelling = new AbortController();
    const endless = parseOptions(word2vec, { ...options, epochs: 10_000 });
    const training = trainInBackground('word2vec', corpus, endless, {
      signal: cancelling.signal,
      onProgress: () => cancelling.abort(),
    });
    await expect(training).rejects.toEqual(cancelled);
    const deaf = new AbortController();
    const busy = runInBackground(job('busyFor', 60_000), { signal: deaf.signal });
    setTimeout(() => deaf.abort(), 200);
    await expect(busy).rejects.toEqual(cancelled);
    await expect(runInBackground(job('busyFor', 1), { signal: deaf.signal })).rejects.toEqual(cancelled);
  });

  test('waits for native code to come back before it ends the thread: else the process would go with it', async () => {
    const cancelling = new AbortController();
    const onProgress = () => cancelling.abort();
    const multiplying = runInBackground(job('multiplyForEver', 1_000), { signal: cancelling.signal, onProgress });
    await expect(multiplying).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  test('hands results over whole, typed arrays included', async () => {
    const result = await runInBackground<{ squares: Float64Array; names: string[] }>(job('squares', 5));
    expect([...result.squares]).toEqual([0, 1, 4, 9, 16]);
    expect(result.names).toEqual(['0', '1', '2', '3', '4']);
  });
});
