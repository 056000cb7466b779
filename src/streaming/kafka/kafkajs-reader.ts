/**
 * Reads a bounded range of a topic through a group of its own that commits nothing and is deleted afterwards. What is read is
 * handed on as it is asked for: a partition whose records wait is paused.
 */
import { randomUUID } from 'node:crypto';
import type { Kafka as Client } from 'kafkajs';
import { CancelledError, KindredError } from '../../errors';
import { KafkajsConsumer } from './kafkajs-consumer';
import type { FetchedRecords, ReadRange } from './port';

const SESSION_MILLIS = 30_000;
/** Fetches waiting to be asked for, from which on partitions are paused. */
const MAX_WAITING = 16;
/** A range that ends in offsets that compaction took away brings nothing more; so long is waited for it to. */
const QUIET_MILLIS = 15_000;

export async function* readRange(client: Client, range: ReadRange): AsyncGenerator<FetchedRecords> {
  const left = new Map(
    range.partitions
      .filter(({ from, to }) => from < to)
      .map(({ partition, from, to }) => [partition, { next: from, to }]),
  );
  if (left.size === 0) return;
  const groupId = `kindred-reader-${randomUUID()}`;
  const consumer = new KafkajsConsumer(client, { groupId, sessionTimeoutMillis: SESSION_MILLIS });
  const inbox = new Inbox(range.signal);
  try {
    await consumer.run([range.topic], {
      onAssigned: (partitions) => {
        for (const place of partitions) {
          const reach = left.get(place.partition);
          if (reach) consumer.seek(place, reach.next);
          else consumer.pause(place);
        }
      },
      onRecords: (fetched) => {
        inbox.put(fetched);
        if (inbox.size >= MAX_WAITING) consumer.pause(fetched);
      },
      onCrash: (error) => inbox.fail(error),
    });
    while (left.size > 0) {
      const fetched = await inbox.take(QUIET_MILLIS);
      if (!fetched) throw quiet(range.topic, left);
      const { topic, partition } = fetched;
      const reach = left.get(partition);
      // Fetched before the seek took hold, or a second time after a rebalance.
      if (!reach || fetched.fetchedOffset !== reach.next) continue;
      reach.next = fetched.nextOffset;
      if (reach.next >= reach.to) {
        left.delete(partition);
        consumer.pause({ topic, partition });
      } else if (inbox.size < MAX_WAITING) consumer.resume({ topic, partition });
      const records = fetched.records.filter(({ offset }) => offset < reach.to);
      yield { ...fetched, records, nextOffset: Math.min(fetched.nextOffset, reach.to) };
    }
  } finally {
    await consumer.stop();
    await forget(client, groupId);
  }
}

async function forget(client: Client, groupId: string): Promise<void> {
  const admin = client.admin();
  try {
    await admin.connect();
    await admin.deleteGroups([groupId]);
  } catch {
    // Whoever may not delete groups leaves one that is empty: brokers let it go by themselves.
  } finally {
    await admin.disconnect();
  }
}

function quiet(topic: string, left: ReadonlyMap<number, { next: number; to: number }>): KindredError {
  const places = [...left].map(([partition, { next, to }]) => `partition ${partition} at ${next} of ${to}`);
  return new KindredError('KAFKA_UNAVAILABLE', `Reading ${topic} brings nothing more: ${places.join(', ')}.`, {
    remedy: 'Check that the brokers run and that this user may read the topic; the same call may succeed later.',
    retriable: true,
  });
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
