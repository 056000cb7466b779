/**
 * The log: JSON lines on stderr (stdout belongs to data), or, where stderr is a terminal, the same as lines for people. What is
 * logged names places, counts and codes; never what an event says, and never a secret.
 */
import { Writable } from 'node:stream';
import pino, { type LevelWithSilent, type Logger } from 'pino';

export interface LogOptions {
  logLevel: LevelWithSilent;
  /** Lines for people in place of JSON. @default whether stderr is a terminal */
  readable?: boolean;
}

export function openLog({ logLevel, readable = process.stderr.isTTY === true }: LogOptions): Logger {
  const destination = readable ? readableLines(process.stderr) : pino.destination({ dest: 2, sync: true });
  return pino({ level: logLevel, name: 'kindred', base: undefined, serializers: { err: errorText } }, destination);
}

/** A database's error also quotes the row that it refused: that is left out. */
function errorText(error: Error): Record<string, unknown> {
  const { type, message, stack, code } = pino.stdSerializers.err(error);
  return { type, message, code, stack };
}

/** Told otherwise, or of no use to somebody who looks on. */
const LEFT_OUT: ReadonlySet<string> = new Set(['level', 'time', 'name', 'msg', 'err', 'part']);

/** Turns pino's JSON lines into `09:12:03 warn  streams: what happened  topic=kindred.labels partition=3`. */
function readableLines(to: NodeJS.WritableStream): Writable {
  return new Writable({
    decodeStrings: false,
    write: (line: string | Buffer, _encoding, done) => {
      to.write(readableLine(String(line)));
      done();
    },
  });
}

export function readableLine(line: string): string {
  const entry = JSON.parse(line) as Record<string, unknown>;
  const { level, time, msg, err, part } = entry as {
    level: number;
    time: number;
    msg?: string;
    err?: unknown;
    part?: string;
  };
  const facts = Object.entries(entry)
    .filter(([name]) => !LEFT_OUT.has(name))
    .map(([name, value]) => ` ${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const clock = new Date(time).toISOString().slice(11, 19);
  const text = `${clock} ${(pino.levels.labels[level] ?? String(level)).padEnd(5)} ${part ? `${part}: ` : ''}${msg ?? ''}`;
  const failure = err as { message?: string; stack?: string; code?: string } | undefined;
  const lines = [
    `${text}${facts.length > 0 ? ' ' : ''}${facts.join('')}`,
    ...(failure ? (failure.stack ?? failure.message ?? '').split('\n').map((each) => `    ${each}`) : []),
  ];
  return lines.map((each) => `${withoutControls(each)}\n`).join('');
}

/** Names and reasons may come from strangers: what would command the terminal is shown as an escape. */
const withoutControls = (text: string): string =>
  text.replace(/[\p{Cc}\u2028\u2029]/gu, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
