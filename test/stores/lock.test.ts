import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { KindredError } from '../../src/errors';
import { lockFolder } from '../../src/stores/lock';

describe('The lock of an embedded folder', () => {
  let folder: string;
  const file = (): string => join(folder, 'kindred.lock');
  const writeHolder = (holder: object): void =>
    writeFileSync(
      file(),
      JSON.stringify({ processStart: null, since: '2026-01-01T00:00:00Z', token: 'other', ...holder }),
    );

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'kindred-lock-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const refusal = (): KindredError => {
    try {
      lockFolder(folder).release();
    } catch (error) {
      return error as KindredError;
    }
    throw new Error('The lock was given.');
  };

  it('is given once, and again after its release, which may come twice', () => {
    const lock = lockFolder(folder);
    expect(refusal()).toMatchObject({ code: 'DATA_DIR_LOCKED', message: expect.stringContaining('this process') });
    lock.release();
    lock.release();
    lockFolder(folder).release();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('names the process that holds it', async () => {
    const holder = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    await once(holder, 'spawn');
    writeHolder({ pid: holder.pid, host: hostname() });
    expect(refusal().message).toContain(`process ${holder.pid} since 2026-01-01`);
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    lockFolder(folder).release();
  });

  it('is taken over from a process whose number now belongs to another', () => {
    if (!existsSync('/proc/self/stat')) return;
    writeHolder({ pid: process.pid, host: hostname(), processStart: '1' });
    const lock = lockFolder(folder);
    expect(JSON.parse(readFileSync(file(), 'utf8')).token).not.toBe('other');
    lock.release();
  });

  it('is kept by another host that touches it, and taken over from a silent one', () => {
    writeHolder({ pid: 1, host: 'elsewhere.invalid' });
    expect(refusal().message).toContain('on elsewhere.invalid');
    const longAgo = new Date(Date.now() - 60_000);
    utimesSync(file(), longAgo, longAgo);
    lockFolder(folder).release();
  });

  it('is taken over when the file says nothing that makes sense', () => {
    writeFileSync(file(), '{"pid":');
    lockFolder(folder).release();
  });

  it('is given to one of many processes that ask at once for a stale lock', async () => {
    writeHolder({ pid: 999_999_999, host: hostname() });
    const script = `require('./scripts/typescript.cjs');
      const { lockFolder } = require(${JSON.stringify(join(__dirname, '../../src/stores/lock.ts'))});
      try { lockFolder(${JSON.stringify(folder)}); console.log('taken'); } catch (error) { console.log(error.code); }
      // Until it is killed: a lock that is let go would be another's to take, however late that one is.
      setInterval(() => {}, 1_000);`;
    const contenders = [1, 2, 3].map(() => spawn(process.execPath, ['-e', script], { cwd: join(__dirname, '../..') }));
    const answers = await Promise.all(
      contenders.map(async ({ stdout }) => String((await once(stdout, 'data'))[0]).trim()),
    );
    expect(answers.sort()).toEqual(['DATA_DIR_LOCKED', 'DATA_DIR_LOCKED', 'taken']);
    for (const contender of contenders) contender.kill('SIGKILL');
    await Promise.all(contenders.map((contender) => contender.exitCode ?? once(contender, 'exit')));
  });
});
