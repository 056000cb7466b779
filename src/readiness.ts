/**
 * Whether this process should be given work: the store answers and, where Kafka is configured, the consumer is a member of its
 * group. Asked often and by many, so it asks once at a time and waits for a moment at most.
 */
import type { Logger } from 'pino';
import { errorFacts } from './errors';
import { Inquiry, type InquiryOptions } from './streaming/inquiry';

export interface ReadinessPart {
  readonly part: 'store' | 'streams';
  readonly ready: boolean;
  /** Why it is not: one sentence, safe to show. */
  readonly reason?: string;
}

export interface ReadinessSources {
  /** Resolves when the store answers. */
  askStore(): Promise<unknown>;
  /** Where Kafka is configured: why the consumer cannot work now, or undefined when it can. */
  streamsObstacle?(): string | undefined;
  log: Logger;
  inquiry?: InquiryOptions;
}

export class Readiness {
  private readonly store: Inquiry<unknown>;
  private readonly before = new Map<ReadinessPart['part'], boolean>();

  constructor(private readonly sources: ReadinessSources) {
    this.store = new Inquiry(() => sources.askStore(), sources.inquiry);
  }

  async parts(): Promise<ReadinessPart[]> {
    const parts = [await this.storePart()];
    const { streamsObstacle } = this.sources;
    if (streamsObstacle) {
      const reason = streamsObstacle();
      parts.push({ part: 'streams', ready: reason === undefined, reason });
    }
    return parts;
  }

  private async storePart(): Promise<ReadinessPart> {
    const answer = await this.store.answer();
    if (answer.kind === 'answer') {
      this.tell('store', true);
      return { part: 'store', ready: true };
    }
    const silent = answer.kind === 'silence';
    this.tell('store', false, silent ? undefined : answer.error);
    const reason = silent ? `It has not answered for ${answer.waitedMillis / 1_000} s.` : 'It does not answer.';
    return { part: 'store', ready: false, reason };
  }

  /** A probe comes every few seconds: the log is told only of what changed. */
  private tell(part: ReadinessPart['part'], ready: boolean, error?: unknown): void {
    const before = this.before.get(part) ?? true;
    this.before.set(part, ready);
    if (before === ready) return;
    if (ready) this.sources.log.info({ part }, 'ready again');
    else
      this.sources.log.warn(
        { part, ...(error !== undefined && errorFacts(error)) },
        'not ready: the store does not answer',
      );
  }
}
