/**
 * Runs the benchmarks of bench/ (all, or those named) and prints each figure, with machine and versions first.
 *   npm run bench                    all of them
 *   npm run bench -- ingest walks    two of them
 *   npm run bench -- ingest --json   one line of JSON a figure
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const require = createRequire(import.meta.url);
require('./typescript.cjs');
require('reflect-metadata');

const args = process.argv.slice(2);
const json = args.includes('--json');
const folder = join(root, 'bench');
const known = readdirSync(folder)
  .filter((file) => file.endsWith('.bench.ts'))
  .map((file) => file.replace('.bench.ts', ''));

if (args.includes('--help')) {
  console.log(`npm run bench [-- name …] [--json]\nBenchmarks: ${known.join(', ')}`);
  process.exit(0);
}
const wanted = args.filter((arg) => !arg.startsWith('--'));
const unknown = wanted.filter((name) => !existsSync(join(folder, `${name}.bench.ts`)));
if (unknown.length > 0) {
  console.error(`No benchmark called ${unknown.join(', ')}. There are: ${known.join(', ')}`);
  process.exit(2);
}

const machine = `${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}, V8 ${process.versions.v8}`;
const versions = ['@electric-sql/pglite', '@electric-sql/pglite-pgvector', 'onnxruntime-node', 'assemblyscript'].map(
  (name) => `${name} ${JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')).version}`,
);
if (!json) console.log(`${machine}\n${versions.join(', ')}`);
let failed = false;
for (const name of wanted.length > 0 ? wanted : known) {
  try {
    for await (const figure of require(join(folder, `${name}.bench.ts`)).figures()) {
      if (json) console.log(JSON.stringify(figure));
      else {
        const beside =
          figure.peer === undefined ? '' : `  (beside ${round(figure.peer)}; ratio ${round(figure.ratio)})`;
        console.log(`${figure.bench}  ${figure.figure}: ${round(figure.value)} ${figure.unit}${beside}`);
      }
    }
  } catch (error) {
    failed = true;
    console.error(`benchmark ${name} failed:`, error);
  }
}
process.exit(failed ? 1 : 0);

function round(value) {
  return value === undefined
    ? '–'
    : Math.abs(value) >= 1000
      ? Math.round(value).toLocaleString('en-GB')
      : Number(value.toPrecision(4)).toString();
}
