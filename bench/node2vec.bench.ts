/**
 * node2vec end to end, walks and training together. On BlogCatalog with its paper's options: tokens a second of processor
 * time and Macro-F1 (beside the paper's 0.258); on HetRec: recall@10 of hidden friends beside the degree and
 * Adamic-Adar; on drawn graphs: how far the process grows, beside two tables and the graph.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { evaluateClassification } from '../src/training/evaluation/classification';
import { evaluateFriends, hideTies } from '../src/training/evaluation/friends';
import { node2vec } from '../src/training/node2vec/node2vec';
import { parseOptions } from '../src/training/trainers';
import { BLOGCATALOG_GROUPS, BLOGCATALOG_OPTIONS, readEdges, readLabels } from '../test/floors/graphs';
import { realData } from '../test/real-data';
import type { Figure } from './figure';

const BENCH = 'node2vec';
const PAPER_MACRO_F1 = 0.258;
/** gensim's rate in PecanPy's table, the best published for these options on one core. */
const GENSIM_TOKENS_PER_SECOND = 72_000;

export async function* figures(): AsyncIterable<Figure> {
  yield* memory();
  const blogcatalog = realData('blogcatalog');
  if (blogcatalog) yield* classification(blogcatalog);
  for (const name of ['hetrec_lastfm_2k', 'ca_grqc', 'blogcatalog']) {
    const folder = realData(name);
    if (folder) yield* friends(name, folder);
  }
}

async function* classification(folder: string): AsyncIterable<Figure> {
  const before = process.cpuUsage();
  const options = parseOptions(node2vec, { ...BLOGCATALOG_OPTIONS, threads: 1 });
  const { ids, input, dimension, facts } = await node2vec.train(readEdges(folder), options);
  const { user, system } = process.cpuUsage(before);
  const value = (Number(facts.tokens) * 1e6) / (user + system);
  yield {
    bench: BENCH,
    figure: 'BlogCatalog: tokens a second of processor time, walks, start and counting included',
    value,
    unit: 'tokens/s',
    peer: GENSIM_TOKENS_PER_SECOND,
    ratio: value / GENSIM_TOKENS_PER_SECOND,
  };
  const labelled = { vectors: input, dimension, labels: readLabels(folder, ids), classes: BLOGCATALOG_GROUPS };
  const { macro, micro } = evaluateClassification(labelled, { labelShare: 0.5, splits: 8, seed: 1 });
  const ratio = macro / PAPER_MACRO_F1;
  yield {
    bench: BENCH,
    figure: 'BlogCatalog: Macro-F1 at 50 % labels',
    value: macro,
    unit: 'F1',
    peer: PAPER_MACRO_F1,
    ratio,
  };
  yield { bench: BENCH, figure: 'BlogCatalog: Micro-F1 at 50 % labels', value: micro, unit: 'F1' };
}

async function* friends(name: string, folder: string): AsyncIterable<Figure> {
  const split = hideTies(readEdges(folder));
  const model = await node2vec.train(split.train, parseOptions(node2vec, { threads: 2 }));
  const { metrics, baselines } = evaluateFriends(model, split);
  const value = metrics['recall@10'];
  for (const baseline of baselines) {
    const peer = baseline.metrics['recall@10'];
    const figure = `${name}: recall@10 of hidden friends, beside ${baseline.name}`;
    yield { bench: BENCH, figure, value, unit: 'recall', peer, ratio: value / peer };
  }
}

/**
 * The peak of a process that trains in the built program. What the runtime and its threads take, whatever the graph, is
 * told by the same process on a small graph; the rest is beside two tables and the graph.
 */
async function* memory(): AsyncIterable<Figure> {
  if (process.platform !== 'linux') return;
  const fixed = await peakOf(1_000, 10_000);
  for (const nodes of [200_000, 500_000]) {
    const { grown, tables, graph, held } = await peakOf(nodes, 10 * nodes);
    const peer = tables + graph;
    const figure = (what: string, value: number): Figure => ({
      bench: BENCH,
      figure: `${nodes.toLocaleString('en-GB')} nodes: ${what}, beside two tables and the graph`,
      value,
      unit: 'bytes',
      peer,
      ratio: value / peer,
    });
    yield figure('bytes held', held);
    yield figure('growth of the process less that on 1,000 nodes', grown - fixed.grown);
    yield figure('growth of the process, its threads and the list of ties included', grown);
  }
}

interface Peak {
  grown: number;
  tables: number;
  graph: number;
  held: number;
}

async function peakOf(nodes: number, ties: number): Promise<Peak> {
  const script = join(__dirname, 'node2vec-memory.mjs');
  const { stdout } = await promisify(execFile)(process.execPath, [script, String(nodes), String(ties)]);
  return JSON.parse(stdout) as Peak;
}
