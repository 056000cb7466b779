/**
 * What Kindred needs of Kafka, and no more: a consumer, a producer, an admin and a reader of a bounded range. The client
 * library is behind this port (ADR 10); nothing else in Kindred knows it.
 */
import type { KindredError } from '../../errors';

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

export interface KafkaRecord {
  readonly offset: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, Buffer>>;
  /** When it was produced (or appended, as the topic is configured), epoch milliseconds. */
  readonly timestamp: number;
}

/** What one fetch brought of one partition. */
export interface FetchedRecords extends TopicPartition {
  /** Offset that was asked for: records begin at it or, where offsets were compacted away, after it. */
  readonly fetchedOffset: number;
  /** Offset after the last record that readers may see. */
  readonly endOffset: number;
  /** In order of offset; may be empty where only control records were read. */
  readonly records: readonly KafkaRecord[];
  /** Offset to go on from: after the last record, or after control records that no reader sees. */
  readonly nextOffset: number;
  /** What comes at `nextOffset` cannot be opened: the partition is paused, and fetching it again brings the same. */
  readonly unreadable?: KindredError;
}

export interface ConsumerHandlers {
  /** After every (re)join of the group: all that this member has from now on. What is missing was taken away. */
  onAssigned(partitions: readonly TopicPartition[]): void;
  /** Must return at once: what it cannot take now it stops with `pause`. */
  onRecords(fetched: FetchedRecords): void;
  /** This consumer is dead and will fetch no more: make another one. */
  onCrash(error: Error): void;
}

export interface KafkaConsumer {
  /** Joins the group and begins to fetch; resolves once it runs. */
  run(topics: readonly string[], handlers: ConsumerHandlers): Promise<void>;
  pause(partition: TopicPartition): void;
  resume(partition: TopicPartition): void;
  /** The next fetch of this partition begins here; what was fetched and not yet handed over is dropped. */
  seek(partition: TopicPartition, offset: number): void;
  /** Tells Kafka how far we are, for tools that show lag. Nothing of Kindred reads it. */
  commit(positions: readonly (TopicPartition & { offset: number })[]): Promise<void>;
  /** Leaves the group. Twice without harm, and in bounded time also when no broker answers. */
  stop(): Promise<void>;
}

export interface OutgoingMessage {
  readonly key: string | Buffer | null;
  readonly value: string | Buffer | null;
  readonly headers?: Readonly<Record<string, string | Buffer>>;
  /** Default: the partition that the key's hash chooses. */
  readonly partition?: number;
}

export interface KafkaProducer {
  /** Resolves once every in-sync replica has the messages (acks=all). @throws KindredError KAFKA_UNAVAILABLE, or what the broker refused */
  send(topic: string, messages: readonly OutgoingMessage[]): Promise<void>;
  close(): Promise<void>;
}

export interface PartitionOffsets {
  readonly partition: number;
  /** First offset that is still there. */
  readonly start: number;
  /** Offset of the next record to come. */
  readonly end: number;
}

export interface KafkaAdmin {
  /** Topics of these that exist. */
  existing(topics: readonly string[]): Promise<string[]>;
  /** Creates the topics that are missing; or, for a `rehearsal`, only asks the brokers whether they would. */
  createTopics(
    topics: readonly { topic: string; partitions: number }[],
    options?: { rehearsal?: boolean },
  ): Promise<void>;
  offsets(topic: string): Promise<PartitionOffsets[]>;
  /** For each partition, the first offset whose record is not before this time; the end where there is none. */
  offsetsAt(topic: string, time: Date): Promise<{ partition: number; offset: number }[]>;
  close(): Promise<void>;
}

export interface ReadRange {
  readonly topic: string;
  /** For each partition to read: [from, to). */
  readonly partitions: readonly { partition: number; from: number; to: number }[];
  readonly signal?: AbortSignal;
}

export interface Kafka {
  consumer(groupId: string): KafkaConsumer;
  producer(): KafkaProducer;
  admin(): KafkaAdmin;
  /** Reads a range without a group's memory: leaves no offsets behind. Ends when every partition is read. */
  read(range: ReadRange): AsyncIterable<FetchedRecords>;
}
