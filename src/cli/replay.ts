/** `kindred replay`: reads a range of a topic again, into tables beside the live ones. `kindred replays`: lists and removes such. */
import { Command } from 'commander';
import type { ListedReplay, ReplayReject, ReplayStatus } from '../domain/replay';
import { CancelledError } from '../errors';
import { openLog } from '../log';
import type { ReplayComparison } from '../services/replay';
import { requireKafka } from './kafka-session';
import { figure, table } from './model-text';
import { type Session, type StoreOptions, withApp, withStoreOption } from './session';
import { number, seconds as secondsText } from './terminal';

interface ReplayVerbOptions extends StoreOptions {
  from: string;
  to?: string;
  model?: string;
  into?: string;
  json?: boolean;
}

/** Rejected records shown at the terminal; `--json` has all that are kept. */
const SHOWN_REJECTS = 10;

export function replayCommand(): Command {
  return withStoreOption(new Command('replay'))
    .description('read a range of a topic again, into tables beside the live ones; with a model, score it there')
    .argument('<topic>', 'a topic that Kindred takes in, or its stream: kindred.transactions, transactions')
    .requiredOption('--from <offset|time>', 'where to begin: an offset (of each partition), a time, or earliest')
    .option('--to <offset|time>', 'where to end, not included (default: the end as it is now)')
    .option('--model <id>', 'score the transactions with this version, live or not')
    .option('--into <name>', 'name of the result (default: the stream and the time)')
    .option('--json', 'one JSON object')
    .addHelpText('after', HELP)
    .action(replay);
}

const HELP = `
The result is in a Postgres schema of its own, replay_<name>: the stream's table rebuilt by the rules of live intake and, with
--model, the table fraud_scores. Live tables and positions, topics and consumer groups are only read. With --model, all
that the live table has besides is history; labels are the live ones.

Interrupted, even killed, the same command with the same --into goes on where it stopped. Records that live intake would send to the
dead letters are counted and listed; they are sent nowhere.

Examples:
  kindred replay items --from earliest --into items_again
  kindred replay transactions --from 2026-11-01 --to 2026-11-08 --model accounts-2 --into what_if
  kindred replays
  kindred replays drop what_if`;

export function replaysCommand(): Command {
  const drop = withStoreOption(new Command('drop'))
    .description('remove a replay: its schema with all tables')
    .argument('<name>', 'as `kindred replays` lists it')
    .action(dropReplay);
  return withStoreOption(new Command('replays'))
    .description('list the replays with their size, newest first; replays drop <name> removes one')
    .option('--json', 'one JSON array')
    .addHelpText('after', '\nExamples:\n  kindred replays\n  kindred replays --json\n  kindred replays drop what_if')
    .action(listReplays)
    .addCommand(drop);
}

async function replay(topic: string, options: ReplayVerbOptions): Promise<void> {
  await withApp(options, async (session) => {
    const { app, config, terminal, signal } = session;
    const settings = requireKafka(config);
    // Loaded here, so that `kindred --help` does not wait for the client.
    const { openKafka } = await import('../streaming/kafka/kafkajs');
    const { runReplay } = await import('../streaming/replay');
    const kafka = openKafka(settings, openLog(config).child({ part: 'kafka' }));
    const { replays } = app.services;
    const name = options.into ?? defaultName(topic);
    const { from, to, model: modelId } = options;
    const startedAt = Date.now();
    const progress = new ReplayProgress(name, session);
    try {
      const status = await runReplay(
        { name, topic, from, to, modelId },
        {
          kafka,
          settings,
          replays,
          signal,
          onNote: (sentence) => terminal.say(sentence),
          onRead: ({ done, total, rejected }) => progress.report('read', { done, total, rejected }),
          onScored: ({ done, total }) => progress.report('score', { done, total }),
        },
      );
      progress.finish();
      const outcome = { status, comparison: await replays.compare(status), rejects: await replays.rejects(name) };
      await tellOutcome(outcome, { seconds: (Date.now() - startedAt) / 1_000, session, json: options.json ?? false });
    } catch (error) {
      progress.abandon();
      if (error instanceof CancelledError)
        terminal.say(`What was read is kept; go on with --into ${name}, or remove it: kindred replays drop ${name}`);
      throw error;
    }
  });
}

/** The stream and the minute: `transactions_20261101_0930`. */
function defaultName(topic: string): string {
  const stream = topic
    .slice(topic.lastIndexOf('.') + 1)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_');
  const now = new Date().toISOString();
  return `${stream}_${now.slice(0, 10).replaceAll('-', '')}_${now.slice(11, 19).replaceAll(':', '')}`;
}

/** One bar or one row of lines for each of the two parts, with rate and what remains. */
class ReplayProgress {
  private part?: 'read' | 'score';
  private progress?: ReturnType<Session['terminal']['progress']>;
  private startedAt = 0;
  private doneBefore = 0;
  private outcome = '';

  constructor(
    private readonly name: string,
    private readonly session: Session,
  ) {}

  report(
    part: 'read' | 'score',
    { done, total, rejected = 0 }: { done: number; total: number; rejected?: number },
  ): void {
    if (part !== this.part) {
      this.finish();
      this.part = part;
      this.progress = this.session.terminal.progress(`${part === 'read' ? 'replay' : 'score'} ${this.name}`);
      this.startedAt = Date.now();
      this.doneBefore = done;
    }
    const rate = (done - this.doneBefore) / Math.max((Date.now() - this.startedAt) / 1_000, 0.001);
    const remaining = rate > 0 ? `, ${secondsText((1_000 * (total - done)) / rate)} remain` : '';
    this.outcome = `${number(done)} ${part === 'read' ? 'records' : 'scores'}`;
    const refused = rejected > 0 ? `, ${number(rejected)} rejected` : '';
    this.progress?.report({
      phase: `${this.outcome}${refused}, ${number(Math.round(rate))}/s${remaining}`,
      done,
      total,
    });
  }

  finish(): void {
    this.progress?.finish(this.outcome);
  }

  abandon(): void {
    this.progress?.abandon();
  }
}

interface Outcome {
  status: ReplayStatus;
  comparison: ReplayComparison;
  rejects: readonly ReplayReject[];
}

async function tellOutcome(
  { status, comparison, rejects }: Outcome,
  { seconds, session: { terminal }, json }: { seconds: number; session: Session; json: boolean },
): Promise<void> {
  const schema = `replay_${status.name}`;
  if (json) {
    await terminal.data(`${JSON.stringify({ ...status, schema, ...comparison, rejects, seconds })}\n`);
    return;
  }
  const { rows, scores } = comparison;
  await terminal.data(
    `${schema}: ${number(status.records)} records of ${status.topic}, ${number(status.duplicates)} duplicates, ` +
      `${number(status.rejected)} rejected${lostText(status)}\n` +
      `beside the live table: ${number(rows.rows)} rows, ${number(rows.same)} the same, ${number(rows.different)} different, ` +
      `${number(rows.missing)} not there\n`,
  );
  if (scores)
    await terminal.data(
      `beside the live scores: ${number(scores.scores)} scores by ${status.modelId}, ${number(scores.compared)} compared, ` +
        `${number(scores.decisionsChanged)} decisions changed (${number(scores.alertsGained)} alerts gained, ` +
        `${number(scores.alertsLost)} lost), mean absolute difference ${figureOrNone(scores.meanAbsoluteDifference)}, ` +
        `correlation ${figureOrNone(scores.correlation)}\n`,
    );
  for (const { partition, offset, code, field, reason } of rejects.slice(0, SHOWN_REJECTS))
    terminal.say(`rejected ${status.topic}/${partition}/${offset}: ${code}${field ? ` ${field}` : ''}: ${reason}`);
  if (status.rejected > SHOWN_REJECTS)
    terminal.say(
      `… ${number(status.rejected - SHOWN_REJECTS)} more; --json lists up to ${number(rejects.length)} of them`,
    );
}

const figureOrNone = (value: number | undefined): string => (value === undefined ? 'none' : figure(value));

function lostText({ partitions }: ReplayStatus): string {
  const lost = partitions.reduce((sum, each) => sum + each.lost, 0);
  return lost > 0 ? `, ${number(lost)} offsets gone by retention` : '';
}

async function listReplays(options: StoreOptions & { json?: boolean }): Promise<void> {
  await withApp(options, async ({ app, terminal }) => {
    const replays = await app.services.replays.list();
    if (options.json) return terminal.data(`${JSON.stringify(replays)}\n`);
    if (replays.length === 0) return terminal.say('There are no replays.');
    await terminal.data(
      table(
        ['name', 'topic', 'range', 'model', 'state', 'records', 'rejected', 'size', 'begun (UTC)'],
        replays.map(listRow),
      ),
    );
  });
}

function listRow(each: ListedReplay): string[] {
  return [
    each.name,
    each.topic,
    `${each.from} to ${each.to}`,
    each.modelId ?? '',
    each.state === 'done' ? 'done' : `${each.state}, not finished`,
    number(each.records),
    number(each.rejected),
    `${(each.bytes / 2 ** 20).toFixed(1)} MB`,
    each.startedAt.toISOString().slice(0, 19),
  ];
}

async function dropReplay(name: string, _own: StoreOptions, command: Command): Promise<void> {
  // `--data-dir` may stand before or after `drop`; commander gives it to whichever it stands beside.
  await withApp(command.optsWithGlobals<StoreOptions>(), async ({ app, terminal }) => {
    await app.services.replays.drop(name);
    terminal.say(`The replay "${name}" is gone.`);
  });
}
