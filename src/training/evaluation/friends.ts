/**
 * How well a model of users suggests friends: a share of the ties is hidden, and for each user concerned everybody who is
 * not already a friend is ranked. Beside it, on the same hidden ties, the degree (preferential attachment) and
 * Adamic-Adar. The model ranks as the service does, by the one rule of `recommendation.ts`: input x output + bias, which
 * estimates the log of the chance to meet somebody on a walk.
 */
import { collectGarbage } from '../../threads';
import { type CompactGraph, compactGraph, graphBytes } from '../graph/compact-graph';
import type { EdgeList } from '../graph/edge-list';
import { Random } from '../kernels/random';
import { trainNode2Vec } from '../node2vec/node2vec';
import type { Node2VecOptions } from '../node2vec/options';
import type { EmbeddingModel, TrainingContext } from '../trainer';
import type { Evaluation } from './evaluation';
import { questionOf, scoreAll } from './recommendation';

export interface HideOptions {
  /** Share of the ties to hide, between 0 and 1. @default 0.1 */
  readonly share?: number;
  /** @default 1 */
  readonly seed?: number;
}

export interface HiddenTies<Id = string> {
  /** What may be learned from. Every node still has a tie. */
  readonly train: EdgeList<Id>;
  /** The hidden ties, on the same ids. */
  readonly hidden: EdgeList<Id>;
  /** What was done, in words. */
  readonly protocol: string;
}

export interface FriendEvaluationOptions {
  /** Length of the list in which hidden friends should be. @default 10 */
  readonly k?: number;
  /** Users that are asked at most, drawn with `seed`; the rank is among everybody whatever this is. @default 2000 */
  readonly maxUsers?: number;
  /** @default 1 */
  readonly seed?: number;
}

/** Hides distinct ties, drawn with a seed; a tie without which one of its ends would have none stays. */
export function hideTies<Id>(edges: EdgeList<Id>, options?: HideOptions): HiddenTies<Id> {
  return hideTiesOf(compactGraph(edges), edges.ids, options);
}

function hideTiesOf<Id>(
  { nodes, ties, offsets, neighbours, weights, order }: CompactGraph,
  names: ArrayLike<Id>,
  { share = 0.1, seed = 1 }: HideOptions = {},
): HiddenTies<Id> {
  const sources = new Int32Array(ties);
  const slots = new Uint32Array(ties);
  let tie = 0;
  for (let node = 0; node < nodes; node++) {
    for (let slot = offsets[node]; slot < offsets[node + 1]; slot++) {
      if (neighbours[slot] < node) continue;
      sources[tie] = node;
      slots[tie++] = slot;
    }
  }
  const left = Uint32Array.from({ length: nodes }, (_, node) => offsets[node + 1] - offsets[node]);
  const wanted = Math.round(ties * share);
  const drawn = new Int32Array(ties);
  for (let one = 0; one < ties; one++) drawn[one] = one;
  Random.seeded(seed).shuffle(drawn);
  const hidden = new Int32Array(wanted);
  let hiddenCount = 0;
  // Those that stay move up in place: a list of millions of ties is not held twice.
  let keptCount = 0;
  for (const one of drawn) {
    const [source, target] = [sources[one], neighbours[slots[one]]];
    if (hiddenCount < wanted && left[source] > 1 && left[target] > 1) {
      left[source]--;
      left[target]--;
      hidden[hiddenCount++] = one;
    } else drawn[keptCount++] = one;
  }
  const ids = Array.from(order, (position) => names[position]);
  const pick = (chosen: Int32Array): EdgeList<Id> => ({
    ids,
    sources: chosen.map((one) => sources[one]),
    targets: chosen.map((one) => neighbours[slots[one]]),
    weights: weights && new Float32Array(chosen.length).map((_, at) => weights[slots[chosen[at]]]),
  });
  return {
    train: pick(drawn.subarray(0, keptCount)),
    hidden: pick(hidden.subarray(0, hiddenCount)),
    protocol: `${hiddenCount} of ${ties} ties hidden (drawn with seed ${seed}; both ends keep a tie)`,
  };
}

/**
 * Trains on what hiding leaves and evaluates on what it hid: one job of a background thread, whose memory goes with it.
 * @returns undefined where no tie can be hidden without leaving somebody alone
 */
export async function trainAndEvaluateFriends(
  graph: CompactGraph,
  options: Node2VecOptions,
  { seed }: { readonly seed: number },
  context?: TrainingContext,
): Promise<Evaluation | undefined> {
  const split = hideTiesOf(
    graph,
    Array.from({ length: graph.nodes + graph.isolated }, (_, node) => node),
    { seed },
  );
  if (split.hidden.sources.length === 0) return undefined;
  return evaluateFriends(await trainNode2Vec(split.train, options, context), split, { seed });
}

/** Scores everybody for a user, by the numbers of the graph. The higher, the likelier a friend. */
type Suggester = (user: number) => Float64Array;

export function evaluateFriends<Id>(
  model: EmbeddingModel<Id>,
  split: HiddenTies<Id>,
  options: FriendEvaluationOptions = {},
): Evaluation {
  const { k = 10, maxUsers = 2000, seed = 1 } = options;
  const graph = compactGraph(split.train);
  collectGarbage(graphBytes(graph));
  const friends = hiddenFriends(graph, split);
  const everyone = [...friends.keys()].filter((user) => friends[user].length > 0);
  const users = Random.seeded(seed).shuffle(everyone.slice()).slice(0, maxUsers);
  const measure = (suggest: Suggester) => ({ [`recall@${k}`]: recall(suggest, graph, { friends, users, k }) });
  return {
    protocol:
      `${split.protocol}; each user's hidden friends ranked among all ${graph.nodes} users less known friends, ` +
      `recall averaged over ${users.length} of ${everyone.length} users`,
    sampled: false,
    metrics: measure(byModel(model, split.train.ids, graph)),
    primary: `recall@${k}`,
    baselines: [
      { name: 'degree', plain: true, metrics: measure(byDegree(graph)) },
      { name: 'Adamic–Adar', plain: false, metrics: measure(byAdamicAdar(graph)) },
    ],
  };
}

function hiddenFriends<Id>(graph: CompactGraph, { hidden }: HiddenTies<Id>): number[][] {
  const nodeOf = new Int32Array(hidden.ids.length).fill(-1);
  for (let node = 0; node < graph.nodes; node++) nodeOf[graph.order[node]] = node;
  const friends: number[][] = Array.from({ length: graph.nodes }, () => []);
  for (let tie = 0; tie < hidden.sources.length; tie++) {
    const [source, target] = [nodeOf[hidden.sources[tie]], nodeOf[hidden.targets[tie]]];
    friends[source].push(target);
    friends[target].push(source);
  }
  return friends;
}

/** Mean over users of the share of their hidden friends among the first k; 0 where nobody has any. */
function recall(
  suggest: Suggester,
  { offsets, neighbours }: CompactGraph,
  { friends, users, k }: { friends: number[][]; users: number[]; k: number },
): number {
  let sum = 0;
  for (const user of users) {
    const scores = suggest(user);
    scores[user] = Number.NEGATIVE_INFINITY;
    for (let slot = offsets[user]; slot < offsets[user + 1]; slot++) {
      scores[neighbours[slot]] = Number.NEGATIVE_INFINITY;
    }
    const found = friends[user].reduce((total, friend) => total + chanceInFirst(k, friend, scores), 0);
    sum += found / friends[user].length;
  }
  return users.length > 0 ? sum / users.length : 0;
}

/** Equal scores are taken in random order: the chance, over these orders, that `one` is among the first k. */
function chanceInFirst(k: number, one: number, scores: Float64Array): number {
  const own = scores[one];
  if (!(own > Number.NEGATIVE_INFINITY)) return 0;
  let better = 0;
  let equal = 0;
  for (let other = 0; other < scores.length; other++) {
    if (scores[other] > own) better++;
    else if (scores[other] === own) equal++;
  }
  return Math.max(0, Math.min(1, (k - better) / equal));
}

function byModel<Id>(model: EmbeddingModel<Id>, ids: readonly Id[], graph: CompactGraph): Suggester {
  const { dimension, input } = model;
  const rows = new Map(model.ids.map((id, row) => [id, row]));
  const rowOf = Int32Array.from(graph.order, (position) => rows.get(ids[position]) ?? -1);
  return (user) => {
    const scores = new Float64Array(graph.nodes).fill(Number.NEGATIVE_INFINITY);
    if (rowOf[user] < 0) return scores;
    const own = input.subarray(rowOf[user] * dimension, (rowOf[user] + 1) * dimension);
    const byRow = scoreAll(questionOf([own], dimension), model);
    for (let other = 0; other < graph.nodes; other++) if (rowOf[other] >= 0) scores[other] = byRow[rowOf[other]];
    return scores;
  };
}

function byDegree({ nodes, offsets }: CompactGraph): Suggester {
  const degrees = Float64Array.from({ length: nodes }, (_, node) => offsets[node + 1] - offsets[node]);
  return () => degrees.slice();
}

/** The sum over friends in common of 1 / log(their degree) (Adamic & Adar 2003); nobody without one is suggested. */
function byAdamicAdar({ nodes, offsets, neighbours }: CompactGraph): Suggester {
  return (user) => {
    const scores = new Float64Array(nodes);
    for (let slot = offsets[user]; slot < offsets[user + 1]; slot++) {
      const common = neighbours[slot];
      const rarity = 1 / Math.log(offsets[common + 1] - offsets[common]);
      for (let next = offsets[common]; next < offsets[common + 1]; next++) {
        // A friend with one tie leads back to the user only.
        if (neighbours[next] !== user) scores[neighbours[next]] += rarity;
      }
    }
    return scores.map((score) => (score > 0 ? score : Number.NEGATIVE_INFINITY));
  };
}
