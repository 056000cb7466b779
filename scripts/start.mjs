/**
 * `npm start`: sets up, then is `kindred up`, in one process. npm passes Ctrl-C and SIGTERM on to its child and ends with it; but
 * that child is often a shell, which dies of them and leaves us running, and of a hangup or a kill npm passes nothing on. So
 * who started us is watched: once that is gone, we stop in order.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const LOOK_MILLIS = 250;

const self = fileURLToPath(import.meta.url);
const given = process.argv.slice(2);
const parent = process.ppid;
const npm = npmBehind(parent);
const watch = setInterval(() => {
  if (process.ppid === parent && (npm === undefined || isThere(npm))) return;
  clearInterval(watch);
  process.kill(process.pid, 'SIGTERM');
}, LOOK_MILLIS);
watch.unref();

process.argv = [process.execPath, self, '--quiet'];
await import('./setup.mjs');

// Whom a signal has reached already must not take the end of its parent, of the same signal, for a second one.
for (const signal of ['SIGINT', 'SIGTERM'])
  process.once(signal, () => {
    clearInterval(watch);
    // Nobody else listens yet: it does what it does to any process.
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  });
const program = join(dirname(dirname(self)), 'bin', 'kindred.js');
process.argv = [process.execPath, program, 'up', ...given];
createRequire(self)(program);

/** npm's process, where a shell stands between it and us. Linux tells of processes; elsewhere mostly no shell stands there. */
function npmBehind(shell) {
  const pid = processOf(shell)?.parent;
  return processOf(pid)?.name.startsWith('npm') ? pid : undefined;
}

function processOf(pid) {
  const file = `/proc/${pid}/stat`;
  if (!existsSync(file)) return undefined;
  const [, name, parent] = /^\d+ \((.*)\) \S (\d+)/s.exec(readFileSync(file, 'utf8'));
  return { name, parent: Number(parent) };
}

function isThere(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    if (error.code === 'ESRCH') return false;
    throw error;
  }
}
