/** `kindred score`: the live fraud model's opinion of a stored transaction, with its reasons. */
import { Command } from 'commander';
import { figure, table } from './model-text';
import { type StoreOptions, withApp, withStoreOption } from './session';

interface ScoreOptions extends StoreOptions {
  json?: boolean;
}

const REASONS = 5;

export function scoreCommand(): Command {
  return withStoreOption(new Command('score'))
    .description('the fraud score of a stored transaction, with its reasons; stores nothing')
    .argument('<transaction-id>', 'a transaction of the store')
    .option('--json', 'one JSON object with every reason')
    .addHelpText('after', '\nExamples:\n  kindred score tx-000123\n  kindred score tx-000123 --json')
    .action(score);
}

async function score(transactionId: string, options: ScoreOptions): Promise<void> {
  await withApp(options, async ({ app, terminal }) => {
    const answer = await app.services.fraud.scoreStored(transactionId);
    if (options.json) return terminal.data(`${JSON.stringify(answer)}\n`);
    const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
    await terminal.data(
      `${transactionId}: ${answer.decision}, more unusual than ${percent(answer.value)} of normal payments ` +
        `(review from ${percent(answer.threshold)}), by ${answer.modelId}\n`,
    );
    await terminal.data(
      table(
        ['reason', 'observed', 'expected', 'share', 'meaning'],
        answer.reasons
          .slice(0, REASONS)
          .map((reason) => [
            reason.feature,
            figure(reason.observed),
            figure(reason.expected),
            percent(reason.share),
            reason.description,
          ]),
      ),
    );
  });
}
