/**
 * Keeps a consumer running: whenever one dies, whatever for, it makes another, waiting longer each time. Topics that are missing are
 * created or waited for; the stream begins with those that are there. Speaks for the consumer of the moment: what is said to it
 * while there is none is told by the next assignment anyway.
 */
import type { Logger } from 'pino';
import { KindredError } from '../errors';
import { Backoff, pause } from './backoff';
import type { FetchedRecords, Kafka, KafkaAdmin, KafkaConsumer, TopicPartition } from './kafka/port';
import type { StreamObserver } from './observer';

export interface SupervisorParts {
  readonly kafka: Pick<Kafka, 'consumer'>;
  readonly admin: Pick<KafkaAdmin, 'existing' | 'createTopics'>;
  readonly groupId: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Partitions of the topics that are created; undefined where none is to be. */
  readonly createWithPartitions?: number;
  readonly onAssigned: (partitions: readonly TopicPartition[]) => void;
  readonly onRecords: (fetched: FetchedRecords) => void;
  readonly observer: StreamObserver;
  readonly log: Logger;
  /** How often to look whether topics that are missing are there. @default 15_000 */
  readonly lookMillis?: number;
}

interface Topics {
  readonly present: readonly string[];
  readonly missing: readonly string[];
}

export type ConsumerState =
  | { readonly kind: 'stopped' }
  /** Looking for topics, joining the group. */
  | { readonly kind: 'connecting'; readonly lastError?: string }
  | { readonly kind: 'joined'; readonly missingTopics: readonly string[] }
  | { readonly kind: 'waiting'; readonly lastError: string };

const BACKOFF = { firstMillis: 500, longestMillis: 30_000 };
/** A consumer that lived so long failed for a new reason. */
const STABLE_MILLIS = 60_000;
const LOOK_MILLIS = 15_000;

export class ConsumerSupervisor {
  state: ConsumerState = { kind: 'stopped' };
  private readonly stopping = new AbortController();
  private readonly backoff = new Backoff(BACKOFF);
  private consumer?: KafkaConsumer;
  private running: Promise<void> = Promise.resolve();

  constructor(private readonly parts: SupervisorParts) {}

  start(): void {
    this.running = this.run();
  }

  /** Leaves the group. Twice without harm. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.consumer?.stop();
    await this.running;
  }

  pause(partition: TopicPartition): void {
    this.consumer?.pause(partition);
  }

  resume(partition: TopicPartition): void {
    this.consumer?.resume(partition);
  }

  seek(partition: TopicPartition, offset: number): void {
    this.consumer?.seek(partition, offset);
  }

  /** @returns whether there was a consumer to do it */
  async commit(positions: readonly (TopicPartition & { offset: number })[]): Promise<boolean> {
    if (!this.consumer || this.state.kind !== 'joined') return false;
    await this.consumer.commit(positions);
    return true;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    let lastError: string | undefined;
    while (!signal.aborted) {
      this.state = { kind: 'connecting', lastError };
      const startedAt = performance.now();
      try {
        await this.oneConsumer();
        lastError = undefined;
        this.backoff.reset();
        continue;
      } catch (error) {
        lastError = (error as Error).message;
        this.tell(error);
      }
      if (performance.now() - startedAt > STABLE_MILLIS) this.backoff.reset();
      if (signal.aborted) break;
      this.state = { kind: 'waiting', lastError };
      await pause(this.backoff.nextMillis(), signal);
    }
    this.state = { kind: 'stopped' };
  }

  /** Resolves when stopped, or when there are more topics to read; rejects with what it died of. */
  private async oneConsumer(): Promise<void> {
    const { kafka, groupId, onAssigned, onRecords, observer, log } = this.parts;
    const { signal } = this.stopping;
    const found = await Promise.race([this.topics(), aborted(signal)]);
    if (!found || signal.aborted) return;
    const { present, missing } = found;
    if (missing.length > 0) {
      const error = topicsMissing(missing);
      if (present.length === 0) throw error;
      this.tell(error);
    }
    const consumer = kafka.consumer(groupId);
    this.consumer = consumer;
    const isCurrent = (): boolean => this.consumer === consumer && !signal.aborted;
    // Ends the look for missing topics.
    const over = new AbortController();
    try {
      const crashed = new Promise<never>((_resolve, reject) => {
        const run = consumer.run(present, {
          onAssigned: (partitions) => {
            if (!isCurrent()) return;
            this.state = { kind: 'joined', missingTopics: missing };
            log.info({ groupId, partitions: partitions.length }, 'the group gave this process its partitions');
            observer.onAssigned(partitions);
            onAssigned(partitions);
          },
          onRecords: (fetched) => {
            if (isCurrent()) onRecords(fetched);
          },
          onCrash: (error) => {
            if (isCurrent()) observer.onCrash(error);
            reject(error);
          },
        });
        run.catch(reject);
      });
      const stopped = aborted(signal, over.signal);
      await Promise.race([crashed, stopped, this.moreTopics(present.length, over.signal)]);
    } finally {
      over.abort();
      this.consumer = undefined;
      // Whoever gets the partitions now goes on from what is committed; so do we.
      if (!signal.aborted) onAssigned([]);
      await consumer.stop();
      if (!signal.aborted) observer.onRestart();
    }
  }

  /** Those to read that are there, and all that are not; after creating what may be created. */
  private async topics(): Promise<Topics> {
    const { admin, inputs, outputs, createWithPartitions: partitions } = this.parts;
    const wanted = [...inputs, ...outputs];
    let existing = new Set(await admin.existing(wanted));
    const absent = wanted.filter((topic) => !existing.has(topic));
    if (absent.length > 0 && partitions !== undefined) {
      await admin.createTopics(absent.map((topic) => ({ topic, partitions })));
      existing = new Set(await admin.existing(wanted));
    }
    return {
      present: inputs.filter((topic) => existing.has(topic)),
      missing: wanted.filter((topic) => !existing.has(topic)),
    };
  }

  /** Sees to topics that are missing, or go missing. Resolves once there are more to read than before. */
  private async moreTopics(known: number, over: AbortSignal): Promise<void> {
    while (await pause(this.parts.lookMillis ?? LOOK_MILLIS, over)) {
      try {
        const { present, missing } = await this.topics();
        if (over.aborted || present.length > known) return;
        if (this.state.kind === 'joined') this.state = { kind: 'joined', missingTopics: missing };
      } catch (error) {
        this.parts.log.debug({ err: error }, 'topics could not be looked for');
      }
    }
  }

  private tell(error: unknown): void {
    const { log, observer } = this.parts;
    const { code, message, remedy } = error as KindredError;
    if (code === undefined) log.warn({ err: error }, 'streams are not read; it will be tried again');
    else log.warn({ code, reason: message, remedy }, 'streams are not read; it will be tried again');
    observer.onError(undefined, error);
  }
}

function topicsMissing(topics: readonly string[]): KindredError {
  return new KindredError('KAFKA_TOPIC_MISSING', `Topics are missing: ${topics.join(', ')}.`, {
    remedy: 'Create them, or set KAFKA_CREATE_TOPICS=true. They are looked for again from time to time.',
    facts: { topics },
    retriable: true,
  });
}

/** Resolves when the first of the signals aborts. */
function aborted(...signals: readonly AbortSignal[]): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of signals) {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    }
  });
}
