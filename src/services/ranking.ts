/**
 * Pages of ranked lists from a version's vectors. In the usual case a page takes one round trip to the database: the
 * version that was live last time answers, and the same statement says whether it still is.
 */

import type { Entry, Page, PageRequest, Ranking } from '../domain/answers';
import type { Model } from '../domain/model';
import { ModelNotReadyError } from '../errors';
import type { Database } from '../stores/database';
import { undefinedTable } from '../stores/failures';
import { isCosine, type RankedRow, type RankOrigin, type RankRequest, type RankResult, rank } from '../stores/ranking';
import { vectorTableName } from '../stores/vectors';
import { cursorOfDroppedModel, decodeListCursor, encodeListCursor, listDigest, pageSize } from './paging';
import { type ModelRegistry, modelNotFound } from './registry';

/** A way to rank; when it has nothing to measure from, the next one is tried. */
export interface Attempt {
  ranking: Ranking;
  origin(asOf?: Date): RankOrigin;
}

export interface RankedList {
  space: string;
  /** What tells this list from others, for its cursors. */
  question: unknown;
  page: PageRequest;
  attempts: readonly [Attempt, ...Attempt[]];
  request: Pick<RankRequest, 'exclude' | 'unseenBy' | 'notFriendsOf' | 'conditions' | 'withItems'>;
}

/** A list by one version, whatever is live. */
export interface VersionList {
  /** What tells this list from others of the same model, for its cursors. */
  question: unknown;
  page: PageRequest;
  ranking: Ranking;
  from: RankOrigin;
  /** For questions that are asked as of a time: the cursor carries it. */
  asOf?: Date;
  request: Pick<RankRequest, 'exclude' | 'withItems' | 'frequency' | 'fewInRange'>;
}

export type RankedPage = Page<Entry<RankedRow>>;

interface Answer {
  ranking: Ranking;
  from: RankOrigin;
  result: RankResult;
}

/** A promotion between two statements moves the pointer; that it moves this often in one answer does not happen. */
const MAX_MOVES = 5;

export class RankedLists {
  private readonly lastLive = new Map<string, Model>();

  constructor(
    private readonly database: Database,
    private readonly registry: ModelRegistry,
  ) {}

  /** @throws InputError for a bad page or cursor; ModelNotReadyError */
  async page(list: RankedList): Promise<RankedPage> {
    const first = pageSize(list.page.first);
    const digest = listDigest([list.space, list.question]);
    return list.page.after === undefined
      ? this.firstPage(list, first, digest)
      : this.nextPage(list, { first, digest, after: list.page.after });
  }

  private async firstPage(list: RankedList, first: number, digest: string): Promise<RankedPage> {
    let model = this.lastLive.get(list.space) ?? (await this.registry.live(list.space));
    for (let moves = 0; moves < MAX_MOVES; moves++) {
      this.lastLive.set(list.space, model);
      const answer = await this.attempt(list, model, first + 1);
      if (answer && answer.result.liveId === model.id) {
        return toPage({ ...answer, model, first, digest, asOf: answer.result.asOf });
      }
      this.lastLive.delete(list.space);
      model = await this.registry.live(list.space);
    }
    throw new ModelNotReadyError(list.space);
  }

  /** @throws InputError for a bad page or cursor; KindredError MODEL_NOT_FOUND when the version was dropped meanwhile */
  async pageOf(model: Model, { question, page, ranking, from, asOf, request }: VersionList): Promise<RankedPage> {
    const first = pageSize(page.first);
    const digest = versionDigest(model, question);
    const after = page.after === undefined ? undefined : decodeListCursor(page.after, digest).position;
    const result = await this.rank({ ...request, space: model.space, from, after, limit: first + 1 }, model);
    if (!result) throw after ? cursorOfDroppedModel('after', model.id) : modelNotFound(model.id);
    return toPage({
      model: { ...model, live: result.liveId === model.id },
      ranking,
      from,
      result,
      first,
      digest,
      asOf,
    });
  }

  /** The first attempt that has something to measure from; undefined when the version's table has gone. */
  private async attempt(list: RankedList, model: Model, limit: number): Promise<Answer | undefined> {
    let answer: Answer | undefined;
    for (const { ranking, origin } of list.attempts) {
      const from = origin();
      const result = await this.rank({ ...list.request, space: list.space, from, limit }, model);
      if (!result) return undefined;
      answer = { ranking, from, result };
      if (result.hasOrigin || result.liveId !== model.id) break;
    }
    return answer;
  }

  private async nextPage(
    list: RankedList,
    { first, digest, after }: { first: number; digest: string; after: string },
  ): Promise<RankedPage> {
    const cursor = decodeListCursor(after, digest);
    const attempt = list.attempts.find(({ ranking }) => ranking === cursor.ranking);
    const model = await this.modelOf(cursor.modelId);
    if (!attempt || model?.space !== list.space) throw cursorOfDroppedModel('after', cursor.modelId);
    const from = attempt.origin(cursor.asOf);
    const result = await this.rank(
      { ...list.request, space: list.space, from, after: cursor.position, limit: first + 1 },
      model,
    );
    if (!result) throw cursorOfDroppedModel('after', cursor.modelId);
    const live = result.liveId === model.id;
    const { ranking } = attempt;
    return toPage({ model: { ...model, live }, ranking, from, result, first, digest, asOf: cursor.asOf });
  }

  private async modelOf(id: string): Promise<Model | undefined> {
    for (const model of this.lastLive.values()) if (model.id === id) return model;
    return this.registry.get(id);
  }

  private async rank(request: Omit<RankRequest, 'table'>, model: Model): Promise<RankResult | undefined> {
    try {
      return await rank(this.database, { ...request, table: vectorTableName(model.space, model.version) });
    } catch (error) {
      // The version was dropped.
      if (undefinedTable(error)) return undefined;
      throw error;
    }
  }
}

/** A list by one version is another list by another. */
const versionDigest = (model: Model, question: unknown): string => listDigest([model.id, question]);

function toPage(page: Answer & { model: Model; first: number; digest: string; asOf?: Date }): RankedPage {
  const { model, ranking, from, result, first, digest, asOf } = page;
  const entries = result.rows.slice(0, first).map((row) => ({
    cursor: encodeListCursor({ modelId: model.id, ranking, position: row, asOf }, digest),
    score: scoreOf(from, row.distance),
    node: row,
  }));
  return { entries, hasNextPage: result.rows.length > first, model, ranking };
}

/** Distances are the lower the better, scores the higher the better: cosine, input x output + bias, or a frequency. */
function scoreOf(from: RankOrigin, distance: number): number {
  return isCosine(from) ? 1 - distance : -distance;
}
