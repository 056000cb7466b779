/**
 * Carries the outbox to Kafka: woken by every commit of this process that put something in, and looking every second for what
 * others left. A message is deleted once every in-sync replica has it, so one that was sent and whose acknowledgement was lost
 * goes out again, under the same id. A topic that does not take its messages rests, longer each time; they stay, and the others' go.
 */
import type { Logger } from 'pino';
import { errorFacts } from '../errors';
import type { Outbox, OutboxMessage } from '../services/outbox';
import { Backoff, pause } from './backoff';
import type { Kafka, KafkaProducer } from './kafka/port';
import { NOBODY, type StreamObserver } from './observer';

export interface OutboxRelayParts {
  kafka: Pick<Kafka, 'producer'>;
  outbox: Outbox;
  log: Logger;
  observer?: Pick<StreamObserver, 'onRelayed' | 'onError'>;
}

/** By which a repeat of a message is known. */
export const ID_HEADER = 'kindred.id';

/** For what another process put in and did not live to send. */
const LOOK_EVERY_MILLIS = 1_000;
const TELL_AGAIN_MILLIS = 60_000;
const BACKOFF = { firstMillis: 500, longestMillis: 30_000 };
/** What a stop waits for the rest to go out; what is left goes with the next process. */
const LAST_DRAIN_MILLIS = 5_000;

export class OutboxRelay {
  private readonly stopping = new AbortController();
  private readonly backoff = new Backoff(BACKOFF);
  private readonly observer: Pick<StreamObserver, 'onRelayed' | 'onError'>;
  private running?: Promise<void>;
  /** Whether the store did not answer. */
  private troubled = false;
  private readonly resting = new Map<string, { until: number; tellAt: number; readonly backoff: Backoff }>();
  /** Whether something was put in since the last look. */
  private pending = true;
  private wake: () => void = () => undefined;

  constructor(private readonly parts: OutboxRelayParts) {
    this.observer = parts.observer ?? NOBODY;
  }

  /** Works in the background until `stop`. Twice without harm. */
  start(): void {
    this.running ??= this.run();
  }

  /** Sends what it can in a few seconds, then ends. Twice without harm. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.wake();
    await this.running;
  }

  private async run(): Promise<void> {
    const producer = this.parts.kafka.producer();
    const stopListening = this.parts.outbox.onCommitted(() => {
      this.pending = true;
      this.wake();
    });
    try {
      while (!this.stopping.signal.aborted) await this.turn(producer);
      const until = Date.now() + LAST_DRAIN_MILLIS;
      while (!this.troubled && Date.now() < until && (await this.send(producer)) > 0);
    } finally {
      stopListening();
      await producer.close();
    }
  }

  private async turn(producer: KafkaProducer): Promise<void> {
    this.pending = false;
    const sent = await this.send(producer);
    // A commit does not end the waiting for a store that is away.
    if (this.troubled) await pause(this.backoff.nextMillis(), this.stopping.signal);
    else if (sent === 0 && !this.pending) await this.nextLook();
  }

  /** @returns messages sent; 0 when it could not, too */
  private async send(producer: KafkaProducer): Promise<number> {
    const { outbox, log } = this.parts;
    const now = performance.now();
    const except = [...this.resting].filter(([, { until }]) => until > now).map(([topic]) => topic);
    try {
      const { published, failed } = await outbox.drain((topic, messages) => this.publish(producer, topic, messages), {
        except,
      });
      for (const [topic, error] of failed) this.rest(topic, error);
      if (this.troubled) log.info('the outbox can be read again');
      this.troubled = false;
      this.backoff.reset();
      return published;
    } catch (error) {
      this.observer.onError(undefined, error);
      if (!this.troubled) log.warn(errorFacts(error), 'the outbox cannot be read; what is in it waits');
      this.troubled = true;
      return 0;
    }
  }

  private async publish(producer: KafkaProducer, topic: string, messages: readonly OutboxMessage[]): Promise<void> {
    await producer.send(topic, messages.map(asOutgoing));
    this.observer.onRelayed(topic, messages.length);
    if (this.resting.delete(topic)) this.parts.log.info({ topic }, 'what waited in the outbox leaves for Kafka again');
  }

  private rest(topic: string, error: unknown): void {
    this.observer.onError(undefined, error);
    const known = this.resting.get(topic);
    const backoff = known?.backoff ?? new Backoff(BACKOFF);
    const now = performance.now();
    const isToTell = now >= (known?.tellAt ?? 0);
    const tellAt = isToTell ? now + TELL_AGAIN_MILLIS : known!.tellAt;
    this.resting.set(topic, { until: now + backoff.nextMillis(), tellAt, backoff });
    if (isToTell)
      this.parts.log.warn(
        { topic, ...errorFacts(error) },
        'a topic does not take what the outbox has for it; it waits there until it does',
      );
  }

  private nextLook(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(done, LOOK_EVERY_MILLIS);
      this.wake = done;
      if (this.stopping.signal.aborted) done();
    });
  }
}

const asOutgoing = ({ id, key, content }: OutboxMessage) => ({ key, value: content, headers: { [ID_HEADER]: id } });
