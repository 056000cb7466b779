/**
 * Reads a bounded range of a topic through a group of its own that commits nothing and is deleted afterwards. What is read is
 * handed on as it is asked for: a partition whose records wait is paused.
 */
import { randomUUID } from 'node:crypto';
import type { Kafka as Client } from 'kafkajs';
import { CancelledError, KindredError } from '../../errors';
import { Backoff, pause } from '../backoff';
import { KafkajsAdmin } from './kafkajs-admin';
import { KafkajsConsumer } from './kafkajs-consumer';
import type { FetchedRecords, ReadRange } from './port';

const SESSION_MILLIS = 30_000;
/** Fetches waiting to be asked for, from which on partitions are paused; below half of it they go on. */
const MAX_WAITING = 16;
/** A silence: so long nothing came. Either brokers do not answer, or there is nothing. */
const QUIET_MILLIS = 3_000;
const MIN_ANSWERS = 5;
/** Silences in a row, each with answers, after which there is nothing. */
const MIN_TOLD = 2;
/** Silences in a row, of whatever kind, after which there is nobody. */
const MAX_SILENCES = 10;

const MAX_MISPLACED = 2;
/** In a row without anything read. */
const MAX_TRIES = 4;
const BACKOFF = { firstMillis: 500, longestMillis: 5_000 };

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
  const { signal = new AbortController().signal } = range;
  const backoff = new Backoff(BACKOFF);
  for (let tries = 1; left.size > 0; tries++) {
    const standing = standingOf(left);
    try {
      yield* readOn(client, range, left);
    } catch (error) {
      // A broker that goes is followed by another, and a coordinator that loads is ready soon.
      if (!(error instanceof KindredError && error.retriable)) throw error;
      if (standingOf(left) > standing) {
        tries = 1;
        backoff.reset();
      }
      if (tries >= MAX_TRIES) throw error;
      if (!(await pause(backoff.nextMillis(), signal))) throw new CancelledError('Reading a topic');
    }
  }
}

/** Grows with everything that is read. */
function standingOf(left: ReadonlyMap<number, Reach>): number {
  return [...left.values()].reduce((sum, { next, to }) => sum + next - to, 0);
}

/** Through one member of a group of its own. What is read is taken from `left`. */
async function* readOn(client: Client, range: ReadRange, left: Map<number, Reach>): AsyncGenerator<FetchedRecords> {
  const groupId = `kindred-reader-${randomUUID()}`;
  const consumer = new KafkajsConsumer(client, { groupId, sessionTimeoutMillis: SESSION_MILLIS });
  const inbox = new Inbox(range.signal);
  const full = new Set<number>();
  let silences = 0;
  let told = 0;
  try {
    await consumer.run([range.topic], {
      onAssigned: (partitions) => {
        // What waits is fetched again, cut into other pieces.
        inbox.clear();
        full.clear();
        told = 0;
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
      const answered = consumer.answeredFetches;
      const fetched = await inbox.take(QUIET_MILLIS);
      if (!fetched) {
        // In a silence brokers must have said several times that they have nothing, and not once be away.
        const isTold = consumer.answeredFetches - answered >= MIN_ANSWERS;
        if (++silences > MAX_SILENCES) throw silent(range.topic, left);
        told = isTold ? told + 1 : 0;
        if (told < MIN_TOLD) continue;
        await endsWithNothing(client, range.topic, left);
        return left.clear();
      }
      silences = 0;
      told = 0;
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

function silent(topic: string, left: ReadonlyMap<number, Reach>): KindredError {
  return new KindredError('KAFKA_UNAVAILABLE', `Reading ${topic} brings nothing more: ${placesIn(left)}.`, {
    remedy: 'Check that the brokers run and that this user may read the topic; the same call may succeed later.',
    retriable: true,
  });
}

function placesIn(left: ReadonlyMap<number, Reach>): string {
  return [...left].map(([partition, { next, to }]) => `partition ${partition} at ${next} of ${to}`).join(', ');
}

function gone({ topic, partition, fetchedOffset }: FetchedRecords, { next }: Reach): KindredError {
  const what = `Offset ${next} of ${topic}/${partition} is not there any more: what is left begins at ${fetchedOffset}.`;
  return new KindredError('STREAM_POSITION_LOST', what, {
    remedy: 'Begin later. Where more is to be kept, raise the retention of the topic.',
  });
}

/**
 * Where compaction took away the last offsets of a range, nothing comes for them, ever. That it is so is seen by what Kafka's
 * log still has, by brokers that answer and brought nothing for so long.
 * @throws KindredError KAFKA_UNAVAILABLE where brokers do not answer, or the topic ends before the range does
 */
async function endsWithNothing(client: Client, topic: string, left: ReadonlyMap<number, Reach>): Promise<void> {
  const admin = new KafkajsAdmin(client);
  try {
    const ends = new Map((await admin.offsets(topic)).map(({ partition, end }) => [partition, end]));
    const short = new Map([...left].filter(([partition, { to }]) => (ends.get(partition) ?? 0) < to));
    if (short.size === 0) return;
    throw new KindredError('KAFKA_UNAVAILABLE', `Reading ${topic} brings nothing more: ${placesIn(short)}.`, {
      remedy: 'The topic ends before what was asked for: it may have been made anew. Ask for its offsets again.',
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
