/**
 * `npm run check`: everything a machine can say about the code without running it. Runs all checks, then says which failed.
 */
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const bin = (name) => join(root, 'node_modules', '.bin', name);
const script = (name) => join(root, 'scripts', name);

const checks = [
  ['types', bin('tsc'), ['--noEmit', '-p', '.']],
  ['lint and format', bin('biome'), ['ci', '--error-on-warnings', '.']],
  ['import rule and circles', bin('depcruise'), ['src', '--config', '.dependency-cruiser.cjs']],
  ['schema.graphql is current', process.execPath, [script('emit-schema.mjs'), '--check']],
  ['migrations agree with schema.prisma', process.execPath, [script('check-migrations.mjs')]],
];

const failed = [];
for (const [name, command, args] of checks) {
  const startedAt = Date.now();
  const done = spawnSync(command, args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    shell: process.platform === 'win32',
  });
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
  if (done.status === 0) console.log(`ok      ${name} (${seconds} s)`);
  else {
    failed.push(name);
    console.log(`FAILED  ${name} (${seconds} s)\n${done.stdout ?? ''}${done.stderr ?? ''}${done.error ?? ''}`);
  }
}
console.log(failed.length === 0 ? 'all checks passed' : `failed: ${failed.join(', ')}`);
process.exit(failed.length === 0 ? 0 : 1);
