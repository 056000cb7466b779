/**
 * How well a model of items recommends: for each user the hidden item (leave-one-out.ts) is ranked among all items that
 * the user has never seen. Beside it, on the same hidden items, popularity and item kNN.
 */
import { Random } from '../kernels/random';
import { corpusOf, type Histories } from '../sequence2vec/histories';
import { word2vec } from '../sequence2vec/word2vec';
import type { Word2VecOptions } from '../sequence2vec/word2vec-options';
import type { EmbeddingModel, TrainingContext } from '../trainer';
import type { Evaluation } from './evaluation';
import { trainedOnRest } from './held-out-training';
import { type LeaveOneOut, leaveOneOut } from './leave-one-out';
import { newestItems, questionOf, scoreAll } from './recommendation';

export interface ItemEvaluationOptions {
  /** Length of the list in which the hidden item should be. @default 10 */
  readonly k?: number;
  /** Users that are asked at most, drawn with `seed`; the rank is among all items whatever this is. @default 2000 */
  readonly maxUsers?: number;
  /** @default 1 */
  readonly seed?: number;
  /** What the protocol calls the things that are ranked. @default 'item' */
  readonly thing?: string;
  /** What the protocol calls whoever has a history of them. @default 'user' */
  readonly owner?: string;
}

/** Scores all items for a user, by the numbers of the histories; -Infinity for those that are never recommended. */
type Recommender = (user: number) => Float64Array;

export function evaluateItems(
  model: EmbeddingModel,
  split: LeaveOneOut,
  options: ItemEvaluationOptions = {},
): Evaluation {
  const { k = 10, maxUsers = 2000, seed = 1, thing = 'item', owner = 'user' } = options;
  const { train, hidden } = split;
  const users = usersToAsk(hidden, maxUsers, seed);
  const measure = (recommend: Recommender) => measureList(recommend, split, users, k);
  const everyone = hidden.reduce((sum, item) => sum + (item >= 0 ? 1 : 0), 0);
  return {
    protocol:
      `leave one ${thing} ${article(owner)} ${owner} out (the newest; drawn where times tie), ranked among all ` +
      `${train.itemIds.length} ${thing}s less the ${owner}'s own; ${users.length} of ${everyone} ${owner}s, seed ${seed}`,
    sampled: false,
    metrics: measure(byModel(model, train)),
    primary: `hr@${k}`,
    baselines: [
      { name: 'popularity', plain: true, metrics: measure(byPopularity(train)) },
      { name: `${thing} kNN`, plain: false, metrics: measure(byNeighbours(train)) },
    ],
  };
}

const article = (noun: string): string => (noun === 'account' ? 'an' : 'a');

/**
 * Trains on what leaving one out leaves and evaluates on what it hid: one job of a background thread.
 * @returns undefined where nobody has an item to spare, or what is left is not enough to learn from
 */
export async function trainAndEvaluateItems(
  histories: Histories,
  options: Word2VecOptions,
  protocol: Pick<ItemEvaluationOptions, 'thing' | 'owner'> & { readonly seed: number },
  context?: TrainingContext,
): Promise<Evaluation | undefined> {
  const split = leaveOneOut(histories, protocol.seed);
  if (split.hidden.every((item) => item < 0)) return undefined;
  const model = await trainedOnRest(word2vec.train(corpusOf(split.train), options, context));
  return model && evaluateItems(model, split, protocol);
}

function usersToAsk(hidden: Int32Array, maxUsers: number, seed: number): number[] {
  const users = [...hidden.keys()].filter((user) => hidden[user] >= 0);
  if (users.length <= maxUsers) return users;
  return Random.seeded(seed)
    .shuffle(users)
    .slice(0, maxUsers)
    .sort((a, b) => a - b);
}

function measureList(recommend: Recommender, split: LeaveOneOut, users: readonly number[], k: number) {
  let hits = 0;
  let gain = 0;
  for (const user of users) {
    const rank = rankOf(split.hidden[user], recommend(user), itemsOf(split.train, user));
    if (rank >= k) continue;
    hits++;
    // With one right answer the ideal gain is 1.
    gain += 1 / Math.log2(rank + 2);
  }
  return { [`hr@${k}`]: hits / users.length, [`ndcg@${k}`]: gain / users.length };
}

/** Items before it, 0 for the first. Ties count against it: a list that cannot tell must not profit from that. */
function rankOf(item: number, scores: Float64Array, seen: Int32Array): number {
  const own = scores[item];
  if (!(own > Number.NEGATIVE_INFINITY)) return Number.POSITIVE_INFINITY;
  for (const other of seen) scores[other] = Number.NEGATIVE_INFINITY;
  let rank = -1;
  for (let other = 0; other < scores.length; other++) if (scores[other] >= own) rank++;
  return rank;
}

function itemsOf({ offsets, items }: Histories, user: number): Int32Array {
  return items.subarray(offsets[user], offsets[user + 1]);
}

function byModel(model: EmbeddingModel, train: Histories): Recommender {
  const { dimension, input } = model;
  const rows = new Map(model.ids.map((id, row) => [id, row]));
  const rowOf = Int32Array.from(train.itemIds, (id) => rows.get(id) ?? -1);
  return (user) => {
    const known = newestItems(itemsOf(train, user)).filter((item) => rowOf[item] >= 0);
    const vectors = known.map((item) => input.subarray(rowOf[item] * dimension, (rowOf[item] + 1) * dimension));
    const byRow = scoreAll(questionOf(vectors, dimension), model);
    const scores = new Float64Array(rowOf.length);
    for (let item = 0; item < scores.length; item++) {
      scores[item] = rowOf[item] < 0 ? Number.NEGATIVE_INFINITY : byRow[rowOf[item]];
    }
    return scores;
  };
}

/** How many different users each item had. */
function audience(train: Histories): Float64Array {
  const users = new Float64Array(train.itemIds.length);
  for (let user = 0; user + 1 < train.offsets.length; user++) {
    for (const item of new Set(itemsOf(train, user))) users[item]++;
  }
  return users;
}

function byPopularity(train: Histories): Recommender {
  const users = audience(train).map((count) => (count > 0 ? count : Number.NEGATIVE_INFINITY));
  return () => users.slice();
}

/**
 * Item kNN with cosine on co-occurrence, every item with a user in common being a neighbour (on HetRec's validation
 * artists all neighbours beat the nearest 100, 0.204 to 0.181): score(j) = sum over i in the history of
 * |Ui and Uj| / sqrt(|Ui| |Uj|). Summed by way of the users in common, it needs no table of neighbours.
 */
function byNeighbours(train: Histories): Recommender {
  const count = audience(train);
  const historyOf = Array.from({ length: train.offsets.length - 1 }, (_, user) => [...new Set(itemsOf(train, user))]);
  const usersOf: number[][] = train.itemIds.map(() => []);
  historyOf.forEach((items, user) => {
    for (const item of items) usersOf[item].push(user);
  });
  const alike = new Float64Array(historyOf.length);
  return (user) => {
    alike.fill(0);
    for (const item of historyOf[user]) for (const other of usersOf[item]) alike[other] += 1 / Math.sqrt(count[item]);
    alike[user] = 0;
    const scores = new Float64Array(count.length);
    for (let other = 0; other < alike.length; other++) {
      if (alike[other] > 0) for (const item of historyOf[other]) scores[item] += alike[other];
    }
    for (let item = 0; item < scores.length; item++) {
      scores[item] = scores[item] > 0 ? scores[item] / Math.sqrt(count[item]) : Number.NEGATIVE_INFINITY;
    }
    return scores;
  };
}
