/**
 * How the streams stand: where each partition is read up to, how far that is behind, and what waits on its way out. Every part
 * is asked for only when somebody wants it, and Kafka never for longer than a moment: what it does not answer is left open.
 */
import { STREAMS, type StreamName } from '../domain/events';
import { InputError, KindredError } from '../errors';
import { type StreamTimes, streamTimes } from '../stores/catalogue';
import type { Database } from '../stores/database';
import { countRows, type RowCount } from '../stores/row-counts';
import { type OutputFacts, outputFacts } from '../stores/stream-outputs';
import { type PositionRow, positionRows, setPosition } from '../stores/stream-positions';

export type { OutputFacts } from '../stores/stream-outputs';

export interface PartitionEnd {
  readonly partition: number;
  /** First offset that is still there. */
  readonly start: number;
  /** Offset of the next record to come. */
  readonly end: number;
}

/** What Kafka says of the input topics; where it does not answer, why. */
export interface TopicEnds {
  readonly topics: ReadonlyMap<string, readonly PartitionEnd[]>;
  /** One sentence. */
  readonly error?: string;
}

/** The door to Kafka, as far as this service needs one. */
export interface StreamTopics {
  topicOf(stream: StreamName): string;
  /** Never rejects, and answers within a bounded time. */
  ends(): Promise<TopicEnds>;
}

export interface PartitionStatus {
  readonly topic: string;
  readonly partition: number;
  /** Offset of the next record to take in; undefined before the partition was first read. */
  readonly position?: number;
  /** Offset of the next record to come; undefined where Kafka does not say. */
  readonly end?: number;
  /** Records between the two, or since the first that is still there where nothing was read yet. */
  readonly lag?: number;
  /** Records a second over the last seconds. */
  readonly rate: number;
  readonly records: number;
  readonly deadLetters: number;
  readonly lastError?: string;
  readonly lastErrorAt?: Date;
  readonly updatedAt?: Date;
}

export interface IntakeStatus extends Omit<PartitionStatus, 'topic' | 'partition' | 'position' | 'end'> {
  readonly topic?: string;
  readonly partitions: readonly PartitionStatus[];
  /** Why `end` and `lag` are left open. */
  readonly kafkaError?: string;
}

/** A rate is an average over the seconds before its batch: without a new batch it fades like this. */
const FADING_SECONDS = 10;

export interface MovedPosition {
  readonly topic: string;
  readonly partition: number;
  readonly before?: number;
  readonly after: number;
}

export class StreamStatuses {
  /** @param topics undefined where no broker is configured */
  constructor(
    private readonly database: Database,
    private readonly topics?: StreamTopics,
  ) {}

  /** One look: what is asked of it twice is answered the same. */
  look(): StreamLook {
    return new StreamLook(this.database, this.topics);
  }

  /** Whether Kafka answers; undefined where none is configured. */
  async kafkaAnswers(): Promise<boolean | undefined> {
    return this.topics && (await this.topics.ends()).error === undefined;
  }

  outputs(): Promise<OutputFacts> {
    return outputFacts(this.database);
  }

  /**
   * Reads a partition on from elsewhere. Safe while others read it: a batch under way from the old position is refused.
   * @throws InputError for a place that is not there; KindredError KAFKA_UNAVAILABLE, BAD_CONFIGURATION
   */
  async moveTo(topic: string, partition: number, to: 'earliest' | 'latest' | number): Promise<MovedPosition> {
    if (!this.topics)
      throw new KindredError('BAD_CONFIGURATION', 'No Kafka broker is named, so there are no positions.', {
        field: 'KAFKA_BROKERS',
        remedy: 'Name one or several: KAFKA_BROKERS=localhost:9092',
      });
    const { topics, error } = await this.topics.ends();
    if (error !== undefined)
      throw new KindredError('KAFKA_UNAVAILABLE', error, {
        remedy: 'A position is checked against what the topic has. Try again once Kafka answers.',
        retriable: true,
      });
    const range = topics.get(topic)?.find((each) => each.partition === partition);
    if (!range) throw noSuchPlace(topic, partition, topics);
    const after = to === 'earliest' ? range.start : to === 'latest' ? range.end : to;
    if (after < range.start || after > range.end)
      throw new InputError('position', `${topic}/${partition} has offsets ${range.start} to ${range.end}.`, {
        remedy: 'Name one of them, or earliest or latest.',
      });
    const before = (await positionRows(this.database)).find(
      (row) => row.topic === topic && row.partition === partition,
    )?.nextOffset;
    await setPosition(this.database, { topic, partition }, after);
    return { topic, partition, before, after };
  }
}

function noSuchPlace(topic: string, partition: number, topics: TopicEnds['topics']): InputError {
  const partitions = topics.get(topic);
  return partitions
    ? new InputError('partition', `${topic} has no partition ${partition}.`, {
        remedy: `Its partitions are 0 to ${partitions.length - 1}.`,
      })
    : new InputError('topic', `Kindred reads no topic "${topic}", or it does not exist yet.`, {
        remedy: `It reads ${[...topics.keys()].join(', ') || 'none that exists'}.`,
      });
}

export class StreamLook {
  private readonly counts = new Map<StreamName, Promise<RowCount>>();
  private readonly timesOf = new Map<StreamName, Promise<StreamTimes>>();
  private intakes?: Promise<ReadonlyMap<StreamName, IntakeStatus>>;

  constructor(
    private readonly database: Database,
    private readonly topics?: StreamTopics,
  ) {}

  count(stream: StreamName): Promise<RowCount> {
    return once(this.counts, stream, () => countRows(this.database, stream));
  }

  times(stream: StreamName): Promise<StreamTimes> {
    return once(this.timesOf, stream, () => streamTimes(this.database, stream));
  }

  async intake(stream: StreamName): Promise<IntakeStatus> {
    return (await this.all()).get(stream)!;
  }

  all(): Promise<ReadonlyMap<StreamName, IntakeStatus>> {
    this.intakes ??= this.allIntakes();
    return this.intakes;
  }

  private async allIntakes(): Promise<ReadonlyMap<StreamName, IntakeStatus>> {
    const { topics } = this;
    if (!topics) return new Map(STREAMS.map((stream) => [stream, NO_INTAKE]));
    const [positions, ends] = await Promise.all([positionRows(this.database), topics.ends()]);
    const now = Date.now();
    return new Map(STREAMS.map((stream) => [stream, intakeOf(topics.topicOf(stream), { positions, ends, now })]));
  }
}

function once<T>(known: Map<StreamName, Promise<T>>, stream: StreamName, ask: () => Promise<T>): Promise<T> {
  const answer = known.get(stream) ?? ask();
  known.set(stream, answer);
  return answer;
}

const NO_INTAKE: IntakeStatus = { partitions: [], rate: 0, records: 0, deadLetters: 0 };

interface Seen {
  positions: readonly PositionRow[];
  ends: TopicEnds;
  now: number;
}

export function intakeOf(topic: string, { positions, ends, now }: Seen): IntakeStatus {
  const rows = new Map(positions.filter((row) => row.topic === topic).map((row) => [row.partition, row]));
  const ranges = new Map((ends.topics.get(topic) ?? []).map((each) => [each.partition, each]));
  const partitions = [...new Set([...rows.keys(), ...ranges.keys()])]
    .sort((a, b) => a - b)
    .map((partition) => partitionOf({ topic, partition }, rows.get(partition), { range: ranges.get(partition), now }));
  const failed = partitions.filter((each) => each.lastErrorAt !== undefined);
  const latest = failed.reduce<PartitionStatus | undefined>(
    (newest, each) => (newest && newest.lastErrorAt! >= each.lastErrorAt! ? newest : each),
    undefined,
  );
  const touched = partitions.flatMap(({ updatedAt }) => (updatedAt ? [updatedAt.getTime()] : []));
  const sum = (of: (each: PartitionStatus) => number): number => partitions.reduce((all, each) => all + of(each), 0);
  return {
    topic,
    partitions,
    lag: partitions.length > 0 && partitions.every(({ lag }) => lag !== undefined) ? sum(({ lag }) => lag!) : undefined,
    rate: sum(({ rate }) => rate),
    records: sum(({ records }) => records),
    deadLetters: sum(({ deadLetters }) => deadLetters),
    lastError: latest?.lastError,
    lastErrorAt: latest?.lastErrorAt,
    updatedAt: touched.length > 0 ? new Date(Math.max(...touched)) : undefined,
    kafkaError: ends.error,
  };
}

/** What is hardly anything any more is nothing. */
function faded(rate: number, ageSeconds: number): number {
  const left = rate * Math.exp(-ageSeconds / FADING_SECONDS);
  return left < 0.01 ? 0 : left;
}

function partitionOf(
  place: { topic: string; partition: number },
  row: PositionRow | undefined,
  { range, now }: { range?: PartitionEnd; now: number },
): PartitionStatus {
  const position = row?.nextOffset;
  const age = row ? Math.max(0, now - row.updatedAt.getTime()) / 1_000 : 0;
  return {
    ...place,
    position,
    end: range?.end,
    lag: range && Math.max(0, range.end - Math.max(position ?? 0, range.start)),
    rate: faded(row?.rate ?? 0, age),
    records: row?.records ?? 0,
    deadLetters: row?.deadLetters ?? 0,
    lastError: row?.lastError,
    lastErrorAt: row?.lastErrorAt,
    updatedAt: row?.updatedAt,
  };
}
