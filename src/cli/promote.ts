/** `kindred promote`: makes a version the one that answers for its space. */
import { Command } from 'commander';
import { promotionText } from './model-text';
import { type StoreOptions, withApp, withStoreOption } from './session';

interface PromoteOptions extends StoreOptions {
  force?: boolean;
  json?: boolean;
}

export function promoteCommand(): Command {
  return withStoreOption(new Command('promote'))
    .description('make a version the one that answers; refused if it loses to the plain baseline')
    .argument('<model-id>', 'as `kindred models` lists it: items-3')
    .option('--force', 'promote it even if it loses, or was never measured')
    .option('--json', 'one JSON object')
    .addHelpText('after', '\nExamples:\n  kindred promote items-3\n  kindred promote accounts-2 --force')
    .action(promote);
}

async function promote(id: string, options: PromoteOptions): Promise<void> {
  await withApp(options, async ({ app, terminal }) => {
    const promotion = await app.services.registry.promote(id, { force: options.force ?? false });
    await terminal.data(options.json ? `${JSON.stringify(promotion)}\n` : promotionText(promotion));
  });
}
