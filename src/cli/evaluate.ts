/** `kindred evaluate`: holds data out, trains, measures, and puts the baselines beside. Stores nothing. */
import { Command } from 'commander';
import { evaluationText, optionsText } from './model-text';
import { withApp } from './session';
import { type TrainingOptions, trainersText, trainingInput, watchRun, withTrainingOptions } from './training-options';

export function evaluateCommand(): Command {
  return withTrainingOptions(
    new Command('evaluate')
      .description('measure a trainer, or a model anew, on held-out data, beside the baselines; stores nothing')
      .argument('<trainer or model-id>', 'a trainer, or a model whose options are taken'),
  )
    .option('--json', 'one JSON object: options, protocol, metrics and baselines')
    .addHelpText('after', ({ command }) => `\n${trainersText(command.args[0])}`)
    .addHelpText(
      'after',
      `
Examples:
  kindred evaluate word2vec --set window=40
  kindred evaluate word2vec --set sequences=accounts
  kindred evaluate doc2vec --set sequences=users
  kindred evaluate items-3 --json`,
    )
    .action(evaluate);
}

async function evaluate(subject: string, options: TrainingOptions): Promise<void> {
  await withApp(options, async (session) => {
    const running = await session.app.services.evaluation.evaluate(subject, trainingInput(options));
    const report = await watchRun(`evaluate ${subject}`, running, running.report, session);
    await session.terminal.data(
      options.json
        ? `${JSON.stringify(report)}\n`
        : `${report.trainer} in space ${report.space}\noptions: ${optionsText(report.options)}\n${evaluationText(report.evaluation)}`,
    );
  });
}
