/**
 * `kindred up`, which `npm start` runs: opens the store, fills an empty one with the demo community, trains and promotes what
 * is missing, serves, and shows three questions with their answers. Each step looks at what is there already, so that a
 * start that was interrupted, even killed, goes on where it was, and a second one goes straight to serving.
 */
import { Command } from 'commander';
import { communityBatches, imagineCommunity } from '../demo/community';
import { chooseExamples } from '../demo/examples';
import type { Model } from '../domain/model';
import { KindredError } from '../errors';
import { exampleQuestions, showAnswers } from './examples';
import { figure } from './model-text';
import { requirePort } from './port';
import { untilAborted } from './serve';
import { type Session, type StoreOptions, withApp, withStoreOption } from './session';
import { number } from './terminal';
import { watchRun } from './training-options';

/** What answers which question: a trainer, its space, and the stream that it learns from. */
const MODELS = [
  { trainer: 'word2vec', space: 'items', stream: 'interactions' },
  { trainer: 'node2vec', space: 'users', stream: 'relations' },
  { trainer: 'autoencoder', space: 'accounts', stream: 'transactions' },
] as const;

export function upCommand(): Command {
  return withStoreOption(new Command('up'))
    .description('open the store, fill an empty one with the simulated demo community, train, promote and serve')
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

async function up(options: StoreOptions): Promise<void> {
  await withApp(options, async (session) => {
    const { app, config, terminal, signal } = session;
    await requirePort(config);
    await fill(session);
    for (const wanted of MODELS) await provide(wanted, session);
    const { url } = await app.start();
    await showAnswers(await exampleQuestions(session), url, session);
    terminal.say('');
    terminal.say(`${terminal.bold(`GraphQL at ${url}`)}; Ctrl-C stops`);
    await untilAborted(signal);
  });
}

async function fill({ app, config, terminal, signal }: Session): Promise<void> {
  const { simulation } = app.services;
  const content = await simulation.content();
  if (content.kind === 'own') return;
  const where = config.databaseUrl ? 'the database' : config.dataDir;
  if (content.kind === 'empty' || content.note.told === 'partly') {
    terminal.say(
      content.kind === 'empty'
        ? `The store (${where}) is empty: filling it with the demo community.`
        : `The demo community in ${where} is told in part: telling the rest.`,
    );
    const progress = terminal.progress('simulate a community');
    try {
      const community = imagineCommunity();
      const batches = [...communityBatches(community)];
      const total = batches.reduce((sum, batch) => sum + batch.records.length, 0);
      const { batchSize: _, ...made } = community.options;
      const told = await simulation.tell({
        note: {
          about: ABOUT,
          options: { ...made, endsAt: made.endsAt.toISOString() },
          examples: chooseExamples(community),
        },
        batches,
        signal,
        onTold: (stream, done) => progress.report({ phase: stream, done, total }),
      });
      progress.finish(`${number(told)} records`);
    } catch (error) {
      progress.abandon();
      throw error;
    }
  }
  terminal.say(ABOUT);
}

const ABOUT =
  'Everything in this store is simulated: people, items, friendships, payments and frauds are invented by a seeded program.';

/** Sees to it that the space has a live model, if there is anything to learn from. */
async function provide(wanted: (typeof MODELS)[number], session: Session): Promise<void> {
  const { app, terminal } = session;
  const { registry, training, catalogue } = app.services;
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
  if (((await catalogue.counts())[wanted.stream] ?? 0) === 0)
    return terminal.say(`space ${wanted.space}: no ${wanted.stream} to learn from yet`);
  const running = await training.start({ trainer: wanted.trainer, promote: true });
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
