/** `kindred models`: the registry, newest first. */
import { Command } from 'commander';
import { figure, table } from './model-text';
import { type StoreOptions, withApp, withStoreOption } from './session';

interface ModelsOptions extends StoreOptions {
  json?: boolean;
}

export function modelsCommand(): Command {
  return withStoreOption(new Command('models'))
    .description('list the trained versions, newest first')
    .argument('[space]', 'only this space: items, users, accounts')
    .option('--json', 'one JSON array with everything that is known of each')
    .addHelpText('after', '\nExamples:\n  kindred models\n  kindred models items --json')
    .action(models);
}

async function models(space: string | undefined, options: ModelsOptions): Promise<void> {
  await withApp(options, async ({ app, terminal }) => {
    const list = await app.services.registry.list(space);
    if (options.json) return terminal.data(`${JSON.stringify(list)}\n`);
    if (list.length === 0) {
      terminal.say(`No models${space ? ` in space ${space}` : ''} yet. Train one: kindred train <trainer> --promote`);
      return;
    }
    const rows = list.map((model) => {
      const { evaluation } = model;
      const plain = evaluation?.baselines.find((baseline) => baseline.plain);
      return [
        model.id,
        model.live ? 'live' : '',
        model.trainer,
        evaluation ? `${evaluation.primary} ${figure(evaluation.metrics[evaluation.primary])}` : 'not measured',
        evaluation && plain ? `${plain.name} ${figure(plain.metrics[evaluation.primary])}` : '',
        `${model.vectors} x ${model.dimension}`,
        model.createdAt.toISOString().slice(0, 19),
      ];
    });
    await terminal.data(table(['id', '', 'trainer', 'measured', 'to beat', 'vectors', 'created (UTC)'], rows));
  });
}
