/**
 * node2vec on BlogCatalog with the options of its paper: Macro-F1 0.258 at 50 % labels is what the paper reports (its best
 * rerun known, 0.262). And friends: the degree is at its strongest on this graph, and must not win.
 */
import { evaluateClassification } from '../../src/training/evaluation/classification';
import { evaluateFriends, hideTies } from '../../src/training/evaluation/friends';
import { node2vec } from '../../src/training/node2vec/node2vec';
import { parseOptions } from '../../src/training/trainers';
import { describeWithData } from '../real-data';
import { BLOGCATALOG_GROUPS, BLOGCATALOG_OPTIONS, readEdges, readLabels } from './graphs';

describeWithData('blogcatalog', 'node2vec on BlogCatalog', (folder) => {
  it('reaches Macro-F1 0.258 at 50 % labels', async () => {
    // One thread, for the same figure each time: 0.263. Two runs with two threads gave 0.260 and 0.264.
    const options = parseOptions(node2vec, { ...BLOGCATALOG_OPTIONS, threads: 1 });
    const { ids, input, dimension, facts } = await node2vec.train(readEdges(folder), options);
    expect(facts).toMatchObject({ nodes: 10_312, ties: 333_983, tokens: 2 * 10 * 80 * 10_312 });
    const labelled = { vectors: input, dimension, labels: readLabels(folder, ids), classes: BLOGCATALOG_GROUPS };
    const { macro, micro } = evaluateClassification(labelled, { labelShare: 0.5, splits: 8, seed: 1 });
    expect(macro).toBeGreaterThanOrEqual(0.258);
    expect(micro).toBeGreaterThanOrEqual(0.39);
  }, 600_000);

  it('suggests hidden friends better than the degree does', async () => {
    const split = hideTies(readEdges(folder));
    const options = parseOptions(node2vec, { ...BLOGCATALOG_OPTIONS, threads: 2 });
    const { metrics, baselines } = evaluateFriends(await node2vec.train(split.train, options), split);
    expect(metrics['recall@10']).toBeGreaterThan(baselines[0].metrics['recall@10']);
  }, 600_000);
});
