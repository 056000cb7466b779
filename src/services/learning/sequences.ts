/**
 * The one reader of sequences: whatever the options ask for (whose events, which field of them is the thing, bins of
 * amounts), page by page out of the store. An event that has no such field is left out and counted.
 */
import { createHash } from 'node:crypto';
import type { ModelData } from '../../domain/model';
import { KindredError } from '../../errors';
import { amountEdges, type EventRow, type EventStream, eventPages } from '../../stores/event-pages';
import { type EventSequences, EventSequencesBuilder } from '../../training/sequence2vec/event-sequences';
import { SESSION_COLUMN } from '../../training/sequence2vec/histories';
import { fieldOf, type SequenceOptions } from '../../training/sequence2vec/sequence-options';
import { AmountBins } from './amount-bins';
import { corpusFacts, type LessonContext, refuseCancelled } from './lesson';

export interface SequenceReading {
  /** Whether amounts and categories are read as well. @default false */
  readonly details?: boolean;
  /**
   * Whether a user's sessions stay in one sequence, told apart by the column SESSION_COLUMN (see histories.ts), rather than
   * being sequences of their own. @default false
   */
  readonly wholeUsers?: boolean;
  /** Bins of amounts that a model is built on; undefined cuts what is read into bins of its own, as many as the options say. */
  readonly bins?: AmountBins;
}

export interface ReadSequences {
  readonly data: ModelData;
  readonly sequences: EventSequences;
  /** Of every event that was read. */
  readonly fingerprint: string;
  /** For the model card: what was left out, where bins of amounts begin. */
  readonly facts: Readonly<Record<string, number | string>>;
}

/** Categories of events beside the thing. */
const CATEGORIES: Readonly<Record<EventStream, readonly string[]>> = {
  interactions: ['action'],
  transactions: ['category', 'channel', 'country'],
};

/**
 * @param options that agree with each other (see spaces.ts)
 * @throws KindredError EMPTY_CORPUS
 */
export async function readSequences(
  context: LessonContext,
  options: SequenceOptions,
  { details = false, wholeUsers = false, bins: given }: SequenceReading = {},
): Promise<ReadSequences> {
  const { database, range, signal } = context;
  const stream: EventStream = options.sequences === 'accounts' ? 'transactions' : 'interactions';
  const data = await corpusFacts(context, stream);
  const bins = given ?? (await amountBins(context, options.amountBins));
  const categories = details ? CATEGORIES[stream] : [];
  const bySession = options.sequences === 'sessions';
  const marksSessions = bySession && wholeUsers;
  const builder = new EventSequencesBuilder(marksSessions ? [...categories, SESSION_COLUMN] : categories, data.rows);
  const keys = bySession && !wholeUsers ? new SessionKeys() : undefined;
  const columns = { stream, field: fieldOf(options), amounts: details || bins !== undefined, categories };
  const hash = createHash('sha256').update(JSON.stringify([options, bins?.facts]));
  for await (const page of eventPages(database, range, columns)) {
    refuseCancelled(signal);
    hash.update(page.map(textOf).join());
    for (const row of page) {
      if (!row.thing) continue;
      builder.add({
        key: keys ? keys.of(row) : row.owner,
        thing: bins ? bins.nameOf(row.thing, row.amount!, row.currency!) : row.thing,
        occurredAt: row.occurred_at.getTime(),
        amount: details ? (row.amount ?? undefined) : undefined,
        categories: marksSessions ? [...(row.categories ?? []), row.session || null] : row.categories,
      });
    }
  }
  const left = data.rows - builder.events;
  if (builder.events === 0) throw nothingOfField(data, options);
  const facts = { ...(left > 0 && { eventsWithoutField: left }), ...bins?.facts };
  return { data, sequences: builder.build(), fingerprint: hash.digest('hex'), facts };
}

function textOf({ event_id, owner, session, occurred_at, thing, amount, currency, categories }: EventRow): string {
  return `${event_id}\0${owner}\0${session}\0${occurred_at.getTime()}\0${thing}\0${amount}\0${currency}\0${categories}`;
}

/** Sessions' names, and a user's own for events without a session. Rows come user by user. */
class SessionKeys {
  readonly #taken = new Set<string>();
  readonly #ofUser = new Map<string, string>();
  #user?: string;

  of({ owner, session }: EventRow): string {
    if (owner !== this.#user) {
      this.#user = owner;
      this.#ofUser.clear();
    }
    const known = this.#ofUser.get(session ?? '');
    if (known !== undefined) return known;
    let key = session || owner;
    // Two users may use the same name for a session; it is still two sessions.
    while (this.#taken.has(key)) key = `${owner}/${key}`;
    this.#taken.add(key);
    this.#ofUser.set(session ?? '', key);
    return key;
  }
}

/** @returns undefined where things are not told apart by their amounts */
async function amountBins({ database, range }: LessonContext, bins: number): Promise<AmountBins | undefined> {
  return bins > 1 ? new AmountBins(await amountEdges(database, range, bins)) : undefined;
}

function nothingOfField({ stream, rows }: ModelData, options: SequenceOptions): KindredError {
  const field = fieldOf(options);
  const source = stream === 'interactions' && field.startsWith('attributes.') ? 'items' : stream;
  return new KindredError('EMPTY_CORPUS', `None of the ${rows} ${stream} has a field "${field}" to learn from.`, {
    field: 'field',
    remedy: `Choose another field (--set field=…), or give ${source} this one: kindred ingest ${source} FILE`,
    facts: { stream, field, rows },
  });
}
