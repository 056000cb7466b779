import { evaluateFriends, hideTies } from '../../../src/training/evaluation/friends';
import { compactGraph, graphBytes } from '../../../src/training/graph/compact-graph';
import type { EdgeList } from '../../../src/training/graph/edge-list';
import { Random } from '../../../src/training/kernels/random';
import { node2vec } from '../../../src/training/node2vec/node2vec';
import type { Node2VecOptions } from '../../../src/training/node2vec/options';
import type { EmbeddingModel, TrainingProgress } from '../../../src/training/trainer';
import { parseOptions } from '../../../src/training/trainers';
import { edgesOf } from '../graph/graphs';

const optionsOf = (given: Partial<Node2VecOptions>) => parseOptions(node2vec, given);
const QUICK = optionsOf({ dimension: 16, walksPerNode: 5, walkLength: 20, window: 4, epochs: 2 });

/** `communities` groups of `size`, tied at random: densely within, sparsely between. Weights say the same where asked. */
function communities(communities: number, size: number, weighted = false): EdgeList {
  const random = Random.seeded(11);
  const ties: number[][] = [];
  const nodes = communities * size;
  for (let a = 0; a < nodes; a++) {
    for (let b = a + 1; b < nodes; b++) {
      const same = a % communities === b % communities;
      // Weighted: every pair is about as likely tied, but ties within weigh twenty times as much.
      if (random.fraction() < (weighted ? 0.2 : same ? 0.4 : 0.02))
        ties.push(weighted ? [a, b, same ? 20 : 1] : [a, b]);
    }
  }
  return edgesOf(ties);
}

/** Share of nodes whose nearest other node by cosine is of their own community. */
function purity(model: EmbeddingModel, count: number): number {
  const { ids, dimension, input } = model;
  const row = (i: number) => input.subarray(i * dimension, (i + 1) * dimension);
  const norms = ids.map((_, i) => Math.hypot(...row(i)));
  const cosine = (i: number, j: number) => row(i).reduce((sum, x, d) => sum + x * row(j)[d], 0) / norms[i] / norms[j];
  const community = (i: number) => Number(ids[i].slice(1)) % count;
  const right = [...ids.keys()].filter((i) => {
    const others = [...ids.keys()].filter((j) => j !== i);
    const nearest = others.reduce((best, j) => (cosine(i, j) > cosine(i, best) ? j : best), others[0]);
    return community(nearest) === community(i);
  });
  return right.length / ids.length;
}

describe('node2vec', () => {
  it('puts the members of a community together', async () => {
    expect(purity(await node2vec.train(communities(4, 25), QUICK), 4)).toBeGreaterThan(0.95);
  });

  it('follows weights where only they tell communities apart', async () => {
    const weighted = communities(4, 25, true);
    const without = { ...weighted, weights: undefined };
    expect(purity(await node2vec.train(weighted, QUICK), 4)).toBeGreaterThan(0.9);
    expect(purity(await node2vec.train(without, QUICK), 4)).toBeLessThan(0.6);
  });

  it('suggests hidden friends better than the degree does', async () => {
    const split = hideTies(communities(4, 25));
    const { metrics, baselines } = evaluateFriends(await node2vec.train(split.train, QUICK), split);
    expect(metrics['recall@10']).toBeGreaterThan(2 * baselines[0].metrics['recall@10']);
  });

  it('gives the same bytes for the same data, options and seed with one thread, and says when it does', async () => {
    const edges = communities(3, 12);
    const [one, again, other] = [
      await node2vec.train(edges, QUICK),
      await node2vec.train(edges, QUICK),
      await node2vec.train(edges, { ...QUICK, seed: 2 }),
    ];
    expect(again.ids).toEqual(one.ids);
    for (const part of ['input', 'output', 'outputBias', 'frequencies'] as const) {
      expect(Buffer.from(again[part].slice().buffer).equals(Buffer.from(one[part].slice().buffer))).toBe(true);
    }
    expect(again.facts).toEqual(one.facts);
    expect(other.input).not.toEqual(one.input);
    expect(node2vec.isDeterministic(QUICK)).toBe(true);
    expect(node2vec.isDeterministic({ ...QUICK, threads: 2 })).toBe(false);
  });

  it('walks the same walks with two threads as with one', async () => {
    const edges = communities(3, 12);
    const one = await node2vec.train(edges, QUICK);
    const two = await node2vec.train(edges, { ...QUICK, threads: 2 });
    expect([...two.frequencies]).toEqual([...one.frequencies]);
    expect(purity(two, 3)).toBeGreaterThan(0.9);
  });

  it('holds two tables, the graph and at most a fifth more', async () => {
    const random = Random.seeded(2);
    const nodes = 20_000;
    const edges = edgesOf(Array.from({ length: 200_000 }, () => [random.below(nodes), random.below(nodes)]));
    const graph = compactGraph(edges);
    const options = {
      ...optionsOf({ dimension: 128, walksPerNode: 1, walkLength: 5, window: 1, epochs: 1 }),
      threads: 2,
    };
    const { facts, input } = await node2vec.train(edges, options);
    const floor = 2 * graph.nodes * 128 * 4 + graphBytes(graph);
    expect(facts.trainingBytes).toBeGreaterThanOrEqual(floor);
    expect(facts.trainingBytes).toBeLessThanOrEqual(1.2 * floor);
    // The model is the training memory itself, not a copy of it.
    expect(input.buffer.byteLength).toBeGreaterThan(2 * graph.nodes * 128 * 4);
  });

  it('leaves out nodes without a tie and says how many there were', async () => {
    const edges = {
      ...edgesOf([
        [0, 1],
        [1, 2],
        [2, 0],
        [2, 2],
      ]),
      ids: ['n0', 'n1', 'n2', 'alone'],
    };
    const model = await node2vec.train(edges, QUICK);
    expect([...model.ids].sort()).toEqual(['n0', 'n1', 'n2']);
    expect(model.facts).toMatchObject({ nodes: 3, ties: 3, selfLoops: 1, isolated: 1, duplicates: 0 });
    expect(model.input).toHaveLength(3 * 16);
    expect(model.input.every(Number.isFinite)).toBe(true);
  });

  it('refuses a graph without ties', async () => {
    await expect(node2vec.train(edgesOf([]), QUICK)).rejects.toMatchObject({ code: 'EMPTY_CORPUS' });
  });

  it('counts every token and walk step', async () => {
    const model = await node2vec.train(communities(3, 12), QUICK);
    const walks = model.ids.length * 5 * 2;
    expect(model.facts.tokens).toBe(walks * 20);
    expect(model.facts.walkSteps).toBe(walks * 19);
    expect(model.frequencies.reduce((sum, count) => sum + count, 0)).toBe(walks * 20);
  });

  it('scores with input x output + bias what walks do: the chance to meet', async () => {
    const model = await node2vec.train(
      communities(4, 25),
      optionsOf({ dimension: 16, walkLength: 20, window: 4, epochs: 10 }),
    );
    const { dimension, input, output, outputBias, ids } = model;
    // Over all others the estimated chances of a context add up to about 1.
    const sums = ids.map((_, a) =>
      ids.reduce((sum, _id, b) => {
        let score = outputBias[b];
        for (let d = 0; d < dimension; d++) score += input[a * dimension + d] * output[b * dimension + d];
        return sum + Math.exp(score);
      }, 0),
    );
    const mean = sums.reduce((sum, value) => sum + value, 0) / sums.length;
    expect(mean).toBeGreaterThan(0.7);
    expect(mean).toBeLessThan(1.4);
  });
});

describe("node2vec's options", () => {
  it('say the remedy where the window does not fit the walk', async () => {
    const edges = edgesOf([[0, 1]]);
    await expect(node2vec.train(edges, optionsOf({ window: 80, walkLength: 80 }))).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      field: 'window',
      remedy: expect.stringContaining('walkLength to at least 81'),
    });
  });

  it.each([
    ['p', 0],
    ['q', -1],
    ['dimension', 0],
    ['walkLength', 1],
    ['learningRate', 2],
    ['threads', 0],
    ['seed', 1.5],
  ])('refuse %s of %s', (option, value) => {
    expect(() => optionsOf({ [option]: value })).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID', field: option }),
    );
  });

  it('refuse an unknown one and list those there are', () => {
    expect(() => parseOptions(node2vec, { walk_length: 80 })).toThrow(
      expect.objectContaining({ field: 'walk_length', remedy: expect.stringContaining('walkLength') }),
    );
  });
});

describe('a node2vec run', () => {
  it('reports what it is doing', async () => {
    const seen: TrainingProgress[] = [];
    await node2vec.train(communities(4, 25), QUICK, { onProgress: (progress) => seen.push(progress) });
    expect(seen[0].phase).toBe('graph');
    expect(seen[1].phase).toBe('counting visits');
    expect(seen.at(-1)).toMatchObject({ phase: 'epoch 2 of 2' });
    expect(seen.at(-1)?.done).toBe(seen.at(-1)?.total);
  });

  it('stops when told to, while counting and while training', async () => {
    for (const phase of ['counting visits', 'epoch']) {
      const abort = new AbortController();
      const run = node2vec.train(
        communities(4, 25),
        { ...QUICK, epochs: 1000 },
        {
          signal: abort.signal,
          onProgress: (progress) => {
            if (progress.phase.startsWith(phase)) abort.abort();
          },
        },
      );
      await expect(run).rejects.toMatchObject({ code: 'CANCELLED' });
    }
  });
});
