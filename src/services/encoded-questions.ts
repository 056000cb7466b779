/**
 * Questions about sequences and texts that came after training, answered by a model's encoder: their vectors, and what is
 * near them. Things that the model does not know are left out and named; where it knows nothing of a question there is no
 * vector to answer with, and that is an error rather than a list of nothing in particular.
 */
import type { PageRequest } from '../domain/answers';
import type { Model } from '../domain/model';
import type {
  ContextualVectors,
  PopularityBand,
  SequenceQuestionEvent,
  ThingPage,
  VectorAnswer,
} from '../domain/things';
import { InputError, KindredError } from '../errors';
import type { Encoders } from './encoders';
import { readListCursor } from './paging';
import { checkEvents, encoderEvents, unknownThings } from './sequence-events';
import type { ThingLists } from './thing-lists';
import type { VersionRequest, Versions } from './versions';

export const MAX_TEXT_LENGTH = 10_000;
/** Where `similarToText` looks unless told. */
export const TEXT_SPACE = 'fasttext_items';

export interface TextQuestion extends PageRequest, Partial<VersionRequest> {
  text: string;
  band?: PopularityBand;
}

export interface EventsQuestion extends PageRequest, VersionRequest {
  events: readonly SequenceQuestionEvent[];
  band?: PopularityBand;
}

/** One of the two. */
export interface VectorQuestion extends Omit<VersionRequest, 'after'> {
  text?: string;
  events?: readonly SequenceQuestionEvent[];
}

export class EncodedQuestions {
  constructor(
    private readonly versions: Versions,
    private readonly encoders: Encoders,
    private readonly lists: ThingLists,
  ) {}

  /**
   * What has a text like this one: a name that is new, rare or misspelt.
   * @throws InputError, ModelNotReadyError; KindredError MODEL_NOT_FOUND, NOT_FOUND
   */
  async similarToText({ text, band, space = TEXT_SPACE, ...request }: TextQuestion): Promise<ThingPage> {
    checkText(text);
    const model = await this.versions.answering({ ...request, space });
    const vector = await this.textVector(model, text);
    const question = ['text', text];
    return {
      ...(await this.lists.nearest(model, { question, vector, exclude: [], band, page: request })),
      unknown: [],
    };
  }

  /**
   * Who behaves like this: sequences of the space near the vector of these events.
   * @throws InputError, ModelNotReadyError; KindredError MODEL_NOT_FOUND, NOT_FOUND
   */
  async similarToEvents({ events, band, ...request }: EventsQuestion): Promise<ThingPage> {
    checkEvents(events);
    const model = await this.versions.answering(request);
    // Events without a time happen when the first page was asked for.
    const asOf = (request.after === undefined ? undefined : readListCursor(request.after).asOf) ?? new Date();
    const { vector, unknown } = await this.sequenceVector(model, events, asOf);
    const question = ['events', events];
    const page = await this.lists.nearest(model, { question, vector, exclude: [], band, page: request, asOf });
    return { ...page, unknown };
  }

  /**
   * The vector of a text or of a sequence, as a feature for any model.
   * @throws InputError, ModelNotReadyError; KindredError MODEL_NOT_FOUND, NOT_FOUND
   */
  async vectorOf({ text, events, ...request }: VectorQuestion): Promise<VectorAnswer> {
    if ((text === undefined) === (events === undefined))
      throw new InputError(text === undefined ? 'events' : 'text', 'A vector is of a text or of events.', {
        remedy: 'Give one of the two, "text" or "events".',
      });
    if (events) checkEvents(events);
    else checkText(text!);
    const model = await this.versions.answering(request);
    if (!events) return { model, vector: await this.textVector(model, text!), unknown: [] };
    return { model, ...(await this.sequenceVector(model, events, new Date())) };
  }

  /**
   * A vector for each event, in the context of the others.
   * @throws InputError, ModelNotReadyError; KindredError MODEL_NOT_FOUND, NOT_FOUND
   */
  async contextualVectors({ events, ...request }: Omit<EventsQuestion, keyof PageRequest>): Promise<ContextualVectors> {
    checkEvents(events);
    const model = await this.versions.answering(request);
    const now = new Date();
    const { dimension, vectors, known } = await this.encoders.ask(model, {
      ability: 'contexts',
      sequence: encoderEvents(model, events, now),
    });
    const unknown = unknownThings(events, known);
    if (known.length === 0) throw nothingKnown(model, 'events', unknown);
    return {
      model,
      dimension,
      unknown,
      events: Array.from(known, (at, row) => ({
        thing: events[at].thing,
        occurredAt: events[at].occurredAt ?? now,
        vector: vectors.slice(row * dimension, (row + 1) * dimension),
      })),
    };
  }

  private async textVector(model: Model, text: string): Promise<Float32Array> {
    const { vectors } = await this.encoders.ask(model, { ability: 'text', text });
    if (vectors.every((value) => value === 0)) throw nothingKnown(model, 'text', [text]);
    return vectors;
  }

  private async sequenceVector(
    model: Model,
    events: readonly SequenceQuestionEvent[],
    now: Date,
  ): Promise<{ vector: Float32Array; unknown: string[] }> {
    const sequence = encoderEvents(model, events, now);
    const { vectors, known } = await this.encoders.ask(model, { ability: 'sequence', sequence });
    const unknown = unknownThings(events, known);
    if (vectors.every((value) => value === 0)) throw nothingKnown(model, 'events', unknown);
    return { vector: vectors, unknown };
  }
}

function checkText(text: string): void {
  if (text.trim().length > 0 && text.length <= MAX_TEXT_LENGTH) return;
  throw new InputError('text', `A text has 1 to ${MAX_TEXT_LENGTH} characters, not all of them blank.`);
}

function nothingKnown(model: Model, field: string, unknown: readonly string[]): KindredError {
  const some = unknown.slice(0, 10).map((each) => JSON.stringify(each.length > 80 ? `${each.slice(0, 80)}…` : each));
  return new KindredError('NOT_FOUND', `Model "${model.id}" knows nothing of ${some.join(', ') || `the ${field}`}.`, {
    field,
    remedy: 'Check that the space is of such things; what arrived after training is known after the next one.',
    facts: { modelId: model.id },
  });
}
