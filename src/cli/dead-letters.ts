/** `kindred dead-letters`: lists, shows and sends again the records that were refused. */
import { Command, InvalidArgumentError } from 'commander';
import type { StreamName } from '../domain/events';
import { InputError, KindredError } from '../errors';
import { type DeadLetterFilter, DeadLetterTopic } from '../streaming/dead-letter-reading';
import { type ReplayOutcome, replayDeadLetters } from '../streaming/dead-letter-replay';
import type { DeadLetter, DeadLetterRecord } from '../streaming/dead-letters';
import { inputTopic, topicsOf } from '../streaming/kafka/topics';
import { parseMoment } from './arguments';
import { parseStream } from './ingest-options';
import { type KafkaSession, withKafka } from './kafka-session';
import { printable, table } from './model-text';
import { number } from './terminal';
import { shortText, valueText } from './value-text';

interface FilterOptions {
  stream?: StreamName;
  code?: string;
  since?: Date;
  json?: boolean;
}

const MOST_LISTED = 10_000;
const REASON_WIDTH = 70;

export function deadLettersCommand(): Command {
  const verb = new Command('dead-letters')
    .description('list, show and send again the records that were refused')
    .addHelpText(
      'after',
      `
A record that cannot be decoded, is invalid or too large goes to the topic of dead letters (kindred.dead-letters), with its place,
key, reason and error; the others of its batch are taken in. Without a subcommand, the newest are listed.

Examples:
  kindred dead-letters
  kindred dead-letters list --stream transactions --code INVALID --since 2026-06-01
  kindred dead-letters show kindred.transactions/3/17
  kindred dead-letters replay kindred.transactions/3/17`,
    );
  for (const part of [listCommand(), showCommand(), replayCommand()])
    verb.addCommand(part, { isDefault: part.name() === 'list' });
  return verb;
}

function withFilter(command: Command): Command {
  return command
    .option('--stream <stream>', 'only those of this stream', parseStream)
    .option('--code <code>', 'only UNDECODABLE, INVALID or OVERSIZED ones', parseCode)
    .option('--since <time>', 'only those refused at or after this day or time', parseMoment);
}

function listCommand(): Command {
  return withFilter(new Command('list').description('the newest, newest first; a repeat is told once'))
    .option('--limit <n>', 'how many at most', parseLimit, 20)
    .option('--json', 'one JSON object a line')
    .addHelpText(
      'after',
      '\nExamples:\n  kindred dead-letters list --limit 100\n  kindred dead-letters list --code OVERSIZED --json',
    )
    .action(list);
}

function showCommand(): Command {
  return new Command('show')
    .description('everything about one: place, reason, headers and value')
    .argument('<id>', 'as listed: topic/partition/offset')
    .option('--json', 'one JSON object; key, value and headers in base64')
    .option('--raw', 'only the value, byte for byte; not to a terminal')
    .addHelpText(
      'after',
      `
Examples:
  kindred dead-letters show kindred.labels/0/4
  kindred dead-letters show kindred.labels/0/4 --raw > line.json   # mend it, then:
  kindred publish labels line.json --raw`,
    )
    .action(show);
}

function replayCommand(): Command {
  return withFilter(new Command('replay').description('send dead letters back to the topics that they came from'))
    .argument('[id...]', 'as listed: topic/partition/offset')
    .option('--all', 'all there are')
    .option('--dry-run', 'only say how many would be sent, and where')
    .option('--json', 'one JSON object: sent (by topic), refused and superseded counts')
    .addHelpText(
      'after',
      `
Each goes back with its own bytes, key and headers, and the header kindred.replayed that names the dead letter. Useful after what
refused it was changed: a limit was raised, a rule loosened, a schema mended. What is refused again becomes a new dead letter that
stands for the old one, so that --all never sends both. Without ids, what went in already is sent again as well: of interactions,
transactions, relations and labels that adds nothing; items and users have no time of their own, and an old one overwrites what came
since. Of a value above 512 KB only the beginning is kept here; it is read from its own topic, where
retention still has it, else it is not sent and the exit code is 1.

Examples:
  kindred dead-letters replay kindred.transactions/3/17
  kindred dead-letters replay --stream transactions --code OVERSIZED --dry-run
  kindred dead-letters replay --all`,
    )
    .action(replay);
}

function parseCode(text: string): string {
  const code = text.toUpperCase();
  if (['UNDECODABLE', 'INVALID', 'OVERSIZED'].includes(code)) return code;
  throw new InvalidArgumentError('It should be UNDECODABLE, INVALID or OVERSIZED.');
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= MOST_LISTED) return limit;
  throw new InvalidArgumentError(`It should be a whole number from 1 to ${MOST_LISTED}.`);
}

const topicOf = ({ kafka, settings }: KafkaSession): DeadLetterTopic =>
  new DeadLetterTopic(kafka, topicsOf(settings).deadLetters);

const filterOf = ({ stream, code, since }: FilterOptions, { settings }: KafkaSession): DeadLetterFilter => ({
  topic: stream && inputTopic(settings, stream),
  code,
  since,
});

async function list(options: FilterOptions & { limit: number }): Promise<void> {
  await withKafka(async (session) => {
    const { terminal, signal } = session;
    const { letters, complete } = await topicOf(session).newest(options.limit, filterOf(options, session), signal);
    if (options.json) for (const letter of letters) await terminal.data(`${JSON.stringify(letter)}\n`);
    else if (letters.length > 0)
      await terminal.data(table(['id', 'refused (UTC)', 'code', 'bytes', 'reason'], letters.map(row)));
    if (letters.length === 0) terminal.say('No dead letters.');
    else if (!complete) terminal.say('There are older ones: --limit shows more.');
  });
}

function row({ id, failedAt, code, bytes, reason, replayOf }: DeadLetter): (string | number)[] {
  const why = reason.length > REASON_WIDTH ? `${reason.slice(0, REASON_WIDTH - 1)}…` : reason;
  return [
    id,
    failedAt.toISOString().slice(0, 19),
    code,
    bytes,
    `${why}${replayOf === undefined ? '' : ' (sent again before)'}`,
  ];
}

async function show(id: string, options: { json?: boolean; raw?: boolean }): Promise<void> {
  if (options.raw && process.stdout.isTTY)
    throw new InputError('raw', 'The bytes of a stranger are not for a terminal.', {
      remedy: 'Send them to a file: kindred dead-letters show ID --raw > FILE',
    });
  await withKafka(async (session) => {
    const letter = await topicOf(session).find(id, session.signal);
    await session.terminal.data(
      options.raw ? (letter.value ?? '') : options.json ? `${letterJson(letter)}\n` : letterText(letter),
    );
  });
}

function letterJson({ key, value, headers, ...rest }: DeadLetterRecord): string {
  return JSON.stringify({
    ...rest,
    key: key?.toString('base64') ?? null,
    value: value?.toString('base64') ?? null,
    headers: Object.fromEntries(Object.entries(headers).map(([name, bytes]) => [name, bytes.toString('base64')])),
  });
}

function letterText(letter: DeadLetterRecord): string {
  const { id, code, reason, field, producedAt, failedAt, bytes, truncated, replayOf, key, value, headers } = letter;
  const shown = valueText(value);
  const lines = [
    `dead letter  ${id}`,
    `reason       ${code}${field === undefined ? '' : ` (${field})`}: ${reason}`,
    `produced     ${producedAt?.toISOString() ?? 'unknown'}`,
    `refused      ${failedAt.toISOString()}`,
    ...(replayOf === undefined ? [] : [`sent again   was ${replayOf} before`]),
    `key          ${shortText(key)}`,
    ...Object.entries(headers).map(([name, content]) => `header       ${name}: ${shortText(content)}`),
    `value        ${number(bytes)} bytes, ${shown.kind}${truncated ? `; only the first ${number(value?.length ?? 0)} are kept here` : ''}`,
  ];
  return `${lines.map(printable).join('\n')}\n${shown.text === '' ? '' : `\n${shown.text}\n`}`;
}

async function replay(ids: string[], options: FilterOptions & { all?: boolean; dryRun?: boolean }): Promise<void> {
  const filtered = options.stream !== undefined || options.code !== undefined || options.since !== undefined;
  if (ids.length > 0 && (options.all || filtered))
    throw new InputError('id', 'Either single dead letters are named, or all that match are meant.', {
      remedy: 'Leave out the ids, or --all, --stream, --code and --since.',
    });
  if (ids.length === 0 && !options.all && !filtered)
    throw new InputError('id', 'Nothing says which dead letters are to be sent again.', {
      remedy: 'Name them, or choose with --stream, --code and --since, or --all.',
    });
  await withKafka(async (session) => {
    const { kafka, settings, terminal, signal } = session;
    const progress = terminal.progress('replay dead letters');
    const outcome = await replayDeadLetters({
      kafka,
      letters: topicOf(session),
      inputs: topicsOf(settings).inputs,
      ids: ids.length > 0 ? ids : undefined,
      filter: filterOf(options, session),
      dryRun: options.dryRun ?? false,
      signal,
      onProgress: (sent) => progress.report({ phase: `${number(sent)} sent`, done: 0, total: 0 }),
    }).finally(() => progress.abandon());
    await tellReplay(outcome, options, session);
  });
}

async function tellReplay(
  outcome: ReplayOutcome,
  { json, dryRun }: { json?: boolean; dryRun?: boolean },
  { terminal }: KafkaSession,
): Promise<void> {
  const { sent, refused, refusals, superseded } = outcome;
  const total = Object.values(sent).reduce((sum, count) => sum + count, 0);
  if (json) await terminal.data(`${JSON.stringify({ ...outcome, dryRun: dryRun ?? false })}\n`);
  else {
    for (const [topic, count] of Object.entries(sent))
      await terminal.data(`${topic}: ${number(count)} ${dryRun ? 'would be sent' : 'sent again'}\n`);
    if (total === 0) terminal.say('Nothing to send again.');
    if (superseded > 0) terminal.say(`${number(superseded)} left out: a newer dead letter stands for each.`);
  }
  for (const { id, reason } of refusals) terminal.say(printable(`not sent: ${id}: ${reason}`));
  if (refused > 0)
    throw new KindredError('NOT_FOUND', `${number(refused)} dead letter(s) could not be sent again.`, {
      remedy: 'The reasons are listed above; the others were sent.',
      facts: { refused },
    });
}
