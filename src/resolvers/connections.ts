/** Turns a service's page into a Relay connection. */
import type { Entry, Page, PageRequest, RankedItem, SuggestedFriend } from '../domain/answers';
import type { PageInfo, ScoredItemConnection } from '../schema/connections';

export interface PageArguments {
  first?: number | null;
  after?: string | null;
}

export function pageRequest({ first, after }: PageArguments, usual: number): PageRequest {
  return { first: first ?? usual, after: after ?? undefined };
}

export function pageInfo(
  page: { entries: readonly { cursor: string }[]; hasNextPage: boolean },
  { after }: PageArguments,
): PageInfo {
  return {
    hasNextPage: page.hasNextPage,
    // Pages are walked forwards: there is a page before this one when this one has a place to start after.
    hasPreviousPage: after !== undefined && after !== null,
    startCursor: page.entries[0]?.cursor,
    endCursor: page.entries.at(-1)?.cursor,
  };
}

export function itemConnection(page: Page<Entry<RankedItem>>, args: PageArguments): ScoredItemConnection {
  return { edges: page.entries, pageInfo: pageInfo(page, args), model: page.model as never, ranking: page.ranking };
}

/** What resolvers of the edge's fields start from. */
export interface FriendEdge {
  cursor: string;
  score: number;
  userId: string;
  reason: SuggestedFriend['mutual'];
}

export function friendConnection(page: Page<SuggestedFriend>, args: PageArguments) {
  const edges = page.entries.map(
    ({ cursor, score, node, mutual }): FriendEdge => ({ cursor, score, userId: node, reason: mutual }),
  );
  return { edges, pageInfo: pageInfo(page, args), model: page.model, ranking: page.ranking };
}
