/**
 * What an operator reads of streams at night, beyond what they say where it happens: dead letters, summed up so that a flood of them
 * is a line now and then; batches that were undone; that a stream goes on again. Names streams, counts and codes; never an event.
 */
import type { Logger } from 'pino';
import type { StreamName } from '../domain/events';
import { NOBODY, type StreamObserver } from './observer';

export interface StreamLogOptions {
  log: Logger;
  /** What comes often is told at once, then summed up for so long. @default 30_000 */
  intervalMillis?: number;
}

export class StreamLog {
  readonly observer: StreamObserver;
  private readonly deadLetters = new Map<StreamName, Summary>();
  private readonly awaited: Summary;
  /** By the code of what holds it up. */
  private readonly held = new Map<StreamName, string | undefined>();
  private crashed = false;

  constructor(private readonly options: StreamLogOptions) {
    const { log } = options;
    this.awaited = this.summary((counts) => log.info(counts, 'transactions that waited for a model are scored'));
    this.observer = {
      ...NOBODY,
      onBatch: ({ stream, deadLetters }) => {
        this.goesOn(stream);
        this.count(stream, deadLetters);
      },
      onError: (stream, error) => {
        if (stream) this.held.set(stream, (error as { code?: string }).code);
      },
      onStoreAnswered: (stream) => {
        // Also where nothing comes that could be committed.
        if (this.held.get(stream) === 'DATABASE_UNAVAILABLE') this.goesOn(stream);
      },
      onAwaitedScored: (scores, alerts) => this.awaited.add({ scores, alerts }),
      onCommitRefused: (stream) =>
        log.warn({ stream }, 'a batch was undone: its position was moved meanwhile; reading goes on from there'),
      onCrash: (error) => {
        this.crashed = true;
        log.error({ reason: (error as Error).message }, 'the consumer died; another one is made');
      },
      onAssigned: () => {
        if (this.crashed) log.info('a new consumer has joined the group');
        this.crashed = false;
      },
    };
  }

  /** Tells what is untold. Twice without harm. */
  close(): void {
    for (const each of [...this.deadLetters.values(), this.awaited]) each.close();
  }

  private goesOn(stream: StreamName): void {
    if (this.held.delete(stream)) this.options.log.info({ stream }, 'the stream goes on');
  }

  private count(stream: StreamName, codes: Readonly<Record<string, number>>): void {
    if (Object.keys(codes).length === 0) return;
    const known = this.deadLetters.get(stream);
    const letters =
      known ??
      this.summary((counts) =>
        this.options.log.warn({ stream, ...counts }, 'records were refused: kindred dead-letters shows them'),
      );
    this.deadLetters.set(stream, letters);
    letters.add(codes);
  }

  private summary(tell: (counts: Readonly<Record<string, number>>) => void): Summary {
    return new Summary(this.options.intervalMillis ?? 30_000, tell);
  }
}

/** Tells the first counts at once, then their sums now and then. */
class Summary {
  private untold?: Record<string, number>;
  private timer?: NodeJS.Timeout;

  constructor(
    private readonly intervalMillis: number,
    private readonly tell: (counts: Readonly<Record<string, number>>) => void,
  ) {}

  add(counts: Readonly<Record<string, number>>): void {
    this.untold ??= {};
    for (const [name, count] of Object.entries(counts)) this.untold[name] = (this.untold[name] ?? 0) + count;
    if (!this.timer) this.tellNow();
  }

  close(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.flush();
  }

  private tellNow(): void {
    this.flush();
    this.timer = setTimeout(() => {
      this.timer = undefined;
      if (this.untold) this.tellNow();
    }, this.intervalMillis);
    this.timer.unref();
  }

  private flush(): void {
    const { untold } = this;
    this.untold = undefined;
    if (untold) this.tell(untold);
  }
}
