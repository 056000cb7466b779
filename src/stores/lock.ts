/**
 * One process at a time in an embedded folder: PGlite takes no lock of its own, and two of them in one folder destroy it.
 * The lock is a file that names its holder. A holder that is gone (killed, or the machine restarted) is told from a live
 * one by its process id and start time; on another host (a shared volume) by whether it still touches the file.
 */
import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { KindredError } from '../errors';

interface Holder {
  pid: number;
  host: string;
  /** Start of the process in the system's own ticks; null where the system does not tell. */
  processStart: string | null;
  /** ISO time, for people. */
  since: string;
  token: string;
}

export interface FolderLock {
  /** Twice without harm. */
  release(): void;
}

const FILE = 'kindred.lock';
const TOUCH_MILLIS = 5_000;
/** A holder on another host that has not touched the file for so long is taken for dead. */
const SILENT_MILLIS = 30_000;
const ATTEMPTS = 20;

/** @throws KindredError DATA_DIR_LOCKED naming the holder */
export function lockFolder(folder: string): FolderLock {
  const path = join(folder, FILE);
  const mine: Holder = {
    pid: process.pid,
    host: hostname(),
    processStart: processStart(process.pid),
    since: new Date().toISOString(),
    token: randomUUID(),
  };
  const draft = join(folder, `${FILE}.${mine.token}`);
  writeFileSync(draft, `${JSON.stringify(mine)}\n`);
  try {
    take(path, draft, folder);
  } finally {
    rmSync(draft, { force: true });
  }
  const touching = setInterval(() => touch(path), TOUCH_MILLIS);
  touching.unref();
  return {
    release: () => {
      clearInterval(touching);
      if (read(path)?.token === mine.token) rmSync(path, { force: true });
    },
  };
}

function take(path: string, draft: string, folder: string): void {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    try {
      // A link is made whole or not at all, and never over another: nobody sees a half-written lock.
      linkSync(draft, path);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = read(path);
    if (holder && isAlive(holder, path)) throw locked(folder, holder);
    removeStale(path, holder?.token);
  }
  throw new KindredError('DATA_DIR_LOCKED', `The lock of ${folder} changes hands too fast to be taken.`, {
    remedy: 'Start one process at a time on this folder.',
    facts: { folder },
    retriable: true,
  });
}

/** Moves the file aside before deleting it: if another process has just taken the lock over, its file is put back. */
function removeStale(path: string, staleToken: string | undefined): void {
  const aside = `${path}.stale.${randomUUID()}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const moved = read(aside);
  if (moved && moved.token !== staleToken) linkSync(aside, path);
  rmSync(aside, { force: true });
}

function isAlive(holder: Holder, path: string): boolean {
  if (holder.host !== hostname())
    return Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) < SILENT_MILLIS;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    // EPERM: it is there, but is another user's.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const start = processStart(holder.pid);
  if (start === 'ended') return false;
  return start === null || holder.processStart === null || start === holder.processStart;
}

/** Fields 3 and 22 of /proc/PID/stat (proc(5)); they follow the command, which may hold spaces and parentheses. */
function processStart(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A zombie has ended; its parent has not taken notice yet.
    return fields[0] === 'Z' || fields[0] === 'X' ? 'ended' : (fields[19] ?? null);
  } catch {
    return null; // Not Linux, or the process has just gone.
  }
}

function read(path: string): Holder | undefined {
  try {
    const holder = JSON.parse(readFileSync(path, 'utf8')) as Holder;
    return Number.isInteger(holder.pid) && typeof holder.token === 'string' ? holder : undefined;
  } catch {
    return undefined; // Gone, or not written by us.
  }
}

function touch(path: string): void {
  const now = new Date();
  try {
    utimesSync(path, now, now);
  } catch {
    // The folder was removed under us; the database itself will say so.
  }
}

function locked(folder: string, holder: Holder): KindredError {
  const here = holder.pid === process.pid && holder.host === hostname();
  const who = here ? 'this process' : `process ${holder.pid}${holder.host === hostname() ? '' : ` on ${holder.host}`}`;
  return new KindredError('DATA_DIR_LOCKED', `The folder ${folder} is in use by ${who} since ${holder.since}.`, {
    remedy: here
      ? 'Close the first database before opening it again.'
      : `Stop process ${holder.pid}, or use another folder with --data-dir. To use one store from several processes, set DATABASE_URL.`,
    facts: { folder, pid: holder.pid, host: holder.host, since: holder.since },
    retriable: true,
  });
}
