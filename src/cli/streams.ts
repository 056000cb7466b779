/** `kindred streams`: how far each topic is read, how far that is behind, and what went wrong last. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Command, InvalidArgumentError } from 'commander';
import { STREAMS } from '../domain/events';
import { InputError, KindredError } from '../errors';
import type { IntakeStatus, OutputFacts, PartitionStatus } from '../services/stream-status';
import { type Cell, printable, table } from './model-text';
import { type Session, type StoreOptions, withApp, withStoreOption } from './session';
import { number } from './terminal';

interface StreamsOptions extends StoreOptions {
  json?: boolean;
  /** Seconds between two looks, or true where that was not said. */
  watch?: true | number;
  setPosition?: Place[];
}

interface Place {
  topic: string;
  partition: number;
  to: 'earliest' | 'latest' | number;
}

const WATCH_SECONDS = 2;
const HOME_AND_CLEAR = '\u001b[H\u001b[J';

export function streamsCommand(): Command {
  return withStoreOption(new Command('streams'))
    .description('how far each topic is read and how far behind, with rates, dead letters and the last error')
    .option('--json', 'one JSON object: streams with their partitions, and outputs')
    .option('--watch [seconds]', 'look again every so often (on a terminal: every 2 s)', parseSeconds)
    .option(
      '--set-position <topic/partition=where>',
      'read on from elsewhere: earliest, latest or an offset; may be repeated',
      collectPlace,
    )
    .addHelpText(
      'after',
      `
Positions are Kindred's own: they move in the transaction that stores the records up to them. Lag is counted from them to the end of
the partition; where Kafka does not answer it is left open. Records are counted up to 50,000, beyond that estimated (~).

--set-position is safe while Kindred reads: a batch under way from the old position is undone, and reading goes on from the new one.
What lies between is read again, which adds nothing twice, or is passed over: only what Kafka still has can be read later.

Examples:
  kindred streams
  kindred streams --watch
  kindred streams --json | jq '.streams[].lag'
  kindred streams --set-position kindred.transactions/3=earliest`,
    )
    .action(streams);
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (seconds >= 0.5 && seconds <= 3_600) return seconds;
  throw new InvalidArgumentError('It should be seconds, 0.5 to 3600.');
}

export function collectPlace(text: string, before: Place[] = []): Place[] {
  const [, topic, partition, where] = /^([\w.-]+)\/(\d+)=(earliest|latest|\d+)$/.exec(text) ?? [];
  if (
    topic === undefined ||
    !Number.isSafeInteger(Number(partition)) ||
    (/\d/.test(where) && !Number.isSafeInteger(Number(where)))
  )
    throw new InvalidArgumentError(
      'It should look like topic/partition=where, as in kindred.transactions/3=earliest; where is earliest, latest or an offset.',
    );
  const to = where === 'earliest' || where === 'latest' ? where : Number(where);
  return [...before, { topic, partition: Number(partition), to }];
}

async function streams(options: StreamsOptions): Promise<void> {
  if (options.watch === true && !process.stdout.isTTY)
    throw new InputError('watch', 'Off a terminal, how often to look must be said.', {
      remedy: 'Say the seconds: --watch 10',
    });
  await withApp(options, async (session) => {
    if (options.setPosition) await setPositions(options.setPosition, session);
    else if (options.watch === undefined) await tell(options, session);
    else await watch(options.watch === true ? WATCH_SECONDS : options.watch, options, session);
  }).catch((error: unknown) => {
    throw error instanceof KindredError && error.code === 'DATA_DIR_LOCKED' ? heldByServer(error) : error;
  });
}

/** The embedded store has one process, which is the one to ask. */
function heldByServer(error: KindredError): KindredError {
  return new KindredError(error.code, error.message, {
    cause: error,
    facts: error.facts,
    remedy:
      'Ask the process that has it, over GraphQL: { streams { stream topic lag rate deadLetters lastError } streamOutputs { outboxMessages awaitingScores } }',
  });
}

async function setPositions(places: readonly Place[], { app, terminal }: Session): Promise<void> {
  for (const { topic, partition, to } of places) {
    const { before, after } = await app.services.streamStatus.moveTo(topic, partition, to);
    const passed = before === undefined ? 0 : after - before;
    const offsets = `${number(Math.abs(passed))} ${Math.abs(passed) === 1 ? 'offset' : 'offsets'}`;
    const what = passed === 0 ? '' : `; ${offsets} ${passed > 0 ? 'passed over' : 'read again'}`;
    await terminal.data(`${topic}/${partition}: from ${before ?? 'the beginning'} to ${after}${what}\n`);
  }
}

async function watch(seconds: number, options: StreamsOptions, session: Session): Promise<void> {
  const redraw = process.stdout.isTTY === true && !options.json;
  while (!session.signal.aborted) {
    await tell(options, session, redraw ? HOME_AND_CLEAR : '').catch(async (error: unknown) => {
      // Who watches wants to see it come back.
      if (!(error instanceof KindredError && error.retriable)) throw error;
      session.terminal.say(`${new Date().toISOString().slice(11, 19)} ${error.message}`);
    });
    await sleep(seconds * 1_000, undefined, { signal: session.signal }).catch((error: Error) => {
      if (error.name !== 'AbortError') throw error;
    });
  }
}

interface StreamLine extends IntakeStatus {
  stream: string;
  stored: number;
  storedExact: boolean;
}

async function tell({ json }: StreamsOptions, { app, terminal }: Session, before = ''): Promise<void> {
  const { streamStatus } = app.services;
  const look = streamStatus.look();
  const outputs = await streamStatus.outputs();
  const lines: StreamLine[] = [];
  for (const stream of STREAMS) {
    const { rows, exact } = await look.count(stream);
    lines.push({ stream, stored: rows, storedExact: exact, ...(await look.intake(stream)) });
  }
  if (json) return terminal.data(`${JSON.stringify({ at: new Date(), streams: lines, outputs })}\n`);
  await terminal.data(before + streamsText(lines, outputs, new Date()));
}

export function streamsText(lines: readonly StreamLine[], outputs: OutputFacts, now: Date): string {
  const consumed = lines.some(({ topic }) => topic !== undefined);
  if (!consumed) {
    const stored = table(
      ['stream', 'records'],
      lines.map((line) => [line.stream, storedText(line)]),
    );
    return `${stored}\nNo Kafka is configured (KAFKA_BROKERS): records come by ingest and GraphQL only.\n`;
  }
  const head = ['topic', 'partition', 'position', 'end', 'lag', 'rate/s', 'dead letters', 'last error'];
  const rows = lines.flatMap((line) => [totalRow(line), ...line.partitions.map((each) => partitionRow(each, now))]);
  const stored = lines.map((line) => `${line.stream} ${storedText(line)}`).join(', ');
  const { outboxMessages, outboxOldestAt, awaitingScores } = outputs;
  const kafkaError = lines.find((line) => line.kafkaError !== undefined)?.kafkaError;
  return [
    withNumbersRight(head, rows),
    `\nin the store: ${stored}\n`,
    `outbox: ${number(outboxMessages)} messages${outboxOldestAt ? `, the oldest ${ago(outboxOldestAt, now)}` : ''}; `,
    `awaiting a model: ${number(awaitingScores)} transactions\n`,
    ...(kafkaError === undefined ? [] : [`\nwarning: ${printable(kafkaError)} Ends and lags are left open.\n`]),
  ].join('');
}

/** From the position to the dead letters: numbers with separators, which line up at their right end. */
const NUMBERS = { from: 1, to: 6 } as const;

function withNumbersRight(head: readonly string[], rows: readonly Cell[][]): string {
  const widths = head.map((title, at) => Math.max(title.length, ...rows.map((row) => String(row[at] ?? '').length)));
  const aligned = (row: readonly Cell[]): string[] =>
    row.map((cell, at) => {
      const text = String(cell ?? '');
      return at >= NUMBERS.from && at <= NUMBERS.to ? text.padStart(widths[at]) : text;
    });
  return table(aligned(head), rows.map(aligned));
}

const storedText = ({ stored, storedExact }: StreamLine): string => `${storedExact ? '' : '~'}${number(stored)}`;

const OPEN = '?';
const counted = (value: number | undefined): string => (value === undefined ? OPEN : number(value));

function totalRow({ topic, partitions, lag, rate, deadLetters }: StreamLine): Cell[] {
  const note = partitions.length === 0 ? 'not there yet' : '';
  return [
    topic,
    'all',
    '',
    '',
    partitions.length === 0 ? '' : counted(lag),
    rate.toFixed(1),
    number(deadLetters),
    note,
  ];
}

function partitionRow(each: PartitionStatus, now: Date): Cell[] {
  const { partition, position, end, lag, rate, deadLetters, lastError, lastErrorAt } = each;
  const error =
    lastError === undefined ? '' : `${lastErrorAt ? `${ago(lastErrorAt, now)}: ` : ''}${shortened(lastError)}`;
  const from = position === undefined ? '-' : number(position);
  return ['', partition, from, counted(end), counted(lag), rate.toFixed(1), number(deadLetters), error];
}

const ERROR_WIDTH = 100;

const shortened = (text: string): string => (text.length > ERROR_WIDTH ? `${text.slice(0, ERROR_WIDTH - 1)}…` : text);

function ago(time: Date, now: Date): string {
  const seconds = Math.max(0, Math.round((now.getTime() - time.getTime()) / 1_000));
  if (seconds < 120) return `${seconds} s ago`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min ago`;
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h ago` : `${Math.round(seconds / 86_400)} days ago`;
}
