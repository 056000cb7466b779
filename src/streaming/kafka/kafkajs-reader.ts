/**
 * Reads a bounded range of a topic through a group of its own that commits nothing and is deleted afterwards. What is read is
 * handed on as it is asked for: a partition whose records wait is paused.
 */
import { randomUUID } from 'node:crypto';
import type { Kafka as Client } from 'kafkajs';
import { CancelledError, KindredError } from '../../errors';
import { KafkajsAdmin } from './kafkajs-admin';
import { KafkajsConsumer } from './kafkajs-consumer';
import type { FetchedRecords, ReadRange } from './port';

const SESSION_MILLIS = 30_000;
/** Fetches waiting to be asked for, from which on partitions are paused; below half of it they go on. */
const MAX_WAITING = 16;
/** So long nothing came while everything was asked for: then either brokers do not answer, or there is nothing. */
const QUIET_MILLIS = 3_000;

const MAX_MISPLACED = 2;

interface Reach {
  next: number;
  /** Fetches in a row that began elsewhere. */
  misplaced: number;
  readonly to: number;
}

export async function* readRange(client: Client, range: ReadRange): AsyncGenerator<FetchedRecords> {
  const left = new Map<number, Reach>(
    range.partitions
      .filter(({ from, to }) => from < to)
      .map(({ partition, from, to }) => [partition, { next: from, to, misplaced: 0 }]),
  );
  if (left.size === 0) return;
  const groupId = `kindred-reader-${randomUUID()}`;
  const consumer = new KafkajsConsumer(client, { groupId, sessionTimeoutMillis: SESSION_MILLIS });
  const inbox = new Inbox(range.signal);
  const full = new Set<number>();
  try {
    await consumer.run([range.topic], {
      onAssigned: (partitions) => {
        // What waits is fetched again, cut into other pieces.
        inbox.clear();
        full.clear();
        for (const place of partitions) {
          const reach = left.get(place.partition);
          if (reach) consumer.seek(place, reach.next);
          else consumer.pause(place);
        }
      },
      onRecords: (fetched) => {
        inbox.put(fetched);
        if (inbox.size < MAX_WAITING || !left.has(fetched.partition)) return;
        full.add(fetched.partition);
        consumer.pause(fetched);
      },
      onCrash: (error) => inbox.fail(error),
    });
    while (left.size > 0) {
      const fetched = await inbox.take(QUIET_MILLIS);
      if (!fetched) {
        await endsWithNothing(client, range.topic, left);
        return;
      }
      const { topic, partition } = fetched;
      const reach = left.get(partition);
      if (!reach) continue;
      if (fetched.fetchedOffset !== reach.next) {
        // Fetched before a seek took hold; or what we ask for is gone, and the client went to what is left.
        if (++reach.misplaced > MAX_MISPLACED) throw gone(fetched, reach);
        consumer.seek({ topic, partition }, reach.next);
        continue;
      }
      reach.misplaced = 0;
      reach.next = fetched.nextOffset;
      if (reach.next >= reach.to) {
        left.delete(partition);
        consumer.pause({ topic, partition });
      }
      if (inbox.size * 2 < MAX_WAITING) goOn(consumer, topic, full, left);
      const records = fetched.records.filter(({ offset }) => offset < reach.to);
      yield { ...fetched, records, nextOffset: Math.min(fetched.nextOffset, reach.to) };
      if (fetched.unreadable && reach.next < reach.to) throw fetched.unreadable;
    }
  } finally {
    await consumer.stop();
    await forget(client, groupId);
  }
}

function goOn(consumer: KafkajsConsumer, topic: string, full: Set<number>, left: ReadonlyMap<number, Reach>): void {
  for (const partition of full) if (left.has(partition)) consumer.resume({ topic, partition });
  full.clear();
}

function gone({ topic, partition, fetchedOffset }: FetchedRecords, { next }: Reach): KindredError {
  const what = `Offset ${next} of ${topic}/${partition} is not there any more: what is left begins at ${fetchedOffset}.`;
  return new KindredError('STREAM_POSITION_LOST', what, {
    remedy: 'Begin later. Where more is to be kept, raise the retention of the topic.',
  });
}

/**
 * Where compaction took away the last offsets of a range, nothing comes for them, ever. That it is so is seen by what Kafka's
 * log still has: brokers that answer, and brought nothing for so long, have nothing.
 * @throws KindredError KAFKA_UNAVAILABLE where brokers do not answer, or the topic ends before the range does
 */
async function endsWithNothing(client: Client, topic: string, left: ReadonlyMap<number, Reach>): Promise<void> {
  const admin = new KafkajsAdmin(client);
  try {
    const ends = new Map((await admin.offsets(topic)).map(({ partition, end }) => [partition, end]));
    const short = [...left].filter(([partition, { to }]) => (ends.get(partition) ?? 0) < to);
    if (short.length === 0) return;
    const places = short.map(([partition, { next, to }]) => `partition ${partition} at ${next} of ${to}`);
    throw new KindredError('KAFKA_UNAVAILABLE', `Reading ${topic} brings nothing more: ${places.join(', ')}.`, {
      remedy: 'The topic ends before what was asked for: it may have been made anew. Ask for its offsets again.',
      retriable: true,
    });
  } finally {
    await admin.close();
  }
}

async function forget(client: Client, groupId: string): Promise<void> {
  const admin = client.admin();
  try {
    await admin.connect();
    await admin.deleteGroups([groupId]);
  } catch (error) {
    // Whoever may not delete groups leaves one that is empty: brokers let it go by themselves.
    client.logger().debug('A group of a reader is left behind', { groupId, error: (error as Error).message });
  } finally {
    await admin.disconnect();
  }
}

/** Fetches between the client that brings them and the reader that asks for them. */
class Inbox {
  private readonly waiting: FetchedRecords[] = [];
  private failure?: unknown;
  private wake: () => void = () => undefined;

  constructor(private readonly signal?: AbortSignal) {}

  get size(): number {
    return this.waiting.length;
  }

  put(fetched: FetchedRecords): void {
    this.waiting.push(fetched);
    this.wake();
  }

  clear(): void {
    this.waiting.length = 0;
  }

  fail(error: unknown): void {
    this.failure ??= error;
    this.wake();
  }

  /** @returns undefined where nothing came for so long */
  async take(millis: number): Promise<FetchedRecords | undefined> {
    const deadline = Date.now() + millis;
    while (true) {
      if (this.signal?.aborted) throw new CancelledError('Reading a topic');
      if (this.failure) throw this.failure;
      const first = this.waiting.shift();
      if (first) return first;
      const left = deadline - Date.now();
      if (left <= 0) return undefined;
      await this.somethingOr(left);
    }
  }

  private async somethingOr(millis: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const onAbort = (): void => this.wake();
    this.signal?.addEventListener('abort', onAbort, { once: true });
    await new Promise<void>((resolve) => {
      this.wake = resolve;
      timer = setTimeout(resolve, millis);
    });
    clearTimeout(timer);
    this.signal?.removeEventListener('abort', onAbort);
  }
}
