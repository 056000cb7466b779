/**
 * Suggested friends on HetRec's friendships, a tenth of them hidden, everybody ranked. The defaults were chosen on a
 * validation split of the remaining ties; these hidden ones had no say.
 */
import { evaluateFriends, hideTies } from '../../src/training/evaluation/friends';
import { node2vec } from '../../src/training/node2vec/node2vec';
import { parseOptions } from '../../src/training/trainers';
import { describeWithData } from '../real-data';
import { readEdges } from './graphs';

describeWithData('hetrec_lastfm_2k', "friends suggested on HetRec's friendships", (folder) => {
  it('reach recall@10 0.15, and more than the degree and Adamic–Adar, with the default options', async () => {
    const sums = { model: 0, degree: 0, adamicAdar: 0 };
    for (const seed of [1, 2, 3]) {
      const split = hideTies(readEdges(folder), { seed });
      const model = await node2vec.train(split.train, parseOptions(node2vec, { threads: 2 }));
      const { metrics, baselines } = evaluateFriends(model, split);
      expect(metrics['recall@10']).toBeGreaterThanOrEqual(0.15);
      sums.model += metrics['recall@10'];
      sums.degree += baselines[0].metrics['recall@10'];
      sums.adamicAdar += baselines[1].metrics['recall@10'];
    }
    expect(sums.model).toBeGreaterThan(sums.degree);
    // Single splits differ by about 0.01 either way.
    expect(sums.model).toBeGreaterThan(sums.adamicAdar);
  }, 300_000);
});

describeWithData('ca_grqc', 'friends suggested on ca-GrQc', (folder) => {
  it('are more than the degree finds', async () => {
    const split = hideTies(readEdges(folder));
    const model = await node2vec.train(split.train, parseOptions(node2vec, { p: 0.25, q: 0.25, threads: 2 }));
    const { metrics, baselines } = evaluateFriends(model, split);
    expect(metrics['recall@10']).toBeGreaterThan(baselines[0].metrics['recall@10']);
  }, 300_000);
});
