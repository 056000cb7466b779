/**
 * What comes next in a session. By default the live model of `next_items`, which knows order; where there is none, the
 * live word2vec of `items`, by what the newest items go with (see training/evaluation/recommendation.ts). With a space,
 * that space's model, as long as it can say what is next. Who did nothing that the model knows gets what is most frequent,
 * and the page says so in `ranking`.
 */
import type { Entry, Page, PageRequest, RankedItem, Ranking } from '../domain/answers';
import type { Model } from '../domain/model';
import type { SequenceQuestionEvent } from '../domain/things';
import { ModelNotReadyError } from '../errors';
import { describe } from '../stores/catalogue';
import type { RankOrigin } from '../stores/ranking';
import { HISTORY_ITEMS, questionOf } from '../training/evaluation/recommendation';
import type { Encoders } from './encoders';
import { cursorOfDroppedModel, readListCursor } from './paging';
import type { RankedLists } from './ranking';
import { ITEMS_SPACE } from './recommendation';
import type { ModelRegistry } from './registry';
import { checkEvents, encoderEvents, inOrderOfTime, learnedNames, unknownThings } from './sequence-events';
import { howToFill, NEXT_SPACE } from './telling-next';
import type { ThingLists } from './thing-lists';
import type { VersionRequest, Versions } from './versions';

export interface NextItemsQuestion extends PageRequest, Omit<Partial<VersionRequest>, 'after'> {
  events: readonly SequenceQuestionEvent[];
  /** Whether things of the events may not come again. @default false */
  excludeSeen?: boolean;
}

export interface NextItems extends Page<Entry<RankedItem>> {
  /** Things of the events that the model does not know, and left out. */
  unknown: readonly string[];
}

interface Origin {
  ranking: Ranking;
  from: RankOrigin;
  unknown: string[];
}

/** Trainers whose input x output says what goes together, without an encoder. */
const PLAIN: ReadonlySet<string> = new Set(['word2vec']);

export class NextItemsService {
  constructor(
    private readonly services: {
      registry: ModelRegistry;
      versions: Versions;
      encoders: Encoders;
      lists: RankedLists;
      things: ThingLists;
    },
  ) {}

  /** @throws InputError, ModelNotReadyError; KindredError MODEL_NOT_FOUND */
  async nextItems({ events, excludeSeen = false, ...request }: NextItemsQuestion): Promise<NextItems> {
    checkEvents(events);
    const model = await this.answering(request);
    // Events without a time happen when the first page was asked for.
    const asOf = (request.after === undefined ? undefined : readListCursor(request.after).asOf) ?? new Date();
    const { ranking, from, unknown } = await this.origin(model, events, asOf);
    const page = await this.services.lists.pageOf(model, {
      question: ['next', events, excludeSeen],
      page: request,
      ranking,
      from,
      asOf,
      request: { exclude: excludeSeen ? [...new Set(learnedNames(model, events))] : [], withItems: true },
    });
    return {
      ...page,
      unknown,
      entries: page.entries.map(({ node, ...entry }) => ({ ...entry, node: { itemId: node.id, ...describe(node) } })),
    };
  }

  private async answering({ space, model, after }: Omit<NextItemsQuestion, 'events'>): Promise<Model> {
    const { registry, versions } = this.services;
    if (space !== undefined) {
      const inSpace = versions.answering({ space, model, after });
      return inSpace.catch((error) => {
        throw error instanceof ModelNotReadyError ? new ModelNotReadyError(space, howToFill(space)) : error;
      });
    }
    const asked = after === undefined ? model : readListCursor(after).modelId;
    if (asked !== undefined) {
      if (after === undefined) return versions.named('model', asked);
      const found = await registry.get(asked);
      if (!found) throw cursorOfDroppedModel('after', asked);
      return versions.answering({ space: found.space, model, after });
    }
    const live = (await registry.findLive(NEXT_SPACE)) ?? (await registry.findLive(ITEMS_SPACE));
    if (!live) throw new ModelNotReadyError(NEXT_SPACE, howToFill());
    return live;
  }

  private async origin(model: Model, events: readonly SequenceQuestionEvent[], now: Date): Promise<Origin> {
    if (PLAIN.has(model.trainer)) return this.plainOrigin(model, events, now);
    const sequence = encoderEvents(model, events, now);
    const { vectors, known } = await this.services.encoders.ask(model, { ability: 'next', sequence });
    return originOf(vectors, unknownThings(events, known));
  }

  /** Each of the newest different things is a piece of evidence; order and time count no further. */
  private async plainOrigin(model: Model, events: readonly SequenceQuestionEvent[], now: Date): Promise<Origin> {
    const names = learnedNames(model, events);
    const newest = [
      ...new Set(
        inOrderOfTime(events, now)
          .map((at) => names[at])
          .reverse(),
      ),
    ];
    const found = new Map((await this.services.things.find(model, newest)).map((thing, at) => [newest[at], thing]));
    const vectors = newest
      .flatMap((name) => found.get(name) ?? [])
      .map(({ vector }) => vector)
      .slice(0, HISTORY_ITEMS);
    // The last coordinate is that of the bias, which the store adds itself.
    const question = questionOf(vectors, model.dimension).subarray(0, model.dimension);
    const known = [...events.keys()].filter((at) => found.get(names[at]) !== undefined);
    return originOf(question, unknownThings(events, known));
  }
}

function originOf(vector: Float32Array, unknown: string[]): Origin {
  const isKnown = vector.some((value) => value !== 0);
  if (!isKnown) return { ranking: 'POPULARITY', from: { by: 'popularity' }, unknown };
  return { ranking: 'HISTORY', from: { by: 'question', vector }, unknown };
}
