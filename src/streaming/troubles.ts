/** What holds a stream's partitions up, made visible: in the log, to the observer, and beside the partitions' positions. */
import type { Logger } from 'pino';
import type { StreamName } from '../domain/events';
import type { KindredError } from '../errors';
import type { StreamPositions } from '../services/stream-positions';
import type { TopicPartition } from './kafka/port';
import type { StreamObserver } from './observer';

export interface TroublesParts {
  readonly stream: StreamName;
  readonly topic: string;
  readonly positions: Pick<StreamPositions, 'recordError'>;
  readonly observer: Pick<StreamObserver, 'onError'>;
  readonly log: Pick<Logger, 'warn' | 'debug'>;
}

const TELL_AGAIN_MILLIS = 60_000;

export class Troubles {
  private newest?: { readonly message: string; readonly at: Date };
  private tellAt = 0;

  constructor(private readonly parts: TroublesParts) {}

  /** It stays after it was overcome. */
  get last(): { readonly message: string; readonly at: Date } | undefined {
    return this.newest;
  }

  /** @param homes partitions that it holds up. What an event says is not logged, so neither is SQL's detail */
  tell(error: unknown, homes: readonly TopicPartition[]): void {
    const { log, observer, positions, stream, topic } = this.parts;
    const { message, code, remedy } = error as KindredError;
    const facts = { stream, topic, partitions: homes.map(({ partition }) => partition), code, reason: message, remedy };
    // An outage is told once, and then a line a minute.
    const level = this.newest?.message === message && Date.now() < this.tellAt ? 'debug' : 'warn';
    if (level === 'warn') this.tellAt = Date.now() + TELL_AGAIN_MILLIS;
    log[level](code === undefined ? { ...facts, err: error } : facts, 'a stream is held up');
    this.newest = { message, at: new Date() };
    observer.onError(stream, error);
    if (code === 'DATABASE_UNAVAILABLE') return;
    for (const home of homes)
      positions
        .recordError(home, message)
        .catch((failure: unknown) => log.debug({ err: failure, topic }, 'a stream could not note its last error'));
  }
}
