/**
 * node2vec end to end, walks and training together. On BlogCatalog with its paper's options: tokens a second of processor
 * time and Macro-F1 (beside the paper's 0.258); on HetRec: recall@10 of hidden friends beside the degree and
 * Adamic-Adar; on a drawn graph of 200,000 nodes: how far the process grows, beside two tables and the graph.
 */
import { evaluateClassification } from '../src/training/evaluation/classification';
import { evaluateFriends, hideTies } from '../src/training/evaluation/friends';
import { compactGraph, graphBytes } from '../src/training/graph/compact-graph';
import type { EdgeList } from '../src/training/graph/edge-list';
import { Random } from '../src/training/kernels/random';
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
  // First, while the process is small and its peak is this run's.
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

/** One short epoch: what is held does not depend on how long it is walked. */
async function* memory(): AsyncIterable<Figure> {
  const edges = drawnGraph(200_000, 2_000_000);
  const graph = graphBytes(compactGraph(edges));
  const options = parseOptions(node2vec, { dimension: 128, walksPerNode: 1, walkLength: 11, epochs: 1, threads: 2 });
  const before = process.memoryUsage().rss;
  let most = before;
  const watch = setInterval(() => {
    most = Math.max(most, process.memoryUsage().rss);
  }, 20);
  const { facts, ids } = await node2vec.train(edges, options);
  clearInterval(watch);
  const peer = 2 * ids.length * 128 * 4 + graph;
  const held = Number(facts.trainingBytes);
  yield {
    bench: BENCH,
    figure: '200,000 nodes: bytes held, beside two tables and the graph',
    value: held,
    unit: 'bytes',
    peer,
    ratio: held / peer,
  };
  const grown = most - before;
  yield {
    bench: BENCH,
    figure: '200,000 nodes: growth of the process, its threads included',
    value: grown,
    unit: 'bytes',
    peer,
    ratio: grown / peer,
  };
}

function drawnGraph(nodes: number, ties: number): EdgeList {
  const random = Random.seeded(1);
  const end = () => random.below(nodes);
  return {
    ids: Array.from({ length: nodes }, (_, node) => String(node)),
    sources: Int32Array.from({ length: ties }, end),
    targets: Int32Array.from({ length: ties }, end),
  };
}
