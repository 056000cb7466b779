import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kindredHere } from './here';
import { kindred } from './process';

describe('kindred ingest', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kindred-ingest-'));
  const rejects = join(folder, 'rejects.ndjson');
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const command = (content: string, ...args: string[]) => {
    const file = join(folder, 'edges.csv');
    writeFileSync(file, content);
    const common = ['--data-dir', join(folder, 'store'), '--rejects', rejects];
    return ['ingest', 'relations', file, ...common, ...args];
  };
  const ingest = (content: string, ...args: string[]) => kindredHere(command(content, ...args));
  const MAP = ['--map', 'userId=source,friendId=target', '--constant', 'occurredAt=2020-01-01T00:00:00Z'];

  it('says what is new, and that nothing is new the second time', async () => {
    const content = 'source,target\na,b\nb,a\nb,c\n';
    const first = await kindred(command(content, ...MAP, '--json'));
    expect(JSON.parse(first.stdout)).toMatchObject({ accepted: 2, rejected: 0, duplicates: 1, rejectsFile: null });
    const second = await ingest(content, ...MAP);
    expect(second).toMatchObject({ code: 0, stdout: 'relations: 0 accepted, 0 rejected, 3 duplicates\n' });
    expect(second.stderr).toContain('Nothing new');
    expect(existsSync(rejects)).toBe(false);
  });

  it('keeps the good rows of a damaged file, and tells of the others', async () => {
    const damaged = await ingest('source,target\nc,d\n,e\nf,"open\ng,h\n', ...MAP);
    expect(damaged).toMatchObject({ code: 0, stdout: 'relations: 2 accepted, 2 rejected, 0 duplicates\n' });
    expect(damaged.stderr).toContain('The other rows are in the store.');
    const told = readFileSync(rejects, 'utf8').trim().split('\n');
    expect(told.map((line) => JSON.parse(line))).toMatchObject([
      { line: 3, field: 'userId', reason: 'userId is missing', text: ',e' },
      { line: 4, field: null, reason: 'the line has a quote that is not closed', text: 'f,"open' },
    ]);
  });

  it('fails when every row was rejected or a file cannot be read', async () => {
    const useless = await ingest('source,target\n,b\n', ...MAP);
    expect(useless.code).toBe(1);
    expect(useless.stderr).toContain('NOTHING_ACCEPTED');
    const absent = await kindredHere([
      'ingest',
      'relations',
      join(folder, 'absent.csv'),
      '--data-dir',
      join(folder, 'store'),
    ]);
    expect(absent.code).toBe(1);
    expect(absent.stderr).toContain('it does not exist');
  });

  it('refuses what cannot be meant, with the columns or fields there are', async () => {
    const noColumn = await ingest('source,target\na,b\n', '--map', 'userId=from');
    expect(noColumn.code).toBe(2);
    expect(noColumn.stderr).toContain('The columns are source, target.');
    const noField = await ingest('source,target\na,b\n', '--map', 'user=source');
    expect(noField.code).toBe(2);
    expect(noField.stderr).toContain('userId, friendId, occurredAt');
    const noStream = await kindredHere(['ingest', 'friends', 'x.csv']);
    expect(noStream.code).toBe(2);
    expect(noStream.stderr).toContain('interactions, transactions, relations');
  });
});
