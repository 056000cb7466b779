/**
 * One stream's way in: takes what Kafka hands over into bounded buffers, and writes it batch by batch, one at a time, at its own
 * pace. Kafka's client never waits for the database: a partition whose buffer is full is paused. Whatever changes a partition's
 * position happens in the one loop here, so that nothing overtakes a commit.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { StreamName, StreamRecord, Transaction } from '../domain/events';
import { KindredError } from '../errors';
import type { StreamPositions } from '../services/stream-positions';
import type { StreamWriter } from '../services/stream-writer';
import { Backoff, pause } from './backoff';
import { BatchWriter } from './batch-writer';
import { type BatchLimits, takeInTimeOrder, takeShares } from './batching';
import { Bell } from './bell';
import type { DeadLetterWriter } from './dead-letter-writing';
import type { FetchedRecords, KafkaConsumer, PartitionOffsets, TopicPartition } from './kafka/port';
import type { StreamObserver } from './observer';
import { type BufferLimits, type Entry, PartitionBuffer } from './partition-buffer';
import { findPlaces } from './placing';
import { RecordDecoder } from './record-decoding';
import { Troubles } from './troubles';

export type Fetching = Pick<KafkaConsumer, 'pause' | 'resume' | 'seek'>;

export interface LaneParts<S extends StreamName> {
  readonly stream: S;
  readonly topic: string;
  readonly writer: StreamWriter;
  readonly positions: StreamPositions;
  readonly deadLetters: DeadLetterWriter;
  readonly fetching: Fetching;
  readonly offsets: (topic: string) => Promise<PartitionOffsets[]>;
  readonly startFrom: 'earliest' | 'latest';
  /** What is larger, key, value and headers together, is refused unread. */
  readonly maxRecordBytes: number;
  readonly observer: StreamObserver;
  readonly log: Logger;
  /** How often to look whether somebody set a position elsewhere. @default 5_000 */
  readonly lookMillis?: number;
}

export interface LanePartition {
  readonly partition: number;
  readonly state: 'placing' | 'reading' | 'halted';
  /** Committed; undefined while it is looked up. */
  readonly position?: number;
  /** Fetched and not committed yet. */
  readonly bufferedRecords: number;
  readonly bufferedBytes: number;
  readonly paused: boolean;
}

export interface LaneState {
  readonly stream: StreamName;
  readonly topic: string;
  readonly partitions: readonly LanePartition[];
  readonly lastError?: string;
  readonly lastErrorAt?: Date;
}

/** Large enough that COPY pays and commits are few; what a batch holds is a few MB. */
const BATCH: BatchLimits = { records: 8_000, bytes: 8 * 2 ** 20 };
/** Scores, reasons and messages are made in the batch's transaction too: others of this lane wait so long. */
const SCORED_BATCH: BatchLimits = { records: 4_000, bytes: 8 * 2 ** 20 };
/** What all buffers of a lane may hold, in equal parts, but never less than `LEAST` each. */
const LANE: BufferLimits = { records: 24_000, bytes: 16 * 2 ** 20 };
const LEAST: BufferLimits = { records: 500, bytes: 2 ** 19 };
/** For so long an empty partition that is known to go on holds up later transactions of others. */
const PATIENCE_MILLIS = 1_000;
const LOOK_MILLIS = 5_000;
const REST_MILLIS = 200;
const DRAIN_MILLIS = 10_000;

const timeOf = (record: StreamRecord[StreamName]): number => (record as Transaction).occurredAt.getTime();

export class Lane<S extends StreamName> {
  private readonly buffers = new Map<number, PartitionBuffer<S>>();
  private readonly paused = new Set<number>();
  private limits = LANE;
  private readonly decoder: RecordDecoder<S>;
  private readonly batches: BatchWriter<S>;
  private readonly bell = new Bell();
  private readonly stopping = new AbortController();
  private readonly placingBackoff = new Backoff({ firstMillis: 200, longestMillis: 10_000 });
  private placeAt = 0;
  private lookAt = 0;
  private turns = 0;
  private readonly troubles: Troubles;
  private running: Promise<void> = Promise.resolve();

  constructor(private readonly parts: LaneParts<S>) {
    this.troubles = new Troubles(parts);
    this.decoder = new RecordDecoder(parts.stream, parts.maxRecordBytes);
    this.batches = new BatchWriter({
      ...parts,
      stopping: this.stopping.signal,
      onTrouble: (error, homes) => this.troubles.tell(error, homes),
      onReleased: () => this.bell.ring(),
    });
  }

  start(): void {
    this.running = this.run();
  }

  /** The batch under way ends, within bounded time; nothing more is taken. Twice without harm. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.bell.ring();
    await Promise.race([this.running, sleep(DRAIN_MILLIS, undefined, { ref: false })]);
  }

  /** All that this member has of the topic from now on. What it had already and keeps goes on where it is. */
  assigned(partitions: readonly number[]): void {
    const kept = new Set(partitions);
    for (const [partition, buffer] of this.buffers)
      if (!kept.has(partition)) {
        // Void for a batch under way, too: should its commit come after the next owner's, it is refused.
        buffer.displace();
        this.buffers.delete(partition);
      }
    this.limits = {
      records: Math.max(LEAST.records, Math.floor(LANE.records / kept.size)),
      bytes: Math.max(LEAST.bytes, Math.floor(LANE.bytes / kept.size)),
    };
    // The client may be a new one, which knows nothing of what was paused, and begins where Kafka thinks we are.
    this.paused.clear();
    for (const partition of kept) {
      const buffer = this.buffers.get(partition) ?? new PartitionBuffer<S>(this.parts.topic, partition);
      this.buffers.set(partition, buffer);
      if (buffer.state.kind === 'reading') this.parts.fetching.seek(buffer, buffer.fetchNext);
      this.parts.fetching.resume(buffer);
      this.steer(buffer);
    }
    this.placeAt = 0;
    this.bell.ring();
  }

  /** Returns at once. What comes for a partition that is not ours any more, or from elsewhere, is dropped. */
  fetched(fetched: FetchedRecords): void {
    const buffer = this.buffers.get(fetched.partition);
    if (!buffer || this.stopping.signal.aborted) return;
    switch (buffer.add(fetched, this.decoder)) {
      case 'taken':
        this.placingBackoff.reset();
        if (fetched.unreadable) this.troubles.tell(fetched.unreadable, [buffer]);
        this.bell.ring();
        break;
      case 'misplaced':
        this.parts.fetching.seek(buffer, buffer.fetchNext);
        break;
      case 'lost':
        this.troubles.tell(cannotFetch(buffer as PartitionBuffer<StreamName>), [buffer]);
        buffer.displace();
        this.placeAt = performance.now() + this.placingBackoff.nextMillis();
        break;
      case 'unwanted':
        break;
    }
    this.steer(buffer);
  }

  /** Committed positions of what is read here. */
  positions(): (TopicPartition & { offset: number })[] {
    return [...this.buffers.values()]
      .filter(({ state }) => state.kind === 'reading')
      .map(({ topic, partition, position }) => ({ topic, partition, offset: position }));
  }

  state(): LaneState {
    return {
      stream: this.parts.stream,
      topic: this.parts.topic,
      partitions: [...this.buffers.values()].map((buffer) => ({
        partition: buffer.partition,
        state: buffer.state.kind,
        position: buffer.state.kind === 'reading' ? buffer.position : undefined,
        bufferedRecords: buffer.size,
        bufferedBytes: buffer.bytes,
        paused: this.paused.has(buffer.partition),
      })),
      lastError: this.troubles.last?.message,
      lastErrorAt: this.troubles.last?.at,
    };
  }

  private async run(): Promise<void> {
    const backoff = new Backoff({ firstMillis: 200, longestMillis: 10_000 });
    while (!this.stopping.signal.aborted) {
      try {
        await this.turn();
        backoff.reset();
      } catch (error) {
        this.troubles.tell(error, []);
        await pause(backoff.nextMillis(), this.stopping.signal);
      }
    }
  }

  private async turn(): Promise<void> {
    if (performance.now() >= this.lookAt) await this.look();
    if (performance.now() >= this.placeAt) await this.place();
    const batch = this.take();
    for (const buffer of this.buffers.values()) this.steer(buffer);
    if (batch.length > 0) await this.batches.write(batch);
    else await this.bell.wait(REST_MILLIS);
  }

  private take(): Entry<S>[] {
    const buffers = [...this.buffers.values()].filter(({ state }) => state.kind === 'reading');
    const now = performance.now();
    if (this.parts.stream === 'transactions')
      return takeInTimeOrder(buffers, SCORED_BATCH, { timeOf, now, patienceMillis: PATIENCE_MILLIS });
    // Another one first each time, so that none is always last.
    const first = buffers.length > 0 ? this.turns++ % buffers.length : 0;
    return takeShares([...buffers.slice(first), ...buffers.slice(0, first)], BATCH, now);
  }

  /** Between two batches: a position that is not where it was left was set by somebody, as a halted one must be. */
  private async look(): Promise<void> {
    this.lookAt = performance.now() + (this.parts.lookMillis ?? LOOK_MILLIS);
    const known = [...this.buffers.values()].filter(({ state }) => state.kind !== 'placing');
    if (known.length === 0) return;
    const stored = await this.parts.positions.of(this.parts.topic);
    this.parts.observer.onStoreAnswered(this.parts.stream);
    for (const buffer of known) {
      const place = stored.get(buffer.partition)?.nextOffset;
      if (place === buffer.position) continue;
      const facts = { topic: buffer.topic, partition: buffer.partition, from: buffer.position, to: place };
      this.parts.log.info(facts, 'a position was set elsewhere: reading goes on from there');
      buffer.displace();
    }
  }

  private async place(): Promise<void> {
    const missing = [...this.buffers.values()].filter(({ state }) => state.kind === 'placing');
    if (missing.length === 0) return;
    try {
      const places = await findPlaces(
        this.parts,
        missing.map(({ partition }) => partition),
      );
      for (const buffer of missing) {
        const place = places.get(buffer.partition);
        // Taken away while we looked.
        if (!place || this.buffers.get(buffer.partition) !== buffer) continue;
        if (place.kind === 'nowhere') this.halt(buffer, place);
        else {
          if (place.error !== undefined) this.troubles.tell(new KindredError('STREAM_POSITION_LOST', place.error), []);
          buffer.begin(place.position, place.end, performance.now());
          this.parts.fetching.seek(buffer, place.position);
        }
        this.steer(buffer);
      }
    } catch (error) {
      this.placeAt = performance.now() + this.placingBackoff.nextMillis();
      this.troubles.tell(error, missing);
    }
  }

  private halt(buffer: PartitionBuffer<S>, { position, reason }: { position: number; reason: string }): void {
    buffer.halt(position, reason);
    this.troubles.tell(new KindredError('STREAM_POSITION_LOST', reason), [buffer]);
  }

  /** Fetching goes on where there is room, and a place to read from. */
  private steer(buffer: PartitionBuffer<S>): void {
    if (this.buffers.get(buffer.partition) !== buffer) return;
    const isPaused = this.paused.has(buffer.partition);
    const hasPlace = buffer.state.kind === 'reading' && !buffer.blocked;
    const wanted = hasPlace && (isPaused ? buffer.hasRoom(this.limits) : !buffer.isFull(this.limits));
    if (wanted === !isPaused) return;
    if (wanted) {
      this.paused.delete(buffer.partition);
      this.parts.fetching.resume(buffer);
    } else {
      this.paused.add(buffer.partition);
      this.parts.fetching.pause(buffer);
    }
  }
}

function cannotFetch({ topic, partition, fetchNext }: PartitionBuffer<StreamName>): KindredError {
  return new KindredError(
    'STREAM_POSITION_LOST',
    `${topic}/${partition} cannot be fetched from offset ${fetchNext} on.`,
    {
      remedy: `It is tried again. Should it go on: kindred streams --set-position ${topic}/${partition}=<a later offset>`,
      retriable: true,
    },
  );
}
