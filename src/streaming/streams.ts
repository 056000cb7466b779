/**
 * Kindred's streams: reads the six input topics as a member of a group, brings each stream in through a lane of its own, sends what
 * leaves through the outbox, and scores what waited for a model. Starts without a broker and without a database to speak with, and
 * finds its way back to both.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { STREAMS, type StreamName } from '../domain/events';
import { errorFacts } from '../errors';
import type { Services } from '../services/services';
import { pause } from './backoff';
import { DeadLetterWriter } from './dead-letter-writing';
import type { Kafka, KafkaAdmin, KafkaProducer, TopicPartition } from './kafka/port';
import type { KafkaSettings } from './kafka/settings';
import { inputTopic, topicsOf } from './kafka/topics';
import { Lane, type LaneState } from './lane';
import { NOBODY, type StreamObserver } from './observer';
import { OutboxRelay } from './outbox-relay';
import { type ConsumerState, ConsumerSupervisor } from './supervisor';

export interface StreamsParts {
  readonly kafka: Kafka;
  readonly settings: KafkaSettings;
  readonly services: Pick<Services, 'streamWriter' | 'streamPositions' | 'outbox' | 'awaiting'>;
  readonly log: Logger;
  readonly observer?: StreamObserver;
}

export interface StreamsState {
  readonly consumer: ConsumerState;
  readonly lanes: readonly LaneState[];
}

/** How often Kafka is told how far we are. */
const MIRROR_MILLIS = 5_000;
/** What a broker that is away may cost a stop. */
const LAST_MIRROR_MILLIS = 2_000;
/** What a store or a broker that does not answer may cost it. */
const LAST_WORK_MILLIS = 15_000;
const CLOSE_MILLIS = 3_000;

export class Streams {
  private readonly admin: KafkaAdmin;
  private readonly producer: KafkaProducer;
  private readonly lanes: ReadonlyMap<string, Lane<StreamName>>;
  private readonly supervisor: ConsumerSupervisor;
  private readonly relay: OutboxRelay;
  private readonly observer: StreamObserver;
  private readonly stopping = new AbortController();
  private readonly mirrored = new Map<string, number>();
  private mirroring: Promise<void> = Promise.resolve();
  private started = false;
  private stopped?: Promise<void>;

  constructor(private readonly parts: StreamsParts) {
    const { kafka, settings, services, log, observer = NOBODY } = parts;
    this.observer = observer;
    this.admin = kafka.admin();
    this.producer = kafka.producer();
    const topics = topicsOf(settings);
    this.supervisor = new ConsumerSupervisor({
      kafka,
      admin: this.admin,
      groupId: settings.groupId,
      inputs: topics.inputs,
      outputs: topics.outputs,
      createWithPartitions: settings.createTopics ? settings.partitions : undefined,
      onAssigned: (partitions) => this.assigned(partitions),
      onRecords: (fetched) => this.lanes.get(fetched.topic)?.fetched(fetched),
      observer,
      log,
    });
    const deadLetters = new DeadLetterWriter(this.producer, topics.deadLetters);
    const laneOf = <S extends StreamName>(stream: S): Lane<S> =>
      new Lane({
        stream,
        topic: inputTopic(settings, stream),
        writer: services.streamWriter,
        positions: services.streamPositions,
        deadLetters,
        fetching: this.supervisor,
        offsets: (topic) => this.admin.offsets(topic),
        startFrom: settings.startFrom,
        maxRecordBytes: settings.maxRecordBytes,
        observer,
        log,
      });
    this.lanes = new Map(STREAMS.map((stream) => [inputTopic(settings, stream), laneOf(stream)]));
    this.relay = new OutboxRelay({ kafka, outbox: services.outbox, log, observer });
  }

  /** Returns at once: all else happens in the background. Twice without harm. */
  start(): void {
    if (this.started) return;
    this.started = true;
    const { services, log } = this.parts;
    for (const lane of this.lanes.values()) lane.start();
    this.supervisor.start();
    this.relay.start();
    services.awaiting.start({
      onScored: (scores, alerts) => this.observer.onAwaitedScored(scores, alerts),
      onProblem: (error) => {
        log.warn(errorFacts(error), 'transactions that wait for a model cannot be scored now');
        this.observer.onError('transactions', error);
      },
    });
    this.mirroring = this.mirror();
  }

  /**
   * Takes nothing more in, ends the batches under way, tells Kafka how far they came, leaves the group, and sends what is to be
   * told. In bounded time, whoever does not answer. Twice without harm.
   */
  stop(): Promise<void> {
    this.stopped ??= this.end();
    return this.stopped;
  }

  state(): StreamsState {
    return { consumer: this.supervisor.state, lanes: [...this.lanes.values()].map((lane) => lane.state()) };
  }

  private async end(): Promise<void> {
    this.stopping.abort();
    if (this.started) {
      // While still a member: nobody else begins with these partitions before the last batch is in.
      await Promise.all([...this.lanes.values()].map((lane) => lane.stop()));
      const told = this.mirroring.then(() => this.tellKafka());
      await Promise.race([told, sleep(LAST_MIRROR_MILLIS, undefined, { ref: false })]);
      await this.supervisor.stop();
      const rest = Promise.all([this.parts.services.awaiting.stop(), this.relay.stop()]);
      await Promise.race([rest, sleep(LAST_WORK_MILLIS, undefined, { ref: false })]);
    }
    // One that is still waiting for a broker closes when it has given up.
    const closed = Promise.all([this.producer.close(), this.admin.close()]);
    await Promise.race([closed, sleep(CLOSE_MILLIS, undefined, { ref: false })]);
  }

  private assigned(partitions: readonly TopicPartition[]): void {
    this.mirrored.clear();
    for (const [topic, lane] of this.lanes)
      lane.assigned(partitions.filter((each) => each.topic === topic).map(({ partition }) => partition));
  }

  private async mirror(): Promise<void> {
    while (await pause(MIRROR_MILLIS, this.stopping.signal)) await this.tellKafka();
  }

  /** For tools that show lag; nothing here reads it. */
  private async tellKafka(): Promise<void> {
    const moved = [...this.lanes.values()]
      .flatMap((lane) => lane.positions())
      .filter(({ topic, partition, offset }) => this.mirrored.get(`${topic}/${partition}`) !== offset);
    if (moved.length === 0) return;
    try {
      if (!(await this.supervisor.commit(moved))) return;
      for (const { topic, partition, offset } of moved) this.mirrored.set(`${topic}/${partition}`, offset);
    } catch (error) {
      this.parts.log.debug({ err: error }, 'Kafka was not told how far its topics are read; the store knows');
    }
  }
}
