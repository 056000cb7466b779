import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CHECKPOINT_VERSION,
  fingerprintOf,
  float32Of,
  isOfAnotherVersion,
  readCheckpoint,
  removeCheckpoint,
  writeCheckpoint,
} from '../../src/training/checkpoint';

describe('a checkpoint', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'kindred-checkpoint-'));
    file = join(folder, 'run.checkpoint');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const shared = new Float32Array(new SharedArrayBuffer(12));
  shared.set([1.5, Number.NaN, -0]);
  const content = {
    facts: { epoch: 3, phase: 'epoch 3' },
    arrays: { odd: Uint8Array.of(7, 8, 9), weights: shared, none: new Int32Array(0) },
  };

  it('gives back every byte, whatever memory it came from', () => {
    writeCheckpoint(file, 'mine', content);
    const { facts, arrays } = readCheckpoint(file, 'mine')!;
    expect(facts).toEqual(content.facts);
    expect([...arrays.odd]).toEqual([7, 8, 9]);
    expect([...float32Of(arrays.weights)]).toEqual([1.5, Number.NaN, -0]);
    expect(arrays.none).toHaveLength(0);
    expect(readdirSync(folder)).toEqual(['run.checkpoint']);
  });

  it('is none for another run, where there is none, and once it is removed', () => {
    expect(readCheckpoint(file, 'mine')).toBeUndefined();
    writeCheckpoint(file, 'mine', content);
    expect(readCheckpoint(file, 'another')).toBeUndefined();
    removeCheckpoint(file);
    removeCheckpoint(file);
    expect(readCheckpoint(file, 'mine')).toBeUndefined();
  });

  it('is none once a byte of it has changed or it was cut short, wherever', () => {
    writeCheckpoint(file, 'mine', content);
    const whole = readFileSync(file);
    for (let at = 0; at < whole.length; at += 5) {
      const damaged = Buffer.from(whole);
      damaged[at] ^= 1;
      writeFileSync(file, damaged);
      expect(readCheckpoint(file, 'mine')).toBeUndefined();
      writeFileSync(file, whole);
      truncateSync(file, at);
      expect(readCheckpoint(file, 'mine')).toBeUndefined();
    }
  });

  it.each(['1', '10', String(CHECKPOINT_VERSION + 1)])(
    'is none where version %s wrote it, and known for that',
    (version) => {
      expect(isOfAnotherVersion(file)).toBe(false);
      writeCheckpoint(file, 'mine', content);
      expect(isOfAnotherVersion(file)).toBe(false);
      const [line, ...rest] = readFileSync(file, 'latin1').split('\n');
      expect(line).toBe(`KINDRED checkpoint ${CHECKPOINT_VERSION}`);
      writeFileSync(file, [`KINDRED checkpoint ${version}`, ...rest].join('\n'), 'latin1');
      expect(readCheckpoint(file, 'mine')).toBeUndefined();
      expect(isOfAnotherVersion(file)).toBe(true);
    },
  );

  it('is of no version where it is not one, or was cut short', () => {
    for (const text of ['', 'KINDRED', 'KINDRED checkpoint 1', 'something else altogether\n']) {
      writeFileSync(file, text);
      expect(isOfAnotherVersion(file)).toBe(false);
      expect(readCheckpoint(file, 'mine')).toBeUndefined();
    }
  });

  it('leaves the one before in place where it cannot be written, and says so with a remedy', () => {
    expect(() => writeCheckpoint(join(folder, 'missing', 'run.checkpoint'), 'mine', content)).toThrow(
      expect.objectContaining({ code: 'TRAINING_FAILED', remedy: expect.stringContaining('space'), retriable: true }),
    );
  });
});

describe('a fingerprint', () => {
  it('tells apart what differs in any part, or in where a part ends', () => {
    const prints = [
      fingerprintOf('ab', 'c'),
      fingerprintOf('a', 'bc'),
      fingerprintOf('abc'),
      fingerprintOf('ab', Int32Array.of(1)),
      fingerprintOf('ab', Int32Array.of(2)),
    ];
    expect(new Set(prints).size).toBe(prints.length);
  });

  it('is the same for the same numbers on shared memory', () => {
    const shared = new Int32Array(new SharedArrayBuffer(8));
    shared.set([5, 6]);
    expect(fingerprintOf('run', shared)).toBe(fingerprintOf('run', Int32Array.of(5, 6)));
  });
});
