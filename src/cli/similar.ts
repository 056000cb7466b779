/** `kindred similar`: what is alike in a space, to things, to a text or to a sequence, at the terminal. */
import { Command, Option } from 'commander';
import type { ThingPage } from '../domain/things';
import { InputError } from '../errors';
import { collectIds, type PageOptions, withPageOptions } from './arguments';
import { EVENTS_HELP, givenEvents } from './sequence-events';
import { type Session, type StoreOptions, withApp, withStoreOption } from './session';
import { BANDS, bandNamed, showThingPage } from './thing-text';

interface SimilarOptions extends StoreOptions, PageOptions {
  unlike?: string[];
  band?: string;
  model?: string;
  text?: string;
  events?: string;
  json?: boolean;
}

export function similarCommand(): Command {
  return withPageOptions(withStoreOption(new Command('similar')))
    .description('what is alike, by the live model of a space or by any version of it')
    .argument('<space>', 'items, users, accounts, merchants, fasttext_items …')
    .argument('[ids...]', 'the id whose neighbours are wanted, or several')
    .option('--unlike <ids>', 'ids to be unlike, separated by commas', collectIds)
    .addOption(new Option('--band <band>', 'only neighbours of this popularity').choices(BANDS))
    .option('--model <id>', 'a version of the space (default: the live one)')
    .option('--text <text>', 'a name in place of ids, which may be new or misspelt (fastText)')
    .option('--events <file>', 'a sequence in place of ids: who behaves like this (doc2vec, coles, pooling)')
    .option('--json', 'one JSON object: the model and the entries')
    .addHelpText(
      'after',
      `
Bands: high are the most frequent things that together make a third of all events, middle those of the next third, low the rest.
${EVENTS_HELP}

Examples:
  kindred similar items book-0001
  kindred similar users u0001 --first 3 --json
  kindred similar items book-0001 --band low
  kindred similar fasttext_items --text 'the wich of isle marra'
  kindred similar coles_accounts --events payments.json`,
    )
    .action(similar);
}

async function similar(space: string, ids: readonly string[], options: SimilarOptions): Promise<void> {
  if ([ids.length > 0, options.text !== undefined, options.events !== undefined].filter(Boolean).length !== 1)
    throw new InputError('ids', 'What should it be like? Ids, --text and --events are three ways to say it.', {
      remedy: 'Give one of the three.',
    });
  if (options.unlike && ids.length === 0)
    throw new InputError('unlike', 'Only what is like ids can be unlike others.', {
      remedy: 'Give ids in place of --text or --events, or leave --unlike out.',
    });
  await withApp(options, async (session) => {
    const { page, title, asked } = await answer(session, { space, ids }, options);
    await showThingPage(session, page, { json: options.json, title, asked: { space, ...asked } });
  });
}

interface Answer {
  page: ThingPage;
  title: string;
  asked: Readonly<Record<string, unknown>>;
}

async function answer(
  { app }: Session,
  { space, ids }: { space: string; ids: readonly string[] },
  options: SimilarOptions,
): Promise<Answer> {
  const { neighbours, encoded, catalogue } = app.services;
  const { text, events: file, unlike, model, first, after } = options;
  const question = { space, model, first, after, band: bandNamed(options.band) };
  if (text !== undefined)
    return { page: await encoded.similarToText({ ...question, text }), title: `like "${text}"`, asked: { text } };
  if (file !== undefined) {
    const events = await givenEvents([], file);
    const page = await encoded.similarToEvents({ ...question, events });
    return { page, title: `like the ${events.length} events of ${file}`, asked: { events: events.length } };
  }
  const page = await neighbours.similarThings({ ...question, like: ids, unlike });
  const [id] = ids;
  const known = ids.length > 1 || page.entries[0]?.node.catalogued === undefined ? undefined : page.entries[0].node;
  const title = known && (known.catalogued === 'item' ? await catalogue.item(id) : await catalogue.user(id))?.title;
  return {
    page,
    title: `alike to ${ids.join(', ')}${title ? ` (${title})` : ''}${unlike ? `, unlike ${unlike.join(', ')}` : ''}`,
    asked: { id, ...(ids.length > 1 && { like: ids }), unlike },
  };
}
