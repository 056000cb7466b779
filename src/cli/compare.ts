/** `kindred compare`: the neighbours of one thing by several models side by side, at the terminal. */
import { Command } from 'commander';
import type { ModelNeighbours } from '../domain/things';
import { parseCount } from './arguments';
import { table } from './model-text';
import { type StoreOptions, withApp, withStoreOption } from './session';
import { type ThingEntry, thingEntries } from './thing-text';

interface CompareOptions extends StoreOptions {
  first: number;
  json?: boolean;
}

type Side = ModelNeighbours & { readonly entries: readonly ThingEntry[] };

export function compareCommand(): Command {
  return withStoreOption(new Command('compare'))
    .description('the neighbours of one thing by two or more models side by side, and how far they agree')
    .argument('<id>', 'the id whose neighbours are wanted')
    .argument('<models...>', 'ids of models, or spaces for their live ones')
    .option('--first <n>', 'how many neighbours by each, 1 to 100', parseCount, 10)
    .option('--json', 'one JSON object: the neighbours by each model, and the overlaps')
    .addHelpText(
      'after',
      `
A comparison has no further pages: how far two models agree is said of their first n neighbours, so ask for a larger n. What
comes after the first 100 of one model, \`kindred similar <space> <id> --model <id> --after <cursor>\` tells.

Examples:
  kindred compare book-0001 items-1 items-2
  kindred compare book-0001 items fasttext_items --first 5 --json`,
    )
    .action(compare);
}

async function compare(id: string, models: readonly string[], options: CompareOptions): Promise<void> {
  await withApp(options, async ({ app, terminal }) => {
    const sides = await app.services.comparison.compareModels({ id, models, first: options.first });
    const full: Side[] = [];
    for (const side of sides) full.push({ ...side, entries: await thingEntries(app, side.neighbours) });
    if (options.json) return terminal.data(`${JSON.stringify({ id, models: full.map(plain) })}\n`);
    for (const { model, thing } of full)
      if (!thing) terminal.say(`${model.id} has no vector of ${id}: it was not in what that model learned from`);
    await terminal.data(sideBySide(full));
    await terminal.data(overlapText(full));
  });
}

function plain({ model, thing, entries, overlaps }: Side) {
  const { space, trainer } = model;
  return {
    ...{ model: model.id, space, trainer, known: thing !== undefined },
    ...{ frequency: thing?.frequency, band: thing?.band, entries, overlaps },
  };
}

/** A column a model; what several models name has a star. */
export function sideBySide(sides: readonly Pick<Side, 'model' | 'entries'>[]): string {
  const count = Math.max(...sides.map(({ entries }) => entries.length));
  const times = new Map<string, number>();
  for (const { entries } of sides) for (const { id } of entries) times.set(id, (times.get(id) ?? 0) + 1);
  const cell = (entry: ThingEntry | undefined): string => {
    if (!entry) return '';
    const star = times.get(entry.id)! > 1 ? ' *' : '';
    return `${entry.score.toFixed(3)} ${entry.title ?? entry.id}${star}`;
  };
  const rows = Array.from({ length: count }, (_, place) => [
    place + 1,
    ...sides.map(({ entries }) => cell(entries[place])),
  ]);
  return table(['', ...sides.map(({ model }) => model.id)], rows);
}

function overlapText(sides: readonly Side[]): string {
  return sides
    .flatMap(({ model, overlaps }, at) => overlaps.slice(at).map((overlap) => ({ model, ...overlap })))
    .map(({ model, modelId, shared, jaccard }) => {
      const agreement =
        jaccard === undefined ? 'nothing to compare' : `${shared} shared, Jaccard ${jaccard.toFixed(3)}`;
      return `${model.id} and ${modelId}: ${agreement}\n`;
    })
    .join('');
}
