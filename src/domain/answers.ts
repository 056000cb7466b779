/** Questions to the vectors and their answers: ranked lists with scores, reasons and the version that gave them. */
import type { Attributes } from './events';
import type { Model } from './model';

/** All conditions must hold. */
export interface ItemFilter {
  attributes?: readonly AttributeCondition[];
  /** Items never to be shown. */
  exclude?: readonly string[];
}

/** `oneOf` and the range may be given together; an item without the attribute does not meet the condition. */
export interface AttributeCondition {
  name: string;
  oneOf?: readonly (string | number | boolean)[];
  /** Numbers only; inclusive. */
  min?: number;
  max?: number;
}

export interface PageRequest {
  /** 1..100. */
  first: number;
  /** Opaque cursor of the entry after which the page starts. */
  after?: string;
}

/** How a list was ranked. */
export const RANKINGS = ['VECTORS', 'HISTORY', 'FRIENDS', 'POPULARITY'] as const;
/**
 * VECTORS: by the vector of the thing asked about. HISTORY: by the mean vector of what the user did. FRIENDS: by the mean
 * vector of the user's friends, who are in the model while the user is not yet. POPULARITY: nothing is known, so what is
 * most frequent comes first.
 */
export type Ranking = (typeof RANKINGS)[number];

export interface RankedItem {
  itemId: string;
  title?: string;
  attributes?: Attributes;
  imageUri?: string;
}

export interface MutualFriends {
  count: number;
  /** Some of them, at most 10. */
  ids: readonly string[];
}

export interface Entry<Node> {
  cursor: string;
  /** The higher the better; comparable within one list only. */
  score: number;
  node: Node;
}

export interface SuggestedFriend extends Entry<string> {
  mutual: MutualFriends;
}

export interface Page<E> {
  entries: E[];
  hasNextPage: boolean;
  /** The version that gave every entry of this page. */
  model: Model;
  ranking: Ranking;
}
