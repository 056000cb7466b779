/**
 * The floor of item recommendation on HetRec Last.fm-2K: of each of 1,892 listeners one artist is hidden (drawn with a
 * seed: the data has no times), and ranked among all 17,632 less the listener's own. Options were chosen on other hidden
 * artists (test/floors never see the choice): these are word2vec's defaults.
 */
import { evaluateItems } from '../../src/training/evaluation/items';
import { leaveOneOut } from '../../src/training/evaluation/leave-one-out';
import { corpusOf } from '../../src/training/sequence2vec/histories';
import { word2vec } from '../../src/training/sequence2vec/word2vec';
import { parseOptions } from '../../src/training/trainers';
import { describeWithData } from '../real-data';
import { listeners } from './listeners';

const SEEDS = [1, 2, 3];

describeWithData('hetrec_lastfm_2k', 'word2vec on HetRec Last.fm-2K', (folder) => {
  test('puts the hidden artist among ten for a fifth of the listeners, and leaves popularity and item kNN behind', async () => {
    const histories = listeners(folder);
    expect([histories.userIds.length, histories.itemIds.length]).toEqual([1892, 17_632]);
    const runs = [];
    for (const seed of SEEDS) {
      const split = leaveOneOut(histories, seed);
      // One thread, for the same figures each time: 0.217, 0.229 and 0.236. Runs with two gave 0.211, 0.223 and 0.230.
      const options = parseOptions(word2vec, { seed, threads: 1 });
      const { metrics, baselines } = evaluateItems(await word2vec.train(corpusOf(split.train), options), split);
      const [popularity, neighbours] = baselines;
      console.log(JSON.stringify({ seed, ...metrics, popularity: popularity.metrics, itemKnn: neighbours.metrics }));
      expect(metrics['hr@10']).toBeGreaterThanOrEqual(0.2);
      expect(metrics['hr@10']).toBeGreaterThan(2 * popularity.metrics['hr@10']);
      runs.push({ own: metrics['hr@10'], neighbours: neighbours.metrics['hr@10'] });
    }
    const mean = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0) / numbers.length;
    expect(mean(runs.map(({ own }) => own))).toBeGreaterThan(mean(runs.map(({ neighbours }) => neighbours)));
  }, 600_000);
});
