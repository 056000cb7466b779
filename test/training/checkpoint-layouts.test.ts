/**
 * What runs keep, trainer by trainer: one that finds less or other than it expects begins anew and says so, and whoever
 * changes what the pool's trainers keep finds here that CHECKPOINT_VERSION must be raised.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CHECKPOINT_VERSION,
  type Checkpoint,
  type CheckpointContent,
  OTHER_VERSION,
  readCheckpoint,
  writeCheckpoint,
} from '../../src/training/checkpoint';
import { corpusOfSequences } from '../../src/training/sequence2vec/event-sequences';
import type { SequenceModel, Trainer, TrainingContext, TrainingProgress } from '../../src/training/trainer';
import { parseOptions, trainerNamed } from '../../src/training/trainers';
import { sequencesOf } from './sequence2vec/elmo/worlds';

const SEQUENCES = sequencesOf(Array.from({ length: 40 }, (_, n) => ['a', `b${n % 4}`, 'c', `d${n % 4}`, 'a', 'e']));
const CORPUS = corpusOfSequences(SEQUENCES);
const USUAL = { sequences: 'users', minCount: 1, threads: 1, dimension: 8 };
const SLICES = { slices: 2, sliceLengthMin: 2, sliceLengthMax: 4, batchSize: 8 };
const BASE = {
  ids: ['a', 'b0', 'c', 'd0', 'e'],
  dimension: 4,
  input: Float32Array.from({ length: 20 }, (_, i) => Math.sin(i)),
  frequencies: new Uint32Array(5).fill(3),
};

/** A run that is stopped once it has kept something. */
function runOf(name: string, data: unknown, given: Record<string, unknown>) {
  const trainer = trainerNamed(name) as Trainer<unknown, unknown, SequenceModel>;
  const options = parseOptions(trainer, { ...USUAL, ...given });
  const train = (context: TrainingContext) => trainer.train(data, options, context);
  const interrupt = async (checkpoint: string): Promise<{ fingerprint: string; kept: Checkpoint }> => {
    const stop = new AbortController();
    const onProgress = () => existsSync(checkpoint) && stop.abort();
    await expect(train({ checkpoint, signal: stop.signal, onProgress })).rejects.toMatchObject({ code: 'CANCELLED' });
    const fingerprint = fingerprintIn(checkpoint);
    return { fingerprint, kept: readCheckpoint(checkpoint, fingerprint)! };
  };
  return { train, interrupt };
}

function fingerprintIn(checkpoint: string): string {
  const bytes = readFileSync(checkpoint);
  const at = bytes.indexOf('\n') + 1;
  return JSON.parse(bytes.toString('utf8', at + 4, at + 4 + bytes.readUInt32LE(at))).fingerprint;
}

let folder: string;
let checkpoint: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kindred-layout-'));
  checkpoint = join(folder, 'run.checkpoint');
});
afterEach(() => rmSync(folder, { recursive: true }));

const bytesOf = ({ input, artifacts }: SequenceModel) =>
  Buffer.concat([Buffer.from(input.slice().buffer), ...Object.values(artifacts)]).toString('base64');

describe.each([
  ['elmo', SEQUENCES, { hidden: 8, epochs: 3, maxLength: 5, batchSize: 8 }],
  ['sasrec', SEQUENCES, { epochs: 3, maxLength: 5, batchSize: 32, patience: 2 }],
  ['coles', SEQUENCES, { ...SLICES, epochs: 3 }],
  ['pooling', { sequences: SEQUENCES, base: BASE }, { ...SLICES, method: 'gru', epochs: 3 }],
])('%s begins anew and says so where its checkpoint', (name, data, given) => {
  const run = runOf(name, data, given);
  let whole: string;
  beforeAll(async () => {
    whole = bytesOf(await run.train({}));
  });

  const without = <Values extends object>(values: Values, left: string) =>
    Object.fromEntries(Object.entries(values).filter(([each]) => each !== left));
  const first = ({ arrays }: Checkpoint) => Object.keys(arrays)[0];

  test.each<[string, (kept: Checkpoint) => CheckpointContent]>([
    ['lacks an array', (kept) => ({ ...kept, arrays: without(kept.arrays, first(kept)) })],
    [
      'has a shorter array',
      (kept) => ({ ...kept, arrays: { ...kept.arrays, [first(kept)]: kept.arrays[first(kept)].slice(4) } }),
    ],
    ['has one array more', (kept) => ({ ...kept, arrays: { ...kept.arrays, other: new Float32Array(2) } })],
    ['lacks a fact', (kept) => ({ ...kept, facts: without(kept.facts, 'epoch') })],
  ])('%s', async (_, changed) => {
    const { fingerprint, kept } = await run.interrupt(checkpoint);
    writeCheckpoint(checkpoint, fingerprint, changed(kept));
    const seen: TrainingProgress[] = [];
    const model = await run.train({ checkpoint, onProgress: (progress) => seen.push(progress) });
    expect(seen[0]).toMatchObject({ notice: OTHER_VERSION });
    expect(seen.filter(({ notice }) => notice !== undefined)).toHaveLength(1);
    expect(model.facts.resumedFrom).toBeUndefined();
    expect(bytesOf(model)).toBe(whole);
    expect(existsSync(checkpoint)).toBe(false);
  });
});

/** Whoever must change these numbers raises CHECKPOINT_VERSION, and then changes it here as well. */
test('version 2 of checkpoints keeps these arrays of the trainers that run in the pool', async () => {
  expect(CHECKPOINT_VERSION).toBe(2);
  const epochs = 20;
  const runs = {
    word2vec: runOf('word2vec', CORPUS, { epochs }),
    fasttext: runOf('fasttext', { corpus: CORPUS, texts: CORPUS.ids }, { epochs, buckets: 100 }),
    doc2vec: runOf('doc2vec', SEQUENCES, { epochs }),
  };
  const found: Record<string, Record<string, number>> = {};
  for (const [name, run] of Object.entries(runs)) {
    const { kept } = await run.interrupt(join(folder, name));
    expect(Object.keys(kept.facts).sort()).toEqual(['done', 'pairs', 'tailLoss', 'tailSamples', 'tokens']);
    found[name] = Object.fromEntries(Object.entries(kept.arrays).map(([array, { length }]) => [array, length / 4]));
  }
  expect(found).toEqual({
    word2vec: { input: 88, output: 88, frequencies: 16 },
    fasttext: { input: 296, output: 88 },
    doc2vec: { input: 416, output: 88 },
  });
});
