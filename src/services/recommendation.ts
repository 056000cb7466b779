/**
 * Items: what is alike, and what to show someone next. Alike is cosine between input vectors. Next is what goes
 * with what the user did (training/evaluation/recommendation.ts says how a history becomes a question); what the user has seen never comes back. Someone of
 * whom nothing is known gets what is most frequent, and the page says so in `ranking`.
 */
import type { AttributeCondition, Entry, ItemFilter, Page, PageRequest, RankedItem } from '../domain/answers';
import { InputError } from '../errors';
import { attributeNames, describe, unknownAttributes } from '../stores/catalogue';
import type { Database } from '../stores/database';
import { HISTORY_ITEMS } from '../training/evaluation/recommendation';
import type { RankedLists, RankedPage } from './ranking';

export const ITEMS_SPACE = 'items';

/** Longest list of ids, and most conditions, in one question. */
const MAX_IDS = 100;
const MAX_EXCLUDED = 1_000;
const MAX_CONDITIONS = 20;
const MAX_VALUES = 100;
export const MAX_ID_LENGTH = 512;
const NAMES_IN_REMEDY = 20;

export interface SimilarItems extends PageRequest {
  like: readonly string[];
  unlike?: readonly string[];
  where?: ItemFilter;
}

export interface RecommendedItems extends PageRequest {
  userId: string;
  where?: ItemFilter;
}

export class Recommendation {
  /** Attributes that some item is known to have: once there they are taken to stay. */
  private readonly knownAttributes = new Set<string>();

  constructor(
    private readonly database: Database,
    private readonly lists: RankedLists,
  ) {}

  /**
   * Items like those given (and unlike those given), never the given ones. Ids without a vector do not count; when none
   * has one, the page is empty.
   * @throws InputError, ModelNotReadyError
   */
  async similarItems({ like, unlike = [], where, ...page }: SimilarItems): Promise<Page<Entry<RankedItem>>> {
    checkIds('like', like, MAX_IDS);
    checkIds('unlike', unlike, MAX_IDS);
    if (like.length === 0)
      throw new InputError('like', '"like" names no item.', { remedy: 'Name at least one item id.' });
    const both = like.findIndex((id) => unlike.includes(id));
    if (both >= 0)
      throw new InputError(`like[${both}]`, `Item "${like[both]}" is in "like" and in "unlike".`, {
        remedy: 'Name each item in one of the two.',
      });
    const conditions = await this.checkFilter(where);
    const result = await this.lists.page({
      space: ITEMS_SPACE,
      question: ['similar', like, unlike, where ?? null],
      page,
      attempts: [{ ranking: 'VECTORS', origin: () => ({ by: 'alike', like, unlike }) }],
      request: { exclude: [...like, ...unlike, ...(where?.exclude ?? [])], conditions, withItems: true },
    });
    return toItems(result);
  }

  /** What the user has not seen yet. @throws InputError, ModelNotReadyError */
  async recommendedItems({ userId, where, ...page }: RecommendedItems): Promise<Page<Entry<RankedItem>>> {
    checkIds('userId', [userId], 1);
    const conditions = await this.checkFilter(where);
    const result = await this.lists.page({
      space: ITEMS_SPACE,
      question: ['recommended', userId, where ?? null],
      page,
      attempts: [
        { ranking: 'HISTORY', origin: (asOf) => ({ by: 'history', userId, asOf, items: HISTORY_ITEMS }) },
        { ranking: 'POPULARITY', origin: () => ({ by: 'popularity' }) },
      ],
      request: { exclude: where?.exclude ?? [], unseenBy: userId, conditions, withItems: true },
    });
    return toItems(result);
  }

  private async checkFilter(where: ItemFilter | undefined): Promise<readonly AttributeCondition[]> {
    checkIds('where.exclude', where?.exclude ?? [], MAX_EXCLUDED);
    const conditions = where?.attributes ?? [];
    if (conditions.length > MAX_CONDITIONS)
      throw new InputError('where.attributes', `A filter takes at most ${MAX_CONDITIONS} conditions.`);
    conditions.forEach(checkCondition);
    const unsure = conditions.map(({ name }) => name).filter((name) => !this.knownAttributes.has(name));
    if (unsure.length === 0) return conditions;
    const [place] = await unknownAttributes(this.database, unsure);
    if (place === undefined) {
      for (const name of unsure) this.knownAttributes.add(name);
      return conditions;
    }
    const unknown = unsure[place];
    const index = conditions.findIndex(({ name }) => name === unknown);
    const names = await attributeNames(this.database, NAMES_IN_REMEDY);
    throw new InputError(`where.attributes[${index}].name`, `No item has an attribute "${unknown}".`, {
      remedy: names.length > 0 ? `Attributes that items have: ${names.join(', ')}.` : 'No item has attributes yet.',
    });
  }
}

function checkCondition(condition: AttributeCondition, index: number): void {
  const field = `where.attributes[${index}]`;
  const { name, oneOf, min, max } = condition;
  if (name.length === 0 || name.length > MAX_ID_LENGTH)
    throw new InputError(`${field}.name`, `An attribute's name has 1 to ${MAX_ID_LENGTH} characters.`);
  if (oneOf && (oneOf.length === 0 || oneOf.length > MAX_VALUES))
    throw new InputError(`${field}.in`, `A condition names 1 to ${MAX_VALUES} values.`);
  if (min !== undefined && max !== undefined && min > max)
    throw new InputError(`${field}.min`, `"min" (${min}) is above "max" (${max}), so nothing can match.`, {
      remedy: 'Swap them.',
    });
}

/** @throws InputError naming the first id that cannot be one */
export function checkIds(field: string, ids: readonly string[], most: number): void {
  if (ids.length > most) throw new InputError(field, `"${field}" takes at most ${most} ids; there are ${ids.length}.`);
  const wrong = ids.findIndex((id) => id.length === 0 || id.length > MAX_ID_LENGTH || id.includes('\0'));
  if (wrong < 0) return;
  const path = most === 1 ? field : `${field}[${wrong}]`;
  throw new InputError(path, `An id has 1 to ${MAX_ID_LENGTH} characters, none of them NUL.`);
}

function toItems({ entries, ...page }: RankedPage): Page<Entry<RankedItem>> {
  return {
    ...page,
    entries: entries.map(({ node, ...entry }) => ({ ...entry, node: { itemId: node.id, ...describe(node) } })),
  };
}
