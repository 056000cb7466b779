/**
 * Where the command line speaks: answers on stdout, everything else (progress, notes, errors) on stderr. On a terminal
 * progress is a bar; off it, plain lines now and then. Colour only on a terminal, and never where NO_COLOR is set
 * (https://no-color.org).
 */
import { type Options, Presets, SingleBar } from 'cli-progress';

export interface ProgressReport {
  /** What is being done now: `epoch 2 of 5`. */
  readonly phase?: string;
  readonly done: number;
  readonly total: number;
}

/** One piece of work whose progress is shown. */
export interface Progress {
  report(report: ProgressReport): void;
  /** Ends it with what came of it: `104,902 interactions`. */
  finish(outcome?: string): void;
  /** Ends it without success; what went wrong is told elsewhere. */
  abandon(): void;
}

export interface Terminal {
  /** Whether stderr is a terminal that can redraw a line. */
  readonly animated: boolean;
  /** Data, to stdout. Resolves when there is room for more. */
  data(text: string | Uint8Array): Promise<void>;
  /** A line for people, to stderr. */
  say(line: string): void;
  progress(title: string): Progress;
  bold(text: string): string;
  red(text: string): string;
}

export interface TerminalOptions {
  stdout?: NodeJS.WriteStream;
  stderr?: NodeJS.WriteStream;
  env?: NodeJS.ProcessEnv;
  /** Time between two plain progress lines. @default 5_000 */
  lineIntervalMillis?: number;
}

const TITLE_WIDTH = 34;

export const seconds = (millis: number): string => `${(millis / 1_000).toFixed(1)} s`;

export const number = (value: number): string => value.toLocaleString('en-US');

class PlainProgress implements Progress {
  private readonly startedAt = Date.now();
  private lastLineAt = Date.now();
  private ended = false;

  constructor(
    private readonly title: string,
    private readonly say: (line: string) => void,
    private readonly intervalMillis: number,
  ) {
    say(`${title} …`);
  }

  report({ phase, done, total }: ProgressReport): void {
    if (this.ended || Date.now() - this.lastLineAt < this.intervalMillis) return;
    this.lastLineAt = Date.now();
    const share = total > 0 ? ` ${Math.floor((100 * done) / total)} %` : '';
    this.say(`${this.title}:${share}${phase ? ` (${phase})` : ''}, ${seconds(Date.now() - this.startedAt)}`);
  }

  finish(outcome?: string): void {
    if (this.ended) return;
    this.ended = true;
    this.say(`${this.title}: ${outcome ? `${outcome}, ` : ''}${seconds(Date.now() - this.startedAt)}`);
  }

  abandon(): void {
    this.ended = true;
  }
}

class BarProgress implements Progress {
  private readonly startedAt = Date.now();
  private readonly bar: SingleBar;
  private ended = false;

  constructor(
    private readonly title: string,
    private readonly stream: NodeJS.WriteStream,
  ) {
    const options: Options = {
      stream,
      format: `${title.padEnd(TITLE_WIDTH)} {bar} {percentage} %  {phase}`,
      barsize: 24,
      hideCursor: true,
      clearOnComplete: true,
      linewrap: true,
      autopadding: true,
      emptyOnZero: true,
      // Interrupts are handled in one place (interrupts.ts).
      gracefulExit: false,
    };
    this.bar = new SingleBar(options, Presets.shades_classic);
    this.bar.start(1, 0, { phase: '' });
  }

  report({ phase, done, total }: ProgressReport): void {
    if (this.ended) return;
    if (total > 0) this.bar.setTotal(total);
    this.bar.update(Math.min(done, Math.max(total, 0)), { phase: phase ?? '' });
  }

  private end(): void {
    this.ended = true;
    this.bar.stop();
  }

  finish(outcome?: string): void {
    if (this.ended) return;
    this.end();
    const took = seconds(Date.now() - this.startedAt);
    this.stream.write(`${this.title.padEnd(TITLE_WIDTH)} ${outcome ? `${outcome}, ` : ''}${took}\n`);
  }

  abandon(): void {
    if (!this.ended) this.end();
  }
}

export function openTerminal(options: TerminalOptions = {}): Terminal {
  const { stdout = process.stdout, stderr = process.stderr, env = process.env, lineIntervalMillis = 5_000 } = options;
  const animated = stderr.isTTY === true && env.TERM !== 'dumb';
  const colour = animated && (env.NO_COLOR ?? '') === '';
  const styled = (code: number, text: string): string => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);
  const say = (line: string): void => {
    stderr.write(`${line}\n`);
  };
  return {
    animated,
    data: (text) =>
      new Promise((resolve) => {
        if (stdout.write(text)) resolve();
        else stdout.once('drain', resolve);
      }),
    say,
    progress: (title) =>
      animated ? new BarProgress(title, stderr) : new PlainProgress(title, say, lineIntervalMillis),
    bold: (text) => styled(1, text),
    red: (text) => styled(31, text),
  };
}
