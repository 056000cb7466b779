/**
 * Trains node2vec on a drawn graph in the built program, as the service does it, and prints how far the process grew at
 * the most: from when the program's modules were loaded, so that ties, names, threads and their runtime all count. A
 * process of its own, since a peak belongs to a whole process.
 *   node bench/node2vec-memory.mjs NODES TIES
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const { runInBackground } = require('../dist/training/background.js');
const { collectGarbage } = require('../dist/threads.js');
const { Random } = require('../dist/training/kernels/random.js');
const { parseOptions, trainerNamed } = require('../dist/training/trainers.js');

const [nodes, ties] = process.argv.slice(2).map(Number);
const DIMENSION = 128;
/** One short epoch: what is held does not depend on how long it is walked. */
const OPTIONS = { dimension: DIMENSION, walksPerNode: 1, walkLength: 11, epochs: 1, threads: 2 };
const options = parseOptions(trainerNamed('node2vec'), OPTIONS);
const training = fileURLToPath(new URL('../dist/training', import.meta.url));

const before = bytes('VmRSS');
const names = Array.from({ length: nodes }, (_, node) => `user-${node}`);
const random = Random.seeded(1);
const column = () => {
  const ends = new Int32Array(new SharedArrayBuffer(4 * ties));
  for (let tie = 0; tie < ties; tie++) ends[tie] = random.below(nodes);
  return ends;
};
const graph = await drawnGraph();
collectGarbage(graph.neighbours.byteLength);
const model = await inBackground('node2vec/node2vec', 'trainOnGraph', [graph, options]);
const ids = model.ids.map((number) => names[number]);
// Compressed rows: both directions of a tie, where each row starts, and which node is whose.
const graphBytes = 4 * (2 * model.facts.ties + (ids.length + 1) + ids.length);
const tables = 2 * 4 * DIMENSION * ids.length;
console.log(
  JSON.stringify({ grown: bytes('VmHWM') - before, tables, graph: graphBytes, held: model.facts.trainingBytes }),
);

/** The list of ties is forgotten once it is a graph. */
function drawnGraph() {
  const edges = { ids: names.map((_, number) => number), sources: column(), targets: column() };
  return inBackground('graph/compact-graph', 'compactGraph', [edges]);
}

function inBackground(file, call, args) {
  return runInBackground({ module: join(training, file), call, args });
}

/** Of Linux's account of this process. */
function bytes(name) {
  const [, kibibytes] = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(readFileSync('/proc/self/status', 'utf8'));
  return Number(kibibytes) * 1024;
}
