/**
 * What an operator reads of streams at night, beyond what they say where it happens: dead letters, summed up so that a flood of them
 * is a line now and then; batches that were undone; that a stream goes on again. Names streams, counts and codes; never an event.
 */
import type { Logger } from 'pino';
import type { StreamName } from '../domain/events';
import { NOBODY, type StreamObserver } from './observer';

export interface StreamLogOptions {
  log: Logger;
  /** Dead letters of a stream are told at once, then summed up for so long. @default 30_000 */
  intervalMillis?: number;
}

export class StreamLog {
  readonly observer: StreamObserver;
  private readonly untold = new Map<StreamName, Record<string, number>>();
  private readonly timers = new Map<StreamName, NodeJS.Timeout>();
  /** By the code of what holds it up. */
  private readonly held = new Map<StreamName, string | undefined>();
  private crashed = false;

  constructor(private readonly options: StreamLogOptions) {
    const { log } = options;
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
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.timers.clear();
    for (const stream of this.untold.keys()) this.tell(stream);
  }

  private goesOn(stream: StreamName): void {
    if (this.held.delete(stream)) this.options.log.info({ stream }, 'the stream goes on');
  }

  private count(stream: StreamName, deadLetters: Readonly<Record<string, number>>): void {
    const entries = Object.entries(deadLetters);
    if (entries.length === 0) return;
    const untold = this.untold.get(stream) ?? {};
    for (const [code, count] of entries) untold[code] = (untold[code] ?? 0) + count;
    this.untold.set(stream, untold);
    if (!this.timers.has(stream)) this.tellNow(stream);
  }

  private tellNow(stream: StreamName): void {
    this.tell(stream);
    const timer = setTimeout(() => {
      this.timers.delete(stream);
      if (this.untold.has(stream)) this.tellNow(stream);
    }, this.options.intervalMillis ?? 30_000);
    timer.unref();
    this.timers.set(stream, timer);
  }

  private tell(stream: StreamName): void {
    const codes = this.untold.get(stream);
    this.untold.delete(stream);
    if (codes) this.options.log.warn({ stream, ...codes }, 'records were refused: kindred dead-letters shows them');
  }
}
