/** Sequences and texts that came after training: what is like them, what comes next, and their vectors. */
import { Arg, Ctx, ID, Int, Query, Resolver } from 'type-graphql';
import type { PopularityBand, SequenceQuestionEvent, VectorAnswer } from '../domain/things';
import {
  ContextualVectors,
  NextItemConnection,
  PopularityBandEnum,
  SequenceEventInput,
  SequenceVector,
  ThingConnection,
} from '../schema/things';
import { TEXT_SPACE } from '../services/encoded-questions';
import { pageInfo, pageRequest } from './connections';
import type { Context } from './context';
import { givenTime } from './inputs';
import { thingConnection, USUAL_PAGE } from './things';

@Resolver()
export class SequenceResolver {
  @Query(() => ThingConnection, {
    description: 'Things with a name like this text, which may be new, rare or misspelt.',
  })
  async similarToText(
    @Arg('text', () => String) text: string,
    @Arg('space', () => String, { nullable: true, defaultValue: TEXT_SPACE }) space: string | null,
    @Arg('band', () => PopularityBandEnum, { nullable: true }) band: PopularityBand | null | undefined,
    @Arg('model', () => ID, { nullable: true }) model: string | null | undefined,
    @Arg('first', () => Int, { nullable: true, defaultValue: USUAL_PAGE }) first: number | null,
    @Arg('after', () => String, { nullable: true }) after: string | null | undefined,
    @Ctx() { services }: Context,
  ): Promise<ThingConnection> {
    const page = pageRequest({ first, after }, USUAL_PAGE);
    const question = { text, space: space ?? undefined, band: band ?? undefined, model: model ?? undefined };
    return thingConnection(await services.encoded.similarToText({ ...question, ...page }), page);
  }

  @Query(() => ThingConnection, {
    description: 'Sequences of a space (users, accounts, sessions) that are like these events: who behaves like this.',
  })
  async similarToEvents(
    @Arg('space', () => String) space: string,
    @Arg('events', () => [SequenceEventInput]) events: SequenceEventInput[],
    @Arg('band', () => PopularityBandEnum, { nullable: true }) band: PopularityBand | null | undefined,
    @Arg('model', () => ID, { nullable: true }) model: string | null | undefined,
    @Arg('first', () => Int, { nullable: true, defaultValue: USUAL_PAGE }) first: number | null,
    @Arg('after', () => String, { nullable: true }) after: string | null | undefined,
    @Ctx() { services }: Context,
  ): Promise<ThingConnection> {
    const page = pageRequest({ first, after }, USUAL_PAGE);
    const question = { space, events: givenEvents(events), band: band ?? undefined, model: model ?? undefined };
    return thingConnection(await services.encoded.similarToEvents({ ...question, ...page }), page);
  }

  @Query(() => NextItemConnection, {
    description:
      'What comes next, by the live model of next_items, else by that of items; or by that of a space whose model can tell. Where nothing of the events is known, what is most frequent: see `ranking`.',
  })
  async nextItems(
    @Arg('events', () => [SequenceEventInput]) events: SequenceEventInput[],
    @Arg('space', () => String, { nullable: true }) space: string | null | undefined,
    @Arg('excludeSeen', () => Boolean, { nullable: true, defaultValue: false }) excludeSeen: boolean | null,
    @Arg('model', () => ID, { nullable: true }) model: string | null | undefined,
    @Arg('first', () => Int, { nullable: true, defaultValue: USUAL_PAGE }) first: number | null,
    @Arg('after', () => String, { nullable: true }) after: string | null | undefined,
    @Ctx() { services }: Context,
  ): Promise<NextItemConnection> {
    const args = pageRequest({ first, after }, USUAL_PAGE);
    const question = { events: givenEvents(events), space: space ?? undefined, model: model ?? undefined };
    const page = await services.next.nextItems({ ...question, excludeSeen: excludeSeen ?? false, ...args });
    const { entries, ranking, unknown } = page;
    return {
      edges: entries,
      pageInfo: pageInfo(page, args),
      model: page.model as never,
      ranking,
      unknown: [...unknown],
    };
  }

  @Query(() => ContextualVectors, {
    description: 'By a space whose model reads sequences both ways, such as elmo_items.',
  })
  async contextualVectors(
    @Arg('space', () => String) space: string,
    @Arg('events', () => [SequenceEventInput]) events: SequenceEventInput[],
    @Arg('model', () => ID, { nullable: true }) model: string | null | undefined,
    @Ctx() { services }: Context,
  ) {
    const question = { space, events: givenEvents(events), model: model ?? undefined };
    const answer = await services.encoded.contextualVectors(question);
    return { ...answer, events: answer.events.map((event) => ({ ...event, vector: [...event.vector] })) };
  }

  @Query(() => SequenceVector, { description: 'The vector of a text or of events, as a feature for any model.' })
  async vectorOf(
    @Arg('space', () => String) space: string,
    @Arg('text', () => String, { nullable: true }) text: string | null | undefined,
    @Arg('events', () => [SequenceEventInput], { nullable: true }) events: SequenceEventInput[] | null | undefined,
    @Arg('model', () => ID, { nullable: true }) model: string | null | undefined,
    @Ctx() { services }: Context,
  ) {
    const answer: VectorAnswer = await services.encoded.vectorOf({
      space,
      text: text ?? undefined,
      events: events ? givenEvents(events) : undefined,
      model: model ?? undefined,
    });
    return { ...answer, vector: [...answer.vector] };
  }
}

function givenEvents(events: readonly SequenceEventInput[]): SequenceQuestionEvent[] {
  return events.map(({ thing, occurredAt, amount, categories }, at) => ({
    thing,
    occurredAt: givenTime(`events[${at}].occurredAt`, occurredAt),
    amount: amount ?? undefined,
    categories: categories ?? undefined,
  }));
}
