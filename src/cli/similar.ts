/** `kindred similar`: what is alike in a space, at the terminal. */
import { Command } from 'commander';
import { parseCount } from './arguments';
import { table } from './model-text';
import { type StoreOptions, withApp, withStoreOption } from './session';

interface SimilarOptions extends StoreOptions {
  first: number;
  json?: boolean;
}

export function similarCommand(): Command {
  return withStoreOption(new Command('similar'))
    .description('what is alike, by the live model of a space')
    .argument('<space>', 'items, users or accounts')
    .argument('<id>', 'the id whose neighbours are wanted')
    .option('--first <n>', 'how many, 1 to 100', parseCount, 10)
    .option('--json', 'one JSON object: the model and the entries')
    .addHelpText(
      'after',
      '\nExamples:\n  kindred similar items book-0001\n  kindred similar users u0001 --first 3 --json',
    )
    .action(similar);
}

async function similar(space: string, id: string, options: SimilarOptions): Promise<void> {
  await withApp(options, async ({ app, terminal }) => {
    const { catalogue, similarity } = app.services;
    const page = await similarity.similar(space, id, { first: options.first });
    const titleOf = async (each: string): Promise<string | undefined> => {
      if (space === 'items') return (await catalogue.item(each))?.title;
      return space === 'users' ? (await catalogue.user(each))?.title : undefined;
    };
    const entries = await Promise.all(
      page.entries.map(async ({ node, score }) => ({ id: node, score, title: await titleOf(node) })),
    );
    if (options.json) return terminal.data(`${JSON.stringify({ space, id, model: page.model.id, entries })}\n`);
    const title = await titleOf(id);
    terminal.say(`alike to ${id}${title ? ` (${title})` : ''}, by ${page.model.id}`);
    await terminal.data(
      table(
        ['id', 'score', 'title'],
        entries.map((entry) => [entry.id, entry.score.toFixed(4), entry.title]),
      ),
    );
  });
}
