/**
 * Reads the topic of dead letters: the newest backwards, or all of it forwards, up to where it ended when the reading began.
 * Leaves no offsets behind. Memory is bounded by what is asked for, never by the topic.
 */
import { KindredError } from '../errors';
import { type DeadLetter, type DeadLetterRecord, readDeadLetter, summary } from './dead-letters';
import type { Kafka, KafkaAdmin, PartitionOffsets } from './kafka/port';

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

/** How many records of a partition are read at a time when going backwards. */
const WINDOW_RECORDS = 500;

interface Range extends PartitionOffsets {}

export class DeadLetterTopic {
  constructor(
    private readonly kafka: Kafka,
    readonly topic: string,
  ) {}

  async newest(limit: number, filter: DeadLetterFilter, signal?: AbortSignal): Promise<DeadLetterList> {
    const ranges = await this.ranges(filter.since);
    const found = await Promise.all(ranges.map((range) => this.newestOf(range, limit, { filter, signal })));
    const letters = distinct(
      found.flatMap((each) => each.letters).sort((a, b) => b.failedAt.getTime() - a.failedAt.getTime()),
    );
    return {
      letters: letters.slice(0, limit),
      complete: letters.length <= limit && found.every((each) => each.complete),
    };
  }

  /** @throws KindredError NOT_FOUND */
  async find(id: string, signal?: AbortSignal): Promise<DeadLetterRecord> {
    for (const range of await this.ranges())
      for await (const window of this.backwards(range, signal)) {
        const letter = window.find((each) => each.id === id);
        if (letter) return letter;
      }
    throw new KindredError('NOT_FOUND', `There is no dead letter ${id} in ${this.topic}.`, {
      field: 'id',
      remedy: 'kindred dead-letters lists the newest; --limit shows more. Retention may have taken it.',
      facts: { id },
    });
  }

  /** All that match, in order within their partition; repeats included. */
  async *all(filter: DeadLetterFilter, signal?: AbortSignal): AsyncGenerator<DeadLetterRecord> {
    const partitions = (await this.ranges(filter.since))
      .filter(({ start, end }) => start < end)
      .map(({ partition, start, end }) => ({ partition, from: start, to: end }));
    if (partitions.length === 0) return;
    for await (const { records } of this.kafka.read({ topic: this.topic, partitions, signal }))
      for (const record of records) {
        const letter = readDeadLetter(record);
        if (letter && matches(letter, filter)) yield letter;
      }
  }

  private async newestOf(
    range: Range,
    limit: number,
    { filter, signal }: { filter: DeadLetterFilter; signal?: AbortSignal },
  ): Promise<DeadLetterList> {
    const byId = new Map<string, DeadLetter>();
    for await (const window of this.backwards(range, signal))
      for (const letter of window) {
        if (!matches(letter, filter) || byId.has(letter.id)) continue;
        if (byId.size === limit) return { letters: [...byId.values()], complete: false };
        byId.set(letter.id, summary(letter));
      }
    return { letters: [...byId.values()], complete: true };
  }

  /** Windows of one partition, from its end to its start; each newest first. */
  private async *backwards({ partition, start, end }: Range, signal?: AbortSignal): AsyncGenerator<DeadLetterRecord[]> {
    for (let to = end; to > start; ) {
      const from = Math.max(start, to - WINDOW_RECORDS);
      const window: DeadLetterRecord[] = [];
      for await (const { records } of this.kafka.read({
        topic: this.topic,
        partitions: [{ partition, from, to }],
        signal,
      }))
        for (const record of records) {
          const letter = readDeadLetter(record);
          if (letter) window.push(letter);
        }
      yield window.reverse();
      to = from;
    }
  }

  /** What there is of each partition now, from `since` on. */
  private async ranges(since?: Date): Promise<Range[]> {
    return withAdmin(this.kafka, async (admin) => {
      if ((await admin.existing([this.topic])).length === 0) return [];
      const whole = await admin.offsets(this.topic);
      if (since === undefined) return whole;
      const starts = new Map((await admin.offsetsAt(this.topic, since)).map((each) => [each.partition, each.offset]));
      return whole.map((each) => ({ ...each, start: Math.max(each.start, starts.get(each.partition) ?? each.start) }));
    });
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
