/**
 * Reads the topic of dead letters: the newest backwards, or all of it forwards, up to where it ended when the reading began.
 * Leaves no offsets behind. Memory is bounded by what is asked for, never by the topic.
 */
import { KindredError } from '../errors';
import { type DeadLetter, type DeadLetterRecord, readDeadLetter, summary } from './dead-letters';
import type { Kafka, KafkaAdmin, PartitionOffsets, ReadRange } from './kafka/port';

export interface DeadLetterFilter {
  /** Only those of this topic. */
  topic?: string;
  code?: string;
  /** Only those that failed at or after this time. */
  since?: Date;
}

export interface DeadLetterList {
  /** Newest first, each id once. */
  letters: DeadLetter[];
  /** Whether the whole topic (or all since the time asked for) was looked through: there are no older ones. */
  complete: boolean;
}

/** Going backwards, so many records of each partition are read first, then so many times as many each time. */
const FIRST_WINDOW_RECORDS = 500;
const WINDOW_GROWTH = 8;

type ReadPartition = ReadRange['partitions'][number];

export class DeadLetterTopic {
  constructor(
    private readonly kafka: Kafka,
    readonly topic: string,
  ) {}

  async newest(limit: number, filter: DeadLetterFilter, signal?: AbortSignal): Promise<DeadLetterList> {
    const found = new Map<number, Newest>();
    let all = true;
    for (const window of windows(await this.ranges(filter.since))) {
      // A partition that has as many already has no older one to offer.
      const wanted = window.filter(({ partition }) => !found.get(partition)?.full);
      if (wanted.length < window.length) all = false;
      if (wanted.length === 0) break;
      const older = new Map(wanted.map(({ partition }) => [partition, new Newest(limit)]));
      for await (const { partition, letter } of this.letters(wanted, signal))
        if (matches(letter, filter)) older.get(partition)?.add(summary(letter));
      for (const [partition, each] of older) found.set(partition, each.after(found.get(partition)));
    }
    const letters = distinct(
      [...found.values()]
        .flatMap((each) => each.letters)
        .sort((a, b) => b.failedAt.getTime() - a.failedAt.getTime() || b.offset - a.offset),
    );
    const overflown = [...found.values()].some((each) => each.overflown);
    return { letters: letters.slice(0, limit), complete: all && !overflown && letters.length <= limit };
  }

  /** @throws KindredError NOT_FOUND */
  async find(id: string, signal?: AbortSignal): Promise<DeadLetterRecord> {
    for (const window of windows(await this.ranges()))
      for await (const { letter } of this.letters(window, signal)) if (letter.id === id) return letter;
    throw new KindredError('NOT_FOUND', `There is no dead letter ${id} in ${this.topic}.`, {
      field: 'id',
      remedy: 'kindred dead-letters lists the newest; --limit shows more. Retention may have taken it.',
      facts: { id },
    });
  }

  /** All that match, in order within their partition; repeats included. */
  async *all(filter: DeadLetterFilter, signal?: AbortSignal): AsyncGenerator<DeadLetterRecord> {
    const partitions = (await this.ranges(filter.since)).map(({ partition, start, end }) => ({
      partition,
      from: start,
      to: end,
    }));
    for await (const { letter } of this.letters(partitions, signal)) if (matches(letter, filter)) yield letter;
  }

  private async *letters(
    partitions: readonly ReadPartition[],
    signal?: AbortSignal,
  ): AsyncGenerator<{ partition: number; letter: DeadLetterRecord }> {
    const wanted = partitions.filter(({ from, to }) => from < to);
    if (wanted.length === 0) return;
    for await (const { partition, records } of this.kafka.read({ topic: this.topic, partitions: wanted, signal }))
      for (const record of records) {
        const letter = readDeadLetter(record);
        if (letter) yield { partition, letter };
      }
  }

  /** What there is of each partition now, from `since` on. */
  private async ranges(since?: Date): Promise<PartitionOffsets[]> {
    return withAdmin(this.kafka, async (admin) => {
      if ((await admin.existing([this.topic])).length === 0) return [];
      const whole = await admin.offsets(this.topic);
      if (since === undefined) return whole;
      const starts = new Map((await admin.offsetsAt(this.topic, since)).map((each) => [each.partition, each.offset]));
      return whole.map((each) => ({ ...each, start: Math.max(each.start, starts.get(each.partition) ?? each.start) }));
    });
  }
}

/** Windows of all partitions, each before the last, until every start is reached. */
function* windows(ranges: readonly PartitionOffsets[]): Generator<ReadPartition[]> {
  let ends = new Map(ranges.map(({ partition, end }) => [partition, end]));
  for (let size = FIRST_WINDOW_RECORDS; ; size *= WINDOW_GROWTH) {
    const window = ranges
      .map(({ partition, start }) => ({ partition, start, to: ends.get(partition)! }))
      .filter(({ start, to }) => start < to)
      .map(({ partition, start, to }) => ({ partition, from: Math.max(start, to - size), to }));
    if (window.length === 0) return;
    yield window;
    ends = new Map([...ends, ...window.map(({ partition, from }) => [partition, from] as const)]);
  }
}

/** The last few of those that are added, each id once. */
class Newest {
  /** Whether older ones were let go. */
  overflown = false;
  private readonly byId = new Map<string, DeadLetter>();

  constructor(private readonly limit: number) {}

  get letters(): DeadLetter[] {
    return [...this.byId.values()];
  }

  get full(): boolean {
    return this.byId.size >= this.limit;
  }

  add(letter: DeadLetter): void {
    this.byId.delete(letter.id);
    this.byId.set(letter.id, letter);
    if (this.byId.size <= this.limit) return;
    const [oldest] = this.byId.keys();
    this.byId.delete(oldest);
    this.overflown = true;
  }

  /** These, then those of a later window. */
  after(later?: Newest): Newest {
    for (const letter of later?.letters ?? []) this.add(letter);
    return this;
  }
}

export async function withAdmin<T>(kafka: Kafka, work: (admin: KafkaAdmin) => Promise<T>): Promise<T> {
  const admin = kafka.admin();
  try {
    return await work(admin);
  } finally {
    await admin.close();
  }
}

function matches(letter: DeadLetter, { topic, code, since }: DeadLetterFilter): boolean {
  return (
    (topic === undefined || letter.topic === topic) &&
    (code === undefined || letter.code === code) &&
    (since === undefined || letter.failedAt >= since)
  );
}

function distinct(letters: readonly DeadLetter[]): DeadLetter[] {
  return [...new Map(letters.map((letter) => [letter.id, letter] as const)).values()];
}
