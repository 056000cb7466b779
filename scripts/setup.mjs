/**
 * Makes a clone ready to run, doing only what is not done yet: installs packages, compiles the kernels, makes an empty
 * embedded store, builds src/ into dist/. Uses nothing but Node, so that `npm start` may be the first command typed.
 *   --quiet  say nothing when there is nothing to do        --build  rebuild everything
 *   --only kernels,build  these steps only: an image installs its packages in a layer of its own
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const quiet = process.argv.includes('--quiet');
const rebuild = process.argv.includes('--build');
const only = process.argv.includes('--only') ? process.argv[process.argv.indexOf('--only') + 1]?.split(',') : undefined;
const stampFile = join(root, 'node_modules', '.kindred-setup.json');

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`Kindred needs Node 20.19 or newer; this is ${process.versions.node}.`);
  process.exit(1);
}

function filesBelow(folder, wanted) {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return entry.name === 'generated' ? [] : filesBelow(path, wanted);
      return wanted(path) ? [path] : [];
    })
    .sort();
}

function fingerprint(paths) {
  const hash = createHash('sha256').update(process.versions.modules);
  for (const path of paths)
    hash
      .update(path)
      .update('\0')
      .update(readFileSync(join(root, path)))
      .update('\0');
  return hash.digest('hex');
}

function run(what, command, args, env = {}) {
  console.error(`kindred setup: ${what}`);
  const startedAt = Date.now();
  const done = spawnSync(command, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    shell: process.platform === 'win32',
    maxBuffer: 1 << 26,
  });
  if (done.status !== 0) {
    console.error(done.stdout ?? '', done.stderr ?? '', done.error ?? '');
    console.error(`kindred setup: failed at "${what}": ${command} ${args.join(' ')}`);
    process.exit(1);
  }
  console.error(`kindred setup: ${what}: done in ${((Date.now() - startedAt) / 1000).toFixed(1)} s`);
}

const bin = (name) => join(root, 'node_modules', '.bin', name);
const isKernel = (path) => path.endsWith('.assembly.ts');

/** Each step: what it depends on (`inputs`), whether its product is there (`present`), and how to make it. */
const steps = [
  {
    name: 'packages',
    inputs: () => ['package-lock.json', '.npmrc'],
    present: () => existsSync(join(root, 'node_modules', '.package-lock.json')),
    make: () => run('install packages', 'npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund']),
  },
  {
    name: 'kernels',
    inputs: () => [...filesBelow('src/training/kernels', isKernel), 'scripts/kernels.mjs', 'package-lock.json'],
    present: () => existsSync(join(root, 'src/training/kernels/generated')),
    make: () => run('compile the kernels', process.execPath, [join(root, 'scripts/kernels.mjs')]),
  },
  {
    name: 'embedded',
    inputs: () => ['scripts/embedded-template.mjs', 'package-lock.json'],
    present: () => existsSync(join(root, 'node_modules/.kindred-embedded/postgres/PG_VERSION')),
    make: () => run('make an empty embedded store', process.execPath, [join(root, 'scripts/embedded-template.mjs')]),
  },
  {
    name: 'build',
    inputs: () => [...filesBelow('src', () => true), '.swcrc', 'scripts/kernels.mjs', 'package-lock.json'],
    present: () => existsSync(join(root, 'dist', 'main.js')),
    make: () => {
      rmSync(join(root, 'dist'), { recursive: true, force: true });
      // Everything that is not TypeScript (the compiled kernels) is copied beside the code that loads it.
      run('build', bin('swc'), [
        'src',
        '--out-dir',
        'dist',
        '--strip-leading-paths',
        '--copy-files',
        '--ignore',
        '**/*.assembly.ts',
      ]);
    },
  },
];

const unknown = only?.find((name) => !steps.some((step) => step.name === name));
if (unknown !== undefined) {
  console.error(
    `kindred setup: there is no step "${unknown}"; the steps are ${steps.map(({ name }) => name).join(', ')}.`,
  );
  process.exit(2);
}
const stamps = existsSync(stampFile) ? JSON.parse(readFileSync(stampFile, 'utf8')) : {};
let worked = false;
for (const step of steps) {
  if (only && !only.includes(step.name)) continue;
  const current = fingerprint(step.inputs());
  const forced = rebuild && step.name !== 'packages';
  if (!forced && stamps[step.name] === current && step.present()) continue;
  step.make();
  worked = true;
  stamps[step.name] = current;
  mkdirSync(dirname(stampFile), { recursive: true });
  writeFileSync(stampFile, JSON.stringify(stamps));
}
if (!worked && !quiet) console.error('kindred setup: everything is in place');
