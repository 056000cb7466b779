/**
 * A member of a consumer group through kafkajs. What a fetch brings is handed over at once, so that heartbeats never wait for
 * whoever works on the records; where the fetching stands is kept here, and nothing is committed but what `commit` says.
 *
 * kafkajs drops what it fetched of a partition that was paused or sought meanwhile (consumerGroup.js, `fetch`). A fetch with
 * nothing but control or aborted records never reaches `eachBatch`, only the event: it is handed over as an empty step.
 */
import type { Batch, Kafka as Client, Consumer, EachBatchPayload } from 'kafkajs';
import { asKafkaError } from './kafkajs-errors';
import type { ConsumerHandlers, FetchedRecords, KafkaConsumer, KafkaRecord, TopicPartition } from './port';
import { reasonOf, unreadableError } from './unreadable';

/** A fetch may open to many times its size, so it is kept small; brokers give one whole batch even where that is larger. */
const MAX_BYTES = 4 * 1024 * 1024;
const MAX_PARTITION_BYTES = 512 * 1024;
/** kafkajs sleeps so long where every partition is paused, and a fetch that waits for records holds up a seek. */
const MAX_WAIT_MILLIS = 100;
const STOP_MILLIS = 10_000;

const placeOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`;

export class KafkajsConsumer implements KafkaConsumer {
  private readonly consumer: Consumer;
  /** Where the next fetch of each partition begins, as far as it is known here. */
  private readonly next = new Map<string, number>();
  /** First offsets of fetches without records that began elsewhere than expected, until they are fetched once more. */
  private readonly doubted = new Map<string, number>();
  /** Fetches that brokers answered, with records or without. */
  answeredFetches = 0;
  /** The client throws where it is spoken to without a group, as after a crash: then there is nobody to tell. */
  private hasGroup = false;
  private starting: Promise<void> = Promise.resolve();
  private stopping?: Promise<void>;

  constructor(client: Client, { groupId, sessionTimeoutMillis }: { groupId: string; sessionTimeoutMillis: number }) {
    this.consumer = client.consumer({
      groupId,
      sessionTimeout: sessionTimeoutMillis,
      rebalanceTimeout: Math.max(sessionTimeoutMillis, 10_000),
      heartbeatInterval: Math.max(200, Math.min(3_000, Math.floor(sessionTimeoutMillis / 4))),
      minBytes: 1,
      maxBytes: MAX_BYTES,
      maxBytesPerPartition: MAX_PARTITION_BYTES,
      maxWaitTimeInMs: MAX_WAIT_MILLIS,
      metadataMaxAge: 60_000,
      allowAutoTopicCreation: false,
      retry: { initialRetryTime: 200, maxRetryTime: 5_000, retries: 5, restartOnFailure: async () => false },
    });
  }

  async run(topics: readonly string[], handlers: ConsumerHandlers): Promise<void> {
    const { GROUP_JOIN, CRASH, START_BATCH_PROCESS, STOP, REQUEST } = this.consumer.events;
    this.consumer.on(CRASH, ({ payload }) => {
      if (!this.stopping) handlers.onCrash(asKafkaError(payload.error, 'Consuming') as Error);
    });
    this.consumer.on(GROUP_JOIN, ({ payload }) => {
      this.next.clear();
      this.doubted.clear();
      this.hasGroup = true;
      handlers.onAssigned(assigned(payload.memberAssignment));
    });
    this.consumer.on(STOP, () => {
      this.hasGroup = false;
    });
    this.consumer.on(REQUEST, ({ payload }) => {
      if (payload.apiName === 'Fetch') this.answeredFetches++;
    });
    this.consumer.on(START_BATCH_PROCESS, ({ payload }) => {
      if (payload.batchSize === 0) this.stepOver(payload, handlers);
    });
    const starting = this.join(topics, handlers);
    // Whoever stops it waits for the end of this, however it ends.
    this.starting = starting.catch(() => undefined);
    try {
      await starting;
    } catch (error) {
      throw asKafkaError(error, 'Joining the consumer group');
    }
  }

  private async join(topics: readonly string[], handlers: ConsumerHandlers): Promise<void> {
    await this.consumer.connect();
    await this.consumer.subscribe({ topics: [...topics], fromBeginning: true });
    if (this.stopping) return;
    await this.consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      eachBatch: async (payload) => this.handOver(payload, handlers),
    });
  }

  pause({ topic, partition }: TopicPartition): void {
    if (this.hasGroup) this.consumer.pause([{ topic, partitions: [partition] }]);
  }

  resume({ topic, partition }: TopicPartition): void {
    if (this.hasGroup) this.consumer.resume([{ topic, partitions: [partition] }]);
  }

  seek({ topic, partition }: TopicPartition, offset: number): void {
    this.standAt({ topic, partition }, offset);
    if (this.hasGroup) this.consumer.seek({ topic, partition, offset: String(offset) });
  }

  async commit(positions: readonly (TopicPartition & { offset: number })[]): Promise<void> {
    try {
      await this.consumer.commitOffsets(positions.map((at) => ({ ...at, offset: String(at.offset) })));
    } catch (error) {
      throw asKafkaError(error, 'Telling Kafka the positions');
    }
  }

  stop(): Promise<void> {
    this.stopping ??= withinMillis(this.leave(), STOP_MILLIS);
    return this.stopping;
  }

  /** A client that is told to stop while it joins goes on joining, and would stay in the group: then it is told once more. */
  private async leave(): Promise<void> {
    await this.consumer.disconnect();
    await this.starting;
    await this.consumer.disconnect();
  }

  private handOver({ batch, resolveOffset, isRunning, isStale }: EachBatchPayload, handlers: ConsumerHandlers): void {
    if (!isRunning() || isStale()) return;
    const fetched = fetchedRecords(batch);
    // Resolved before it is handed over: whoever takes it may seek, and the seek must have the last word.
    const last = batch.messages[fetched.records.length - 1];
    if (last) resolveOffset(last.offset);
    if (fetched.unreadable) this.pause(batch);
    this.standAt(batch, fetched.nextOffset);
    handlers.onRecords(fetched);
  }

  /**
   * The event does not say where its fetch began, only the first offset that it brought. Where that is not the one we are at, either
   * compaction took away what lay between, or the fetch is from before a seek: it is fetched once more, which settles it.
   */
  private stepOver(event: EmptyBatch, handlers: ConsumerHandlers): void {
    const { topic, partition, firstOffset, lastOffset } = event;
    const place = placeOf(event);
    const last = Number(lastOffset);
    // Where all that was brought lies before the fetch's beginning, kafkajs gives the beginning as the last offset.
    const first = firstOffset === null ? last : Number(firstOffset);
    const expected = this.next.get(place);
    if (expected !== undefined && first !== expected && this.doubted.get(place) !== first) {
      this.doubted.set(place, first);
      if (this.hasGroup) this.consumer.seek({ topic, partition, offset: String(expected) });
      return;
    }
    const fetchedOffset = expected !== undefined && expected < first ? expected : first;
    const nextOffset = last + 1;
    this.standAt(event, nextOffset);
    handlers.onRecords({
      topic,
      partition,
      fetchedOffset,
      endOffset: Number(event.highWatermark),
      records: [],
      nextOffset,
    });
  }

  private standAt(place: TopicPartition, offset: number): void {
    this.doubted.delete(placeOf(place));
    this.next.set(placeOf(place), offset);
  }
}

/** What kafkajs tells of a fetch that brought nothing for readers. */
interface EmptyBatch extends TopicPartition {
  readonly highWatermark: string;
  readonly firstOffset: string | null;
  readonly lastOffset: string;
}

export function fetchedRecords(batch: Batch): FetchedRecords {
  const { topic, partition } = batch;
  const fetchedOffset = Number((batch as Batch & { fetchedOffset: string }).fetchedOffset);
  const endOffset = Number(batch.highWatermark);
  const marker = batch.messages.findIndex((message) => reasonOf(message) !== undefined);
  if (marker < 0) {
    const nextOffset = Number(batch.lastOffset()) + 1;
    return { topic, partition, fetchedOffset, endOffset, records: batch.messages.map(kafkaRecord), nextOffset };
  }
  const records = batch.messages.slice(0, marker).map(kafkaRecord);
  const nextOffset = marker > 0 ? records[marker - 1].offset + 1 : fetchedOffset;
  const { offset } = batch.messages[marker];
  const unreadable = unreadableError(batch, nextOffset, Number(offset), reasonOf(batch.messages[marker])!);
  return { topic, partition, fetchedOffset, endOffset, records, nextOffset, unreadable };
}

function kafkaRecord({ offset, key, value, timestamp, headers }: Batch['messages'][number]): KafkaRecord {
  return { offset: Number(offset), key, value, timestamp: Number(timestamp), headers: headersOf(headers) };
}

const NO_HEADERS: KafkaRecord['headers'] = Object.freeze({});

/** Of a header that came several times, the last counts. */
function headersOf(headers: Batch['messages'][number]['headers']): KafkaRecord['headers'] {
  const names = headers ? Object.keys(headers) : [];
  if (names.length === 0) return NO_HEADERS;
  const plain: Record<string, Buffer> = Object.create(null);
  for (const name of names) {
    const given = headers![name];
    const value = Array.isArray(given) ? given[given.length - 1] : given;
    if (value !== undefined && value !== null) plain[name] = Buffer.from(value);
  }
  return plain;
}

function assigned(memberAssignment: Readonly<Record<string, number[]>>): TopicPartition[] {
  return Object.entries(memberAssignment).flatMap(([topic, partitions]) =>
    partitions.map((partition) => ({ topic, partition })),
  );
}

async function withinMillis(work: Promise<void>, millis: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, millis);
  });
  try {
    // A group that no broker answers for cannot be left: the session runs out by itself.
    await Promise.race([work.catch(() => undefined), limit]);
  } finally {
    clearTimeout(timer);
  }
}
