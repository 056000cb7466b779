/** The example as a user runs it, from the build, on a small file of made-up payments in the handbook's columns. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '../../src/training/kernels/random';

const SCRIPT = join(__dirname, '..', '..', 'examples', 'fraud-handbook', 'score-week');
const DAYS = ['--train-from', '2018-05-10', '--train-to', '2018-05-14', '--test-from', '2018-05-20'];
const TEST_DAYS = [49, 50];
const PER_DAY = 40;

function scoreWeek(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT, ...args], { encoding: 'utf8' });
  return { status, stdout, stderr };
}

/** Payments of 51 days from 2018-04-01 on. @param isFraud decides by day and number of the row */
function rawFile(isFraud: (day: number, row: number) => boolean): string {
  const random = Random.seeded(5);
  const lines = ['TRANSACTION_ID,CUSTOMER_ID,TERMINAL_ID,TX_AMOUNT,TX_TIME_SECONDS,TX_FRAUD,TX_FRAUD_SCENARIO'];
  for (let row = 0; row < 51 * PER_DAY; row++) {
    const day = Math.floor(row / PER_DAY);
    const seconds = Math.floor((row * 86_400) / PER_DAY);
    const amount = (random.below(8000) / 100 + 1).toFixed(2);
    lines.push([row, random.below(12), random.below(9), amount, seconds, Number(isFraud(day, row)), 0].join(','));
  }
  return `${lines.join('\n')}\n`;
}

describe('examples/fraud-handbook/score-week', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'kindred-score-week-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('scores the test days, the same when run again, whatever labels say that were not known by then', () => {
    const run = (store: string, file: string) =>
      scoreWeek('--data-dir', join(folder, store), ...DAYS, '--test-to', '2018-05-21', join(folder, file));
    writeFileSync(
      join(folder, 'raw.csv'),
      rawFile((_, row) => row % 9 === 0),
    );
    const first = run('a', 'raw.csv');
    expect(first.stderr).toContain('2040 new, 0 known, 0 rejected');
    expect(first.status).toBe(0);
    const [header, ...rows] = first.stdout.trimEnd().split('\n');
    expect(header).toBe('transactionId,score');
    const ids = rows.map((row) => row.split(',')[0]);
    const expected = TEST_DAYS.flatMap((day) => Array.from({ length: PER_DAY }, (_, i) => String(day * PER_DAY + i)));
    expect(ids).toEqual(expected);
    for (const row of rows) expect(Number(row.split(',')[1])).toBeGreaterThan(0);

    const again = run('a', 'raw.csv');
    expect(again.stderr).toContain('0 new, 2040 known, 0 rejected');
    expect(again.stdout).toBe(first.stdout);

    // The last test day is day 50: labels of days from 44 on become known only after it.
    writeFileSync(
      join(folder, 'unknown.csv'),
      rawFile((day, row) => (day >= 44 ? row % 5 === 0 : row % 9 === 0)),
    );
    expect(run('b', 'unknown.csv').stdout).toBe(first.stdout);
  });

  it.each([
    [[], '--data-dir is missing'],
    [['--data-dir', 'x', '--train-from', '2018-02-30'], '--train-from must be a day'],
    [['--data-dir', 'x', ...DAYS, '--test-to', '2018-05-19', 'raw.csv'], '--test-to is before --test-from'],
    [['--data-dir', 'x', ...DAYS, '--test-to', '2018-05-21'], 'Name at least one file'],
    [['--data-dir', 'x', '--test-day', '1'], "Unknown option '--test-day'"],
  ])('refuses %j with usage and exit code 2', (args, message) => {
    const { status, stdout, stderr } = scoreWeek(...args);
    expect(stderr).toContain(message);
    expect(stderr).toContain('score-week --data-dir DIR');
    expect([status, stdout]).toEqual([2, '']);
  });

  it('says that a file is not there before it opens a store', () => {
    const { status, stderr } = scoreWeek(
      '--data-dir',
      join(folder, 'd'),
      ...DAYS,
      '--test-to',
      '2018-05-21',
      'none.csv',
    );
    expect(status).toBe(1);
    expect(stderr).toContain('SOURCE_UNREADABLE');
  });
});
