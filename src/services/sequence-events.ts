/** Events of a sequence that came after training, as callers give them: checked, and in an encoder's terms. */
import type { Model } from '../domain/model';
import type { SequenceQuestionEvent } from '../domain/things';
import { InputError } from '../errors';
import type { EncoderEvents } from '../training/encoder-thread';
import { AmountBins } from './learning/amount-bins';
import { checkIds, MAX_ID_LENGTH } from './recommendation';

export const MAX_EVENTS = 200;
const MAX_CATEGORIES = 20;

/** @throws InputError with the path of the first value at fault */
export function checkEvents(events: readonly SequenceQuestionEvent[]): void {
  if (events.length === 0)
    throw new InputError('events', '"events" names no event.', { remedy: 'Name at least one, the oldest first.' });
  if (events.length > MAX_EVENTS)
    throw new InputError('events', `"events" takes at most ${MAX_EVENTS}; there are ${events.length}.`, {
      remedy: 'Give the newest ones.',
    });
  events.forEach(checkEvent);
}

function checkEvent({ thing, occurredAt, amount, categories = [] }: SequenceQuestionEvent, at: number): void {
  const field = `events[${at}]`;
  checkIds(`${field}.thing`, [thing], 1);
  if (occurredAt !== undefined && Number.isNaN(occurredAt.getTime()))
    throw new InputError(`${field}.occurredAt`, 'This is not a time.', {
      remedy: 'Write it in ISO 8601, such as 2026-01-31T12:00:00Z, or as epoch milliseconds.',
    });
  // Networks reckon in 32-bit floats.
  if (amount !== undefined && !Number.isFinite(Math.fround(amount)))
    throw new InputError(
      `${field}.amount`,
      `An amount is a number of at most 3.4e38 either way; this one is ${amount}.`,
      {
        remedy: 'Leave it out where it is not known.',
      },
    );
  if (categories.length > MAX_CATEGORIES)
    throw new InputError(`${field}.categories`, `An event has at most ${MAX_CATEGORIES} categories.`);
  categories.forEach(({ name, value }, place) => {
    checkText(`${field}.categories[${place}].name`, name);
    checkText(`${field}.categories[${place}].value`, value);
    if (categories.findIndex((other) => other.name === name) < place)
      throw new InputError(`${field}.categories[${place}].name`, `Category "${name}" is given twice.`);
  });
}

function checkText(field: string, text: string): void {
  if (text.length === 0 || text.length > MAX_ID_LENGTH)
    throw new InputError(field, `A category's name and value have 1 to ${MAX_ID_LENGTH} characters.`);
}

/**
 * The names by which a model learned the things of events: their own, or with the bin of their amounts (see AmountBins). A
 * currency may be given as a category; without an amount there is no bin, and the model will not know the thing.
 */
export function learnedNames(model: Model, events: readonly SequenceQuestionEvent[]): string[] {
  const bins = AmountBins.ofModel(model);
  return events.map(({ thing, amount, categories = [] }) => {
    if (!bins || amount === undefined) return thing;
    return bins.nameOf(thing, amount, categories.find(({ name }) => name === 'currency')?.value);
  });
}

/** For a model's encoder; events without a time happen at `now`. */
export function encoderEvents(model: Model, events: readonly SequenceQuestionEvent[], now: Date): EncoderEvents {
  const learned = learnedNames(model, events);
  const names = new Set(events.flatMap(({ categories = [] }) => categories.map(({ name }) => name)));
  const categoryNames = [...names];
  return {
    categoryNames,
    events: events.map(({ occurredAt, amount, categories = [] }, at) => {
      const values = new Map(categories.map(({ name, value }) => [name, value]));
      return {
        thing: learned[at],
        occurredAt: (occurredAt ?? now).getTime(),
        amount,
        categories: categoryNames.map((name) => values.get(name)),
      };
    }),
  };
}

/** Places of the events in the order of time, as encoders take them: those of one time in the order given. */
export function inOrderOfTime(events: readonly SequenceQuestionEvent[], now: Date): number[] {
  const time = (at: number): number => (events[at].occurredAt ?? now).getTime();
  return [...events.keys()].sort((a, b) => time(a) - time(b) || a - b);
}

/** Things that are not among the known events, each once, in the order of the question. */
export function unknownThings(events: readonly SequenceQuestionEvent[], known: Iterable<number>): string[] {
  const places = new Set(known);
  return [...new Set(events.filter((_, at) => !places.has(at)).map(({ thing }) => thing))];
}
