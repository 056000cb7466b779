/**
 * `kindred up`, which `npm start` runs: opens the store, fills an empty one with the demo community, trains and promotes what
 * is missing, serves, and shows three questions with their answers. Each step looks at what is there already, so that a
 * start that was interrupted, even killed, goes on where it was, and a second one goes straight to serving.
 */
import { Command } from 'commander';
import type { Model } from '../domain/model';
import { KindredError } from '../errors';
import { parsePeople } from './arguments';
import { exampleQuestions, showAnswers } from './examples';
import { fillIfEmpty } from './filling';
import { figure } from './model-text';
import { requirePort } from './port';
import { untilAborted } from './serve';
import { type Session, type StoreOptions, withApp, withStoreOption } from './session';
import { watchRun } from './training-options';

/**
 * What answers which question: a trainer, its space, and the stream that it learns from. On the demo community it trains with
 * one thread, so that everybody gets the same answers; on records of one's own, with all of them.
 */
const MODELS = [
  { trainer: 'word2vec', space: 'items', stream: 'interactions', demo: { threads: 1 } },
  { trainer: 'node2vec', space: 'users', stream: 'relations', demo: { threads: 1, dimension: 64 } },
  { trainer: 'autoencoder', space: 'accounts', stream: 'transactions', demo: { threads: 1 } },
] as const;

export function upCommand(): Command {
  return withStoreOption(new Command('up'))
    .description('open the store, fill an empty one with the simulated demo community, train, promote and serve')
    .option('--people <n>', 'how many people the demo community has, when it is made', parsePeople, 2_400)
    .addHelpText(
      'after',
      `
What is there already is kept: a second start trains nothing and serves at once. Records of your own come in with
\`kindred ingest\`, best into a folder of their own; \`up\` adds no simulated records to a store that has any.

Examples:
  kindred up
  kindred up --data-dir mine
  KINDRED_PORT=4001 kindred up`,
    )
    .action(up);
}

interface UpOptions extends StoreOptions {
  people: number;
}

async function up(options: UpOptions): Promise<void> {
  await withApp(options, async (session) => {
    const { app, config, terminal, signal } = session;
    await requirePort(config);
    await fillIfEmpty(session, options.people);
    for (const wanted of MODELS) await provide(wanted, session);
    const { url } = await app.start();
    await showAnswers(await exampleQuestions(session), url, session);
    terminal.say('');
    terminal.say(`${terminal.bold(`GraphQL at ${url}`)}; Ctrl-C stops`);
    await untilAborted(signal);
  });
}

/** Sees to it that the space has a live model, if there is anything to learn from. */
async function provide(wanted: (typeof MODELS)[number], session: Session): Promise<void> {
  const { app, terminal } = session;
  const { registry, training, catalogue, simulation } = app.services;
  const versions = await registry.list(wanted.space);
  const live = versions.find((model) => model.live);
  if (live) return terminal.say(`space ${wanted.space}: ${summary(live)}`);
  const [newest] = versions;
  if (newest) {
    // A start was interrupted between training and promotion; or the newest was refused, and will be again.
    await registry.promote(newest.id).then(
      ({ model }) => terminal.say(`space ${wanted.space}: ${summary(model)}`),
      (error: unknown) => tellRefusal(wanted.space, error, session),
    );
    return;
  }
  if (!(await catalogue.has(wanted.stream)))
    return terminal.say(`space ${wanted.space}: no ${wanted.stream} to learn from yet`);
  const simulated = (await simulation.content()).kind === 'simulated';
  const running = await training.start({
    trainer: wanted.trainer,
    options: simulated ? wanted.demo : {},
    promote: true,
  });
  const title = `train ${wanted.trainer} (${wanted.space})`;
  try {
    const { model, refusal } = await watchRun(title, running, running.outcome, session);
    if (refusal) tellRefusal(wanted.space, refusal, session);
    else terminal.say(`space ${wanted.space}: ${summary(model)}`);
  } catch (error) {
    // Too few records of one stream are no reason not to serve the others.
    if (!(error instanceof KindredError && error.code === 'EMPTY_CORPUS')) throw error;
    terminal.say(`space ${wanted.space}: ${error.message}`);
  }
}

function tellRefusal(space: string, error: unknown, { terminal }: Session): void {
  if (!(error instanceof KindredError && error.code === 'PROMOTION_REFUSED')) throw error;
  terminal.say(`space ${space}: not promoted. ${error.message}${error.remedy ? ` ${error.remedy}` : ''}`);
}

function summary({ id, evaluation, trainer }: Model): string {
  if (!evaluation) return `${id} (${trainer}) is live`;
  const { primary, metrics, baselines } = evaluation;
  const beside = baselines
    .filter((baseline) => baseline.metrics[primary] !== undefined)
    .map((baseline) => `${baseline.name} ${figure(baseline.metrics[primary])}`);
  return `${id} (${trainer}) is live, ${primary} ${figure(metrics[primary])}${beside.length > 0 ? ` beside ${beside.join(', ')}` : ''}`;
}
