/** Runs a tool of node_modules/.bin with the Node options that PGlite needs under Jest, on every operating system. */
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [tool, ...args] = process.argv.slice(2);
const nodeOptions =
  `${process.env.NODE_OPTIONS ?? ''} --experimental-vm-modules --disable-warning=ExperimentalWarning`.trim();
const done = spawnSync(join(root, 'node_modules', '.bin', tool), args, {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, NODE_OPTIONS: nodeOptions },
  shell: process.platform === 'win32',
});
process.exit(done.status ?? 1);
