/**
 * Carries the outbox to Kafka: woken by every commit of this process that put something in, and looking every second for what
 * others left. A message is deleted once every in-sync replica has it, so one that was sent and whose acknowledgement was lost
 * goes out again, under the same id. Where Kafka does not take messages, they stay, and the relay tries less and less often.
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
const BACKOFF = { firstMillis: 500, longestMillis: 30_000 };
/** What a stop waits for the rest to go out; what is left goes with the next process. */
const LAST_DRAIN_MILLIS = 5_000;

export class OutboxRelay {
  private readonly stopping = new AbortController();
  private readonly backoff = new Backoff(BACKOFF);
  private readonly observer: Pick<StreamObserver, 'onRelayed' | 'onError'>;
  private running?: Promise<void>;
  private troubled = false;
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
    // A commit does not end the waiting for a broker that is away.
    if (this.troubled) await pause(this.backoff.nextMillis(), this.stopping.signal);
    else if (sent === 0 && !this.pending) await this.nextLook();
  }

  /** @returns messages sent; 0 when it could not, too */
  private async send(producer: KafkaProducer): Promise<number> {
    const { outbox, log } = this.parts;
    try {
      const sent = await outbox.drain(async (topic, messages) => {
        await producer.send(topic, messages.map(asOutgoing));
        this.observer.onRelayed(topic, messages.length);
      });
      if (this.troubled) log.info('scores and alerts leave for Kafka again');
      this.troubled = false;
      this.backoff.reset();
      return sent;
    } catch (error) {
      this.observer.onError(undefined, error);
      if (!this.troubled)
        log.warn(errorFacts(error), 'scores and alerts cannot leave for Kafka; they wait in the outbox until they can');
      this.troubled = true;
      return 0;
    }
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
