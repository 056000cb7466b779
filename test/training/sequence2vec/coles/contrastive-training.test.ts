/** The loop that learns over slices: it goes on from a checkpoint as if it had never stopped, and keeps no broken state. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { denseParameters } from '../../../../src/training/onnx/layers';
import { reshape } from '../../../../src/training/onnx/operations/broadcasting';
import { log } from '../../../../src/training/onnx/operations/elementwise';
import { gemm } from '../../../../src/training/onnx/operations/matrices';
import { Random } from '../../../../src/training/onnx/random';
import { contrastiveOptions } from '../../../../src/training/sequence2vec/coles/contrastive-options';
import {
  type ContrastiveData,
  type SliceNetwork,
  trainContrastive,
} from '../../../../src/training/sequence2vec/coles/contrastive-training';
import { SliceSource } from '../../../../src/training/sequence2vec/coles/slices';
import type { TrainingProgress } from '../../../../src/training/trainer';

const LENGTH = 4;
const schema = z.strictObject(contrastiveOptions);
const options = (given: Record<string, unknown> = {}) =>
  schema.parse({
    slices: 2,
    sliceLengthMin: 2,
    sliceLengthMax: LENGTH,
    batchSize: 4,
    epochs: 4,
    hardNegatives: 2,
    ...given,
  });

/** A number an event, different from sequence to sequence; the network is a single layer over the slice. */
const offsets = Int32Array.from({ length: 13 }, (_, i) => i * 6);
const data: ContrastiveData = {
  offsets,
  rowsOf: (events) => ({ numbers: Float32Array.from(events, (event) => (event < 0 ? 0 : Math.sin(event * 1.7))) }),
  fingerprint: 'the same run',
};
const network = (broken = false): SliceNetwork => ({
  tables: { numbers: [1] },
  keptAnEvent: 2,
  parameters: denseParameters('layer', { inputs: LENGTH, outputs: 3, activation: 'linear' }, new Random(1)),
  encode: ({ events, parameters, graph }, { rows, length }) => {
    const x = gemm(reshape(events.numbers, [rows, length]), parameters['layer.weights'], {
      bias: parameters['layer.bias'],
    });
    return broken ? log(gemm(x, graph.constant('zeros', [3, 3], new Float32Array(9)), {})) : x;
  },
});

const bytes = (values: ReadonlyMap<string, Float32Array>) =>
  [...values].map(([name, array]) => `${name} ${Buffer.from(array.slice().buffer).toString('base64')}`).join();

describe('learning over slices', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'kindred-slices-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('goes on from the epoch where it was stopped, to the same bytes', async () => {
    const whole = await trainContrastive(network(), data, options());
    const checkpoint = join(folder, 'run');
    const stopping = new AbortController();
    const first = trainContrastive(network(), data, options(), {
      checkpoint,
      signal: stopping.signal,
      onProgress: ({ phase }) => {
        if (phase === 'epoch 3 of 4') stopping.abort();
      },
    });
    await expect(first).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(existsSync(checkpoint)).toBe(true);
    const reports: TrainingProgress[] = [];
    const resumed = await trainContrastive(network(), data, options(), {
      checkpoint,
      onProgress: (progress) => reports.push(progress),
    });
    expect(bytes(resumed.values)).toBe(bytes(whole.values));
    expect(resumed.facts).toMatchObject({
      steps: whole.facts.steps,
      resumedFrom: expect.stringMatching(/^epoch [23] of 4$/),
    });
    expect(reports[0].resumedFrom).toBe(resumed.facts.resumedFrom);
    expect(existsSync(checkpoint)).toBe(false);
  });

  it('begins anew where the checkpoint is of another run', async () => {
    const checkpoint = join(folder, 'other');
    const stopping = new AbortController();
    const stopped = trainContrastive(network(), { ...data, fingerprint: 'another run' }, options(), {
      checkpoint,
      signal: stopping.signal,
      onProgress: ({ phase }) => {
        if (phase === 'epoch 2 of 4') stopping.abort();
      },
    });
    await expect(stopped).rejects.toMatchObject({ code: 'CANCELLED' });
    const { facts } = await trainContrastive(network(), data, options(), { checkpoint });
    expect(facts.resumedFrom).toBeUndefined();
  });

  it('refuses a step that no memory holds, of pairs of slices or of their events', async () => {
    const many = { ...data, offsets: Int32Array.from({ length: 1025 }, (_, i) => i * 6) };
    const wide = { batchSize: 1024, slices: 64 };
    const refused = { code: 'OPTION_INVALID', field: 'batchSize' };
    await expect(trainContrastive(network(), many, options(wide))).rejects.toMatchObject({
      ...refused,
      remedy: 'Lower batchSize or slices.',
    });
    const heavy = { ...network(), keptAnEvent: 2 ** 25 };
    await expect(trainContrastive(heavy, data, options())).rejects.toMatchObject({
      ...refused,
      remedy: 'Lower batchSize, sliceLengthMax or dimension.',
    });
  });

  it('fails with a remedy where the loss is no number, and leaves no checkpoint of it', async () => {
    const checkpoint = join(folder, 'broken');
    await expect(trainContrastive(network(true), data, options(), { checkpoint })).rejects.toMatchObject({
      code: 'TRAINING_FAILED',
      remedy: expect.stringContaining('learningRate'),
    });
    expect(existsSync(checkpoint)).toBe(false);
  });
});

describe('slices', () => {
  it('are stretches of one sequence each, as long as asked for, the newest event last', () => {
    const source = new SliceSource(data, options({ batchSize: 5 }));
    const batches = [...source.epoch(0, 1)];
    expect(batches).toHaveLength(2);
    const lengths = new Set<number>();
    const seen = new Set<number>();
    for (const batch of batches) {
      expect(batch).toHaveLength(5 * 2 * LENGTH);
      for (let row = 0; row < 10; row++) {
        const slice = [...batch.subarray(row * LENGTH, (row + 1) * LENGTH)];
        const events = slice.filter((event) => event >= 0);
        lengths.add(events.length);
        expect(slice.slice(LENGTH - events.length)).toEqual(events);
        events.forEach((event, i) => {
          expect(event).toBe(events[0] + i);
        });
        const own = Math.floor(events[0] / 6);
        expect(Math.floor(events[events.length - 1] / 6)).toBe(own);
        // Slices of one sequence lie side by side.
        if (row % 2 === 0) expect(seen.has(own)).toBe(false);
        else expect(seen.has(own)).toBe(true);
        seen.add(own);
      }
    }
    expect([...lengths].sort()).toEqual([2, 3, 4]);
  });

  it('differ from epoch to epoch, and are the same again for the same epoch, however they are cut', () => {
    const source = new SliceSource(data, options());
    const epoch = (number: number, most: number) => [...source.epoch(number, most)].flatMap((batch) => [...batch]);
    expect(epoch(1, 1)).toEqual(epoch(1, 100));
    expect(epoch(1, 1)).not.toEqual(epoch(2, 1));
  });
});
