/**
 * Recommended items on HetRec Last.fm-2K by word2vec's defaults: one artist a listener hidden, ranked among all that the
 * listener has not heard; mean of three seeds, beside popularity and item kNN on the same hidden artists.
 */
import type { Evaluation } from '../src/training/evaluation/evaluation';
import { evaluateItems } from '../src/training/evaluation/items';
import { leaveOneOut } from '../src/training/evaluation/leave-one-out';
import { corpusOf } from '../src/training/sequence2vec/histories';
import { word2vec } from '../src/training/sequence2vec/word2vec';
import { parseOptions } from '../src/training/trainers';
import { listeners } from '../test/floors/listeners';
import { realData } from '../test/real-data';
import type { Figure } from './figure';

const SEEDS = [1, 2, 3];
const METRICS = { 'hr@10': 'HR@10', 'ndcg@10': 'NDCG@10' } as const;

export async function* figures(): AsyncIterable<Figure> {
  const folder = realData('hetrec_lastfm_2k');
  if (!folder) return;
  const histories = listeners(folder);
  const runs: Evaluation[] = [];
  for (const seed of SEEDS) {
    const split = leaveOneOut(histories, seed);
    const model = await word2vec.train(corpusOf(split.train), parseOptions(word2vec, { seed, threads: 2 }));
    runs.push(evaluateItems(model, split));
  }
  const mean = (of: (run: Evaluation) => number) => runs.reduce((sum, run) => sum + of(run), 0) / runs.length;
  for (const [metric, name] of Object.entries(METRICS)) {
    const value = mean(({ metrics }) => metrics[metric]);
    for (const [at, baseline] of runs[0].baselines.entries()) {
      const peer = mean(({ baselines }) => baselines[at].metrics[metric]);
      const figure = `HetRec: ${name} of a hidden artist, beside ${baseline.name}`;
      yield { bench: 'recommendation', figure, value, unit: name, peer, ratio: value / peer };
    }
  }
}
