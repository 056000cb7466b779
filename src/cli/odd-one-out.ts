/** `kindred odd-one-out`: which of several things does not belong, at the terminal. */
import { Command } from 'commander';
import { type StoreOptions, withApp, withStoreOption } from './session';
import { thingEntries, thingTable } from './thing-text';

interface OddOptions extends StoreOptions {
  model?: string;
  json?: boolean;
}

export function oddOneOutCommand(): Command {
  return withStoreOption(new Command('odd-one-out'))
    .description('which of three or more things does not belong: the least alike to the others')
    .argument('<space>', 'items, users, merchants …')
    .argument('<ids...>', 'three to a hundred ids')
    .option('--model <id>', 'a version of the space (default: the live one)')
    .option('--json', 'one JSON object: the odd one, and the mean similarity of each')
    .addHelpText(
      'after',
      '\nExamples:\n  kindred odd-one-out items book-0917 book-1301 film-0661\n  kindred odd-one-out users u0001 u0002 u0003 --json',
    )
    .action(oddOneOut);
}

async function oddOneOut(space: string, ids: readonly string[], options: OddOptions): Promise<void> {
  await withApp(options, async ({ app, terminal }) => {
    const { odd, candidates, model } = await app.services.neighbours.oddOneOut({ space, ids, model: options.model });
    const entries = await thingEntries(
      app,
      candidates.map(({ thing, similarity }) => ({ thing, score: similarity })),
    );
    if (options.json) {
      const each = entries.map(({ score, ...entry }) => ({ ...entry, similarity: score }));
      return terminal.data(`${JSON.stringify({ space, model: model.id, odd: odd.thing.id, candidates: each })}\n`);
    }
    terminal.say(`mean cosine of each to the others, by ${model.id}`);
    await terminal.data(thingTable([...entries].sort((a, b) => b.score - a.score)));
    await terminal.data(`odd one out: ${odd.thing.id}\n`);
  });
}
