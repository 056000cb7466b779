/** Tells the log when a stream has fallen behind, how it does meanwhile, and when it has caught up. */
import type { Logger } from 'pino';
import { STREAMS, type StreamName } from '../domain/events';
import type { IntakeStatus } from '../services/stream-status';

export interface BacklogWatchOptions {
  /** How a stream stands. */
  intakes(): Promise<ReadonlyMap<StreamName, IntakeStatus>>;
  log: Logger;
  /** @default 10_000 */
  intervalMillis?: number;
}

/** Behind from so many records on, and caught up below so many: between the two nothing is said. */
const BEHIND_RECORDS = 10_000;
const CAUGHT_UP_RECORDS = 1_000;
/** How often it is said that a stream is still behind. */
const REMIND_MILLIS = 300_000;

export class BacklogWatch {
  private readonly toldAt = new Map<StreamName, number>();
  private timer?: NodeJS.Timeout;
  private looking = false;

  constructor(private readonly options: BacklogWatchOptions) {}

  start(): void {
    this.timer = setInterval(() => void this.look(), this.options.intervalMillis ?? 10_000);
    this.timer.unref();
  }

  /** Twice without harm. */
  stop(): void {
    clearInterval(this.timer);
  }

  /** Never rejects. */
  async look(): Promise<void> {
    if (this.looking) return;
    this.looking = true;
    try {
      const intakes = await this.options.intakes();
      for (const stream of STREAMS) this.judge(stream, intakes.get(stream));
    } catch (error) {
      // What is down is told by those who work with it.
      this.options.log.debug({ reason: (error as Error).message }, 'how far behind streams are is not known');
    } finally {
      this.looking = false;
    }
  }

  private judge(stream: StreamName, intake: IntakeStatus | undefined): void {
    if (intake?.lag === undefined) return;
    const { lag, rate } = intake;
    const toldAt = this.toldAt.get(stream);
    const facts = { stream, lag, rate: Math.round(rate) };
    if (toldAt !== undefined && lag < CAUGHT_UP_RECORDS) {
      this.toldAt.delete(stream);
      this.options.log.info(facts, 'the stream has caught up');
    } else if (lag >= BEHIND_RECORDS && (toldAt === undefined || Date.now() - toldAt >= REMIND_MILLIS)) {
      this.toldAt.set(stream, Date.now());
      this.options.log.info(facts, toldAt === undefined ? 'the stream is behind' : 'the stream is still behind');
    }
  }
}
