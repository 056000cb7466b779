/** Events in. Each is judged by itself: a bad one is reported with its place, its neighbours are recorded. */
import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import { decodeRecord } from '../domain/decoding';
import type { StreamName, StreamRecord } from '../domain/events';
import { InputError } from '../errors';
import { InteractionInput, ItemInput, LabelInput, RelationInput, TransactionInput, UserInput } from '../schema/inputs';
import { type RecordError, RecordPayload, RecordTransactionsPayload } from '../schema/payloads';
import type { Context } from './context';

/** Events in one request. */
const MAX_EVENTS = 1_000;

type Raw = Readonly<Record<string, unknown>>;

@Resolver()
export class RecordingResolver {
  @Mutation(() => RecordPayload)
  recordInteractions(
    @Arg('events', () => [InteractionInput]) events: InteractionInput[],
    @Ctx() context: Context,
  ): Promise<RecordPayload> {
    return record('interactions', 'events', { events, context });
  }

  @Mutation(() => RecordPayload)
  recordRelations(
    @Arg('events', () => [RelationInput]) events: RelationInput[],
    @Ctx() context: Context,
  ): Promise<RecordPayload> {
    return record('relations', 'events', { events, context });
  }

  @Mutation(() => RecordPayload, { description: 'New ones are added, known ones brought up to date.' })
  upsertItems(@Arg('items', () => [ItemInput]) events: ItemInput[], @Ctx() context: Context): Promise<RecordPayload> {
    return record('items', 'items', { events, context });
  }

  @Mutation(() => RecordPayload, { description: 'New ones are added, known ones brought up to date.' })
  upsertUsers(@Arg('users', () => [UserInput]) events: UserInput[], @Ctx() context: Context): Promise<RecordPayload> {
    return record('users', 'users', { events, context });
  }

  @Mutation(() => RecordPayload, { description: 'Labels settle the alerts of their transactions.' })
  labelTransactions(
    @Arg('labels', () => [LabelInput]) events: LabelInput[],
    @Ctx() context: Context,
  ): Promise<RecordPayload> {
    return record('labels', 'labels', { events, context });
  }

  @Mutation(() => RecordTransactionsPayload, {
    description: 'Records transactions and scores each, if a model is live.',
  })
  async recordTransactions(
    @Arg('events', () => [TransactionInput]) events: TransactionInput[],
    @Ctx() { services, loaders }: Context,
  ): Promise<RecordTransactionsPayload> {
    const { records, errors } = decodeAll('transactions', 'events', events);
    const { accepted, duplicates, scores } = await services.fraud.recordTransactions(records);
    for (const score of scores) loaders.score.prime(score.transactionId, score);
    return { accepted, duplicates, errors, transactions: records };
  }
}

async function record(
  stream: StreamName,
  field: string,
  { events, context: { services } }: { events: readonly object[]; context: Context },
): Promise<RecordPayload> {
  const { records, errors } = decodeAll(stream, field, events);
  const { accepted, duplicates } = await services.ingestion.record(stream, records);
  return { accepted, duplicates, errors };
}

/** @throws InputError when the list is too long */
function decodeAll<S extends StreamName>(
  stream: S,
  field: string,
  events: readonly object[],
): { records: StreamRecord[S][]; errors: RecordError[] } {
  if (events.length > MAX_EVENTS)
    throw new InputError(field, `"${field}" takes at most ${MAX_EVENTS} events; there are ${events.length}.`, {
      remedy: 'Send them in several requests, or a file of them with: kindred ingest',
    });
  const records: StreamRecord[S][] = [];
  const errors: RecordError[] = [];
  events.forEach((event, index) => {
    const decoded = decodeRecord(stream, given(event));
    if (decoded.ok) records.push(decoded.record as StreamRecord[S]);
    else errors.push({ index, field: `${field}[${index}].${decoded.field}`, reason: decoded.reason });
  });
  return { records, errors };
}

/** @throws InputError with the path of the field at fault */
export function decodeOne<S extends StreamName>(stream: S, field: string, event: object): StreamRecord[S] {
  const decoded = decodeRecord(stream, given(event));
  if (decoded.ok) return decoded.record as StreamRecord[S];
  throw new InputError(`${field}.${decoded.field}`, `"${decoded.field}" ${decoded.reason}.`);
}

/** Null in GraphQL means the same as leaving a field out. */
function given(event: object): Raw {
  return Object.fromEntries(Object.entries(event).filter(([, value]) => value !== null && value !== undefined));
}
