import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Checkpoints } from '../../src/services/checkpoints';
import { writeCheckpoint } from '../../src/training/checkpoint';

const RUN = { trainer: 'word2vec', space: 'items', options: { dimension: 8, window: 5 } };

describe('the checkpoints of runs', () => {
  let parent: string;
  let folder: string;
  let checkpoints: Checkpoints;
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'kindred-test-'));
    folder = join(parent, 'checkpoints');
    checkpoints = new Checkpoints(folder);
  });
  afterEach(() => rmSync(parent, { recursive: true, force: true }));

  /** A file of a run, with so many bytes, last written so many days ago. */
  const leave = (run: typeof RUN, { bytes = 100, days = 0 } = {}): string => {
    const file = checkpoints.of(run).fileOf('training');
    writeFileSync(file, Buffer.alloc(bytes));
    const at = Date.now() / 1000 - days * 86_400;
    utimesSync(file, at, at);
    return file;
  };

  test('lie where nobody else can look, in a folder that is made when it is needed', () => {
    expect(checkpoints.sweep()).toBe(0);
    expect(existsSync(folder)).toBe(false);
    checkpoints.of(RUN);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });

  test('belong to a run of the same trainer, space, options and range, in whatever order its options stand', () => {
    const file = (run: Parameters<Checkpoints['of']>[0]) => checkpoints.of(run).fileOf('training');
    const same = { ...RUN, options: { window: 5, dimension: 8 } };
    expect(file(same)).toBe(file(RUN));
    const others = [
      { ...RUN, trainer: 'fasttext' },
      { ...RUN, space: 'hats' },
      { ...RUN, options: { ...RUN.options, window: 6 } },
      { ...RUN, from: new Date(5) },
      { ...RUN, to: new Date(5) },
    ].map(file);
    expect(new Set([file(RUN), checkpoints.of(RUN).fileOf('evaluation'), ...others]).size).toBe(7);
  });

  test('keep what was measured, of the same data alone', () => {
    const evaluation = { protocol: 'p', sampled: false, metrics: { hr: 0.5 }, primary: 'hr', baselines: [] };
    const run = checkpoints.of(RUN);
    expect(run.measured('data')).toBeUndefined();
    run.keepMeasured('data', evaluation);
    expect(checkpoints.of(RUN).measured('data')).toEqual({ evaluation });
    expect(run.measured('other data')).toBeUndefined();
    run.keepMeasured('data', undefined);
    expect(run.measured('data')).toEqual({});
    run.remove();
    expect(readdirSync(folder)).toEqual([]);
  });

  test('are gone when the run is: every part of it, and nothing of another', () => {
    const run = checkpoints.of(RUN);
    for (const part of ['evaluation', 'vectors', 'training'] as const)
      writeCheckpoint(run.fileOf(part), 'data', { facts: {}, arrays: {} });
    const other = leave({ ...RUN, space: 'hats' });
    run.remove();
    expect(readdirSync(folder)).toEqual([other.slice(folder.length + 1)]);
  });

  test('are swept when they are old, too many or too large; the newest stay, and so does what is not theirs', () => {
    const named = (space: string) => ({ ...RUN, space });
    const old = leave(named('old'), { days: 8 });
    const kept = [0, 1, 2].map((days) => leave(named(`new${days}`), { days }));
    const unfinished = `${kept[0]}.4711.new`;
    writeFileSync(unfinished, 'half');
    utimesSync(unfinished, 0, 0);
    const foreign = join(folder, 'notes.txt');
    writeFileSync(foreign, 'mine');
    utimesSync(foreign, 0, 0);
    expect(checkpoints.sweep()).toBe(2);
    expect([old, unfinished, ...kept, foreign].map(existsSync)).toEqual([false, false, true, true, true, true]);
    expect(checkpoints.sweep({ maxFiles: 2 })).toBe(1);
    expect(kept.map(existsSync)).toEqual([true, true, false]);
    expect(checkpoints.sweep({ maxBytes: 150 })).toBe(1);
    expect(kept.map(existsSync)).toEqual([true, false, false]);
  });

  test('say what to do where their folder cannot be made', () => {
    writeFileSync(folder, 'a file stands in its place');
    expect(() => checkpoints.of(RUN)).toThrow(
      expect.objectContaining({ code: 'TRAINING_FAILED', remedy: expect.stringContaining('--data-dir') }),
    );
  });
});
