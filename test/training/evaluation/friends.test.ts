import * as fc from 'fast-check';
import { evaluateFriends, hideTies } from '../../../src/training/evaluation/friends';
import { compactGraph } from '../../../src/training/graph/compact-graph';
import type { EdgeList } from '../../../src/training/graph/edge-list';
import type { EmbeddingModel } from '../../../src/training/trainer';
import { edgesOf, randomEdges } from '../graph/graphs';

const nameOf = ({ ids }: EdgeList, source: number, target: number) => [ids[source], ids[target]].sort().join(' ');
const namesOf = (edges: EdgeList) => Array.from(edges.sources, (source, i) => nameOf(edges, source, edges.targets[i]));

/** Six complete groups of six, and a hub that knows everybody. */
function groups(): EdgeList {
  const ties: number[][] = [];
  for (let group = 0; group < 6; group++) {
    for (let a = 0; a < 6; a++) {
      for (let b = a + 1; b < 6; b++) ties.push([group * 6 + a, group * 6 + b]);
      ties.push([group * 6 + a, 36]);
    }
  }
  return edgesOf(ties);
}

/** A model written down by hand: rows say the group, the bias nothing. */
function modelOf(ids: readonly string[], row: (id: string) => number[]): EmbeddingModel {
  const vectors = Float32Array.from(ids.flatMap(row));
  return {
    ids,
    dimension: vectors.length / ids.length,
    input: vectors,
    output: vectors,
    outputBias: new Float32Array(ids.length),
    frequencies: new Uint32Array(ids.length).fill(1),
    facts: {},
  };
}

const oneHot = (id: string) => Array.from({ length: 7 }, (_, i) => (i === Math.floor(Number(id.slice(1)) / 6) ? 1 : 0));

describe('hidden ties', () => {
  it('are distinct ties, none of which is left to learn from, and every node keeps one', () => {
    fc.assert(
      fc.property(randomEdges({ weighted: true }), fc.double({ min: 0, max: 1, noNaN: true }), (edges, share) => {
        const all = compactGraph(edges);
        const { train, hidden } = hideTies(edges, { share, seed: 3 });
        const [kept, gone] = [namesOf(train), namesOf(hidden)];
        expect(new Set([...kept, ...gone]).size).toBe(all.ties);
        expect(kept.length + gone.length).toBe(all.ties);
        expect(gone.length).toBeLessThanOrEqual(Math.round(all.ties * share));
        expect(compactGraph(train).nodes).toBe(all.nodes);
        expect(train.weights?.length).toBe(all.weights ? kept.length : undefined);
      }),
      { numRuns: 50 },
    );
  });

  it('are the same for the same seed and others for another', () => {
    const seeded = (seed: number) => namesOf(hideTies(groups(), { seed }).hidden);
    expect(seeded(1)).toEqual(seeded(1));
    expect(seeded(1)).not.toEqual(seeded(2));
    expect(seeded(1)).toHaveLength(Math.round((6 * 15 + 36) / 10));
  });
});

describe('the evaluation of suggested friends', () => {
  const split = hideTies(groups(), { seed: 1 });

  it('gives a model that knows the groups more than the degree, and says what was ranked', () => {
    const evaluation = evaluateFriends(modelOf(split.train.ids, oneHot), split, { k: 5 });
    expect(evaluation.primary).toBe('recall@5');
    expect(evaluation.sampled).toBe(false);
    expect(evaluation.protocol).toContain('13 of 126 ties hidden');
    const [degree, adamicAdar] = evaluation.baselines;
    expect(degree).toMatchObject({ name: 'degree', plain: true });
    expect(adamicAdar).toMatchObject({ name: 'Adamic–Adar', plain: false });
    expect(evaluation.metrics['recall@5']).toBeGreaterThan(0.7);
    expect(evaluation.metrics['recall@5']).toBeGreaterThan(degree.metrics['recall@5']);
    expect(adamicAdar.metrics['recall@5']).toBeGreaterThan(degree.metrics['recall@5']);
  });

  it('gives a model without a difference between people the recall of chance', () => {
    const same = evaluateFriends(
      modelOf(split.train.ids, () => [1]),
      split,
      { k: 5 },
    );
    expect(same.metrics['recall@5']).toBeLessThan(0.25);
  });

  it('counts the output bias', () => {
    const model = modelOf(split.train.ids, () => [0]);
    const graph = compactGraph(split.train);
    const byDegree = Float32Array.from(model.ids, (id) => {
      const node = graph.order.indexOf(split.train.ids.indexOf(id));
      return graph.offsets[node + 1] - graph.offsets[node];
    });
    const evaluation = evaluateFriends({ ...model, outputBias: byDegree }, split);
    expect(evaluation.metrics['recall@10']).toBeCloseTo(evaluation.baselines[0].metrics['recall@10'], 12);
  });

  it('computes recall and Adamic–Adar by hand', () => {
    // 0 and 3 have two friends in common, 1 and 2; the tie 0-3 is hidden, 4 hangs on 3.
    const split = {
      train: edgesOf([
        [0, 1],
        [0, 2],
        [3, 1],
        [3, 2],
        [3, 4],
      ]),
      hidden: { ids: ['n0', 'n1', 'n2', 'n3', 'n4'], sources: Int32Array.of(0), targets: Int32Array.of(3) },
      protocol: '',
    };
    const away = modelOf(split.train.ids, (id) => (id === 'n0' ? [1] : id === 'n3' ? [-1] : [0]));
    const { metrics, baselines } = evaluateFriends(away, split, { k: 1 });
    // Of 0's candidates 3 and 4 the model puts 3 last; 3's only candidate is 0.
    expect(metrics['recall@1']).toBe(0.5);
    // Adamic–Adar finds 3 for 0, through 1 and 2, and 0 for 3.
    expect(baselines[1].metrics['recall@1']).toBe(1);
    // 3 has the highest degree.
    expect(baselines[0].metrics['recall@1']).toBe(1);
  });

  it('measures 0 for everyone where no tie can be hidden', () => {
    const tree = hideTies(
      edgesOf([
        [0, 1],
        [1, 2],
      ]),
    );
    const { metrics, baselines } = evaluateFriends(
      modelOf(tree.train.ids, () => [1]),
      tree,
    );
    expect(metrics).toEqual({ 'recall@10': 0 });
    expect(baselines[0].metrics).toEqual({ 'recall@10': 0 });
  });
});
