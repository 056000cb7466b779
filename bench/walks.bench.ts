/**
 * Second-order walks on one core: steps a second, writing to memory as the trainer does. Beside them, as `peer`, the best
 * that is published for BlogCatalog on one core: SNAP's 2.1 M steps/s (PecanPy: 1.2 M with tables computed beforehand).
 */
import { compactGraph } from '../src/training/graph/compact-graph';
import type { EdgeList } from '../src/training/graph/edge-list';
import { Walker, walkable, walkableBytes } from '../src/training/graph/walks';
import { Random } from '../src/training/kernels/random';
import { readEdges } from '../test/floors/graphs';
import { realData } from '../test/real-data';
import type { Figure } from './figure';

const BENCH = 'walks';
const RUNS = 5;
const WALK_LENGTH = 80;
const SNAP_STEPS_PER_SECOND = 2.1e6;

export async function* figures(): AsyncIterable<Figure> {
  const folder = realData('blogcatalog');
  const edges = folder ? readEdges(folder) : drawnGraph(10_312, 334_000);
  const name = folder ? 'BlogCatalog' : 'drawn graph of the size of BlogCatalog';
  const startedAt = performance.now();
  const graph = compactGraph(edges);
  yield { bench: BENCH, figure: `${name}: graph built`, value: performance.now() - startedAt, unit: 'ms' };
  const even = walkable(graph);
  yield {
    bench: BENCH,
    figure: `${name}: bytes a tie, hub bits included`,
    value: walkableBytes(even) / graph.ties,
    unit: 'bytes',
  };
  for (const [p, q] of [
    [0.25, 0.25],
    [1, 1],
    [4, 1],
    [0.5, 2],
  ]) {
    const value = stepsPerSecond(even, p, q);
    const figure = `${name}: p = ${p}, q = ${q}`;
    if (folder && p === 0.25) {
      const peer = SNAP_STEPS_PER_SECOND;
      yield { bench: BENCH, figure, value, unit: 'steps/s', peer, ratio: value / peer };
    } else yield { bench: BENCH, figure, value, unit: 'steps/s' };
  }
  const uneven = walkable(
    compactGraph({ ...edges, weights: Float32Array.from(edges.sources, (_, tie) => 1 + (tie % 7)) }),
  );
  yield {
    bench: BENCH,
    figure: `${name}, weighted: p = 0.25, q = 0.25`,
    value: stepsPerSecond(uneven, 0.25, 0.25),
    unit: 'steps/s',
  };
}

/** The best of several runs of one walk from every node. */
function stepsPerSecond(walked: ReturnType<typeof walkable>, p: number, q: number): number {
  const { nodes } = walked.graph;
  const walker = new Walker(walked, { p, q, walkLength: WALK_LENGTH });
  const random = new Random();
  const out = new Int32Array(new SharedArrayBuffer(4 * WALK_LENGTH));
  let best = 0;
  for (let run = 0; run < RUNS; run++) {
    random.seed(run);
    const startedAt = performance.now();
    for (let node = 0; node < nodes; node++) walker.walk(node, random, out, 0);
    best = Math.max(best, (nodes * (WALK_LENGTH - 1) * 1000) / (performance.now() - startedAt));
  }
  return best;
}

/** Ends drawn with the square of a uniform number, so that there are hubs. */
function drawnGraph(nodes: number, ties: number): EdgeList {
  const random = Random.seeded(1);
  const end = () => Math.floor(nodes * random.fraction() ** 2);
  return {
    ids: Array.from({ length: nodes }, (_, node) => String(node)),
    sources: Int32Array.from({ length: ties }, end),
    targets: Int32Array.from({ length: ties }, end),
  };
}
