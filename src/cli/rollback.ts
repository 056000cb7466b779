/** `kindred rollback`: moves a space back to the version that answered before. */
import { Command } from 'commander';
import { promotionText } from './model-text';
import { type StoreOptions, withApp, withStoreOption } from './session';

interface RollbackOptions extends StoreOptions {
  json?: boolean;
}

export function rollbackCommand(): Command {
  return withStoreOption(new Command('rollback'))
    .description('go back to the version that answered before; again for the one before that')
    .argument('<space>', 'items, users or accounts')
    .option('--json', 'one JSON object')
    .addHelpText('after', '\nExamples:\n  kindred rollback items\n  kindred rollback users --json')
    .action(rollback);
}

async function rollback(space: string, options: RollbackOptions): Promise<void> {
  await withApp(options, async ({ app, terminal }) => {
    const promotion = await app.services.registry.rollback(space);
    await terminal.data(options.json ? `${JSON.stringify(promotion)}\n` : promotionText(promotion));
  });
}
