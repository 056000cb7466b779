/**
 * Who might know whom: the user's input vector against everyone's output vector and bias. Someone who joined after the
 * model was trained is placed at the mean of their friends; someone without friends gets the best-connected people, and
 * the page says so in `ranking`. Never oneself, never a friend already; the reason is the friends in common.
 */
import type { Page, PageRequest, SuggestedFriend } from '../domain/answers';
import { mutualFriends } from '../stores/catalogue';
import type { Database } from '../stores/database';
import type { RankedLists } from './ranking';
import { checkIds } from './recommendation';

export const USERS_SPACE = 'users';

export class FriendSuggestion {
  constructor(
    private readonly database: Database,
    private readonly lists: RankedLists,
  ) {}

  /** @throws InputError, ModelNotReadyError */
  async suggestedFriends({ userId, ...page }: PageRequest & { userId: string }): Promise<Page<SuggestedFriend>> {
    checkIds('userId', [userId], 1);
    const result = await this.lists.page({
      space: USERS_SPACE,
      question: ['friends', userId],
      page,
      attempts: [
        { ranking: 'VECTORS', origin: () => ({ by: 'member', id: userId }) },
        { ranking: 'FRIENDS', origin: () => ({ by: 'friends', userId }) },
        { ranking: 'POPULARITY', origin: () => ({ by: 'popularity' }) },
      ],
      request: { exclude: [userId], notFriendsOf: userId },
    });
    const ids = result.entries.map(({ node }) => node.id);
    const mutual = ids.length === 0 ? [] : await mutualFriends(this.database, userId, ids);
    return {
      ...result,
      entries: result.entries.map(({ node, ...entry }, at) => ({ ...entry, node: node.id, mutual: mutual[at] })),
    };
  }
}
