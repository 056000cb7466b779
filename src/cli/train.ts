/** `kindred train`: makes a new model version from what the store holds. */
import { Command } from 'commander';
import { modelText, promotionText } from './model-text';
import { withApp } from './session';
import { type TrainingOptions, trainersText, trainingInput, watchRun, withTrainingOptions } from './training-options';

interface TrainOptions extends TrainingOptions {
  promote?: boolean;
  force?: boolean;
  /** False with --no-evaluate. */
  evaluate: boolean;
  restart?: boolean;
}

export function trainCommand(): Command {
  return withTrainingOptions(
    new Command('train').description('train a model on what the store holds').argument('<trainer>', 'see below'),
  )
    .option('--promote', 'let it answer once it is there, unless it loses to the plain baseline')
    .option('--force', 'with --promote: even if it loses')
    .option('--restart', 'begin anew, where an interrupted run left a checkpoint to go on from')
    .option('--no-evaluate', 'skip measuring on held-out data (then only --force promotes)')
    .option('--json', 'one JSON object: the model with its options, metrics, seconds and throughput')
    .addHelpText('after', ({ command }) => `\n${trainersText(command.args[0])}`)
    .addHelpText(
      'after',
      `
Ctrl-C stops the run after the training step that is under way, which large networks may take seconds for, and leaves no
half model. A run of a sequence trainer that was stopped or killed goes on from its last checkpoint when the same command
is given again within a week, on the same data and with the same version of Kindred; --restart begins anew.

Examples:
  kindred train word2vec --promote
  kindred train word2vec --set sequences=accounts --set amountBins=4 --promote
  kindred train fasttext --set sequences=accounts --promote
  kindred train sasrec --set sequences=users --promote
  kindred train coles --from 2026-05-01
  kindred train node2vec --set dimension=128 --set p=0.25 --set q=0.25 --promote --json
  kindred train autoencoder --from 2026-05-01 --to 2026-06-01 --set alertsPerDay=20`,
    )
    .action(train);
}

async function train(trainer: string, options: TrainOptions): Promise<void> {
  await withApp(options, async (session) => {
    const { app, terminal } = session;
    const running = await app.services.training.start({
      trainer,
      ...trainingInput(options),
      evaluate: options.evaluate,
      promote: options.promote ?? false,
      force: options.force ?? false,
      restart: options.restart ?? false,
    });
    const outcome = await watchRun(`train ${trainer}`, running, running.outcome, session);
    const { model, promotion, refusal } = outcome;
    if (model.facts.resumedFrom !== undefined)
      terminal.say(`train ${trainer}: resumed from ${model.facts.resumedFrom}`);
    if (options.json)
      await terminal.data(
        `${JSON.stringify({
          ...model,
          metrics: model.evaluation?.metrics,
          throughput: throughput(model.facts, model.seconds),
          promotion: promotion && { ...promotion, model: model.id },
          refusal: refusal && { code: refusal.code, message: refusal.message, remedy: refusal.remedy },
        })}\n`,
      );
    else {
      await terminal.data(modelText(model));
      if (promotion) await terminal.data(promotionText(promotion));
    }
    // The version is kept, but what was asked for is not done: exit code 1.
    if (refusal) throw refusal;
  });
}

/** What a run gets through in a second: each count among its facts, over the seconds that training took. */
function throughput(facts: Readonly<Record<string, unknown>>, seconds: number): Record<string, number> {
  const counts = ['tokens', 'pairs', 'events', 'walkSteps', 'rows'];
  return Object.fromEntries(
    counts.flatMap((name) => {
      const count = facts[name];
      return typeof count === 'number' && seconds > 0 ? [[`${name}PerSecond`, Math.round(count / seconds)]] : [];
    }),
  );
}
