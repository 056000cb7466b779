/** `kindred next`: what comes next in a session, at the terminal. */
import { Command } from 'commander';
import { type PageOptions, withPageOptions } from './arguments';
import { table } from './model-text';
import { EVENTS_HELP, givenEvents } from './sequence-events';
import { type StoreOptions, withApp, withStoreOption } from './session';
import { nextCursor, sayUnknown } from './thing-text';

interface NextOptions extends StoreOptions, PageOptions {
  events?: string;
  space?: string;
  model?: string;
  excludeSeen?: boolean;
  json?: boolean;
}

export function nextCommand(): Command {
  return withPageOptions(withStoreOption(new Command('next')))
    .description('what comes next after a sequence of things')
    .argument('[things...]', 'ids, the oldest first')
    .option('--events <file>', 'events with times, amounts and categories, in place of ids')
    .option('--space <space>', 'whose model answers (default: next_items, else items)')
    .option('--model <id>', 'a version (default: the live one)')
    .option('--exclude-seen', 'leave out what is in the sequence')
    .option('--json', 'one JSON object: the model and the entries')
    .addHelpText(
      'after',
      `
Where the model knows nothing of the sequence, the most frequent things come, and it says so.
${EVENTS_HELP}

Examples:
  kindred next book-0001 film-0661
  kindred next book-0001 --exclude-seen --first 5 --json
  kindred next --events payments.json --space elmo_merchants`,
    )
    .action(next);
}

async function next(things: readonly string[], options: NextOptions): Promise<void> {
  const events = await givenEvents(things, options.events);
  await withApp(options, async ({ app, terminal }) => {
    const { space, model, excludeSeen, first, after } = options;
    const page = await app.services.next.nextItems({ events, space, model, excludeSeen, first, after });
    const entries = page.entries.map(({ score, node }) => ({ id: node.itemId, score, title: node.title }));
    const { ranking, unknown } = page;
    if (options.json) {
      const answered = { model: page.model.id, space: page.model.space, ranking, entries, unknown };
      return terminal.data(`${JSON.stringify({ ...answered, next: nextCursor(page) })}\n`);
    }
    const how = ranking === 'POPULARITY' ? 'the most frequent, since nothing of it is known' : 'what comes next';
    terminal.say(`${how}, by ${page.model.id} (${page.model.trainer})`);
    sayUnknown(terminal, unknown);
    await terminal.data(
      table(
        ['id', 'score', 'title'],
        entries.map((entry) => [entry.id, entry.score.toFixed(4), entry.title]),
      ),
    );
  });
}
