/** Fills an empty store with the demo community, or tells the rest of one whose telling was interrupted. */
import { type CommunityOptions, communityBatches, communityOptions, imagineCommunity } from '../demo/community';
import { chooseExamples } from '../demo/examples';
import type { SimulationNote } from '../services/simulation';
import type { Session } from './session';
import { number } from './terminal';

const ABOUT =
  'Everything in this store is simulated: people, items, friendships, payments and frauds are invented by a seeded program.';

/** The proportions of the demo at any size: fewer people, fewer items, fewer cards. */
export function communityFor(people: number): CommunityOptions {
  return communityOptions.parse({
    people,
    items: Math.min(5_000, Math.max(200, Math.round(people / 1.6))),
    accounts: Math.round(people / 2.4),
  });
}

/** @param people the size of a community that is yet to be made; one that is told in part keeps its own */
export async function fillIfEmpty(session: Session, people: number): Promise<void> {
  const { app, config, terminal } = session;
  const content = await app.services.simulation.content();
  const where = config.databaseUrl ? 'the database' : config.dataDir;
  if (content.kind === 'own') return;
  if (content.kind === 'empty') {
    terminal.say(`The store (${where}) is empty: filling it with the demo community.`);
    await tell(communityFor(people), session);
  } else if (content.note.told === 'partly') {
    terminal.say(`The demo community in ${where} is told in part: telling the rest.`);
    await tell(rememberedOptions(content.note), session);
  }
  terminal.say(ABOUT);
}

function rememberedOptions({ options }: SimulationNote): CommunityOptions {
  return communityOptions.parse({ ...options, endsAt: new Date(String(options.endsAt)) });
}

async function tell(options: CommunityOptions, { app, terminal, signal }: Session): Promise<void> {
  const progress = terminal.progress('simulate a community');
  try {
    const community = imagineCommunity(options);
    const batches = [...communityBatches(community)];
    const total = batches.reduce((sum, batch) => sum + batch.records.length, 0);
    const told = await app.services.simulation.tell({
      note: {
        about: ABOUT,
        options: { ...options, endsAt: options.endsAt.toISOString() },
        examples: chooseExamples(community),
      },
      batches,
      signal,
      onTold: (stream, done) => progress.report({ phase: stream, done, total }),
    });
    progress.finish(`${number(told)} records`);
  } catch (error) {
    progress.abandon();
    throw error;
  }
}
