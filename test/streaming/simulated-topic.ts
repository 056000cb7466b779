/**
 * A topic in memory and members that read it as Kafka's client does: from a cursor that a seek moves, in pieces, not from paused
 * partitions, and now and then, as after a rebalance, from where they were before. For tests of orders of events that a real
 * broker takes days to show.
 */
import type { FetchedRecords, KafkaRecord, TopicPartition } from '../../src/streaming/kafka/port';
import type { Fetching } from '../../src/streaming/lane';

export class SimulatedTopic {
  readonly records: KafkaRecord[][];
  /** Of each partition, the first offset that retention left. */
  readonly starts: number[];

  constructor(
    readonly topic: string,
    partitions: number,
  ) {
    this.records = Array.from({ length: partitions }, () => []);
    this.starts = this.records.map(() => 0);
  }

  append(partition: number, value: string | Buffer | null): KafkaRecord {
    const log = this.records[partition];
    const record = {
      offset: log.length,
      key: null,
      value: typeof value === 'string' ? Buffer.from(value) : value,
      headers: {},
      timestamp: Date.now(),
    };
    log.push(record);
    return record;
  }

  offsets = async () =>
    this.records.map(({ length }, partition) => ({ partition, start: this.starts[partition], end: length }));
}

/** Whoever takes what a member fetches. */
export interface Reader {
  assigned(partitions: readonly number[]): void;
  fetched(fetched: FetchedRecords): void;
}

export class SimulatedMember implements Fetching {
  reader?: Reader;
  private readonly cursors = new Map<number, number>();
  readonly paused = new Set<number>();

  constructor(private readonly topic: SimulatedTopic) {}

  pause({ partition }: TopicPartition): void {
    this.paused.add(partition);
  }

  resume({ partition }: TopicPartition): void {
    this.paused.delete(partition);
  }

  seek({ partition }: TopicPartition, offset: number): void {
    if (this.cursors.has(partition)) this.cursors.set(partition, offset);
  }

  /** As after a (re)join: fetching begins where the group last told Kafka it was, here the start. */
  assign(partitions: readonly number[]): void {
    this.cursors.clear();
    for (const partition of partitions) this.cursors.set(partition, 0);
    this.reader?.assigned(partitions);
  }

  /** Fetches up to so many records of a partition. @param stale as if asked before the last seek */
  fetch(partition: number, records: number, stale = false): void {
    const cursor = this.cursors.get(partition);
    const log = this.topic.records[partition];
    if (cursor === undefined || (this.paused.has(partition) && !stale)) return;
    // Where retention took what is asked for, the client goes on at what is left.
    const from = Math.max(this.topic.starts[partition], stale ? cursor - records : cursor);
    const fetched = log.slice(from, from + records);
    if (fetched.length === 0) return;
    const nextOffset = from + fetched.length;
    if (!stale) this.cursors.set(partition, nextOffset);
    const { topic } = this.topic;
    this.reader?.fetched({
      topic,
      partition,
      fetchedOffset: from,
      endOffset: log.length,
      records: fetched,
      nextOffset,
    });
  }
}
