/**
 * What was fetched of one partition and is not committed yet, and where that leaves the partition. Kafka's client knows nothing
 * of commits: this is where a fetch from anywhere but where we are is seen, and dropped.
 */
import type { StreamName, StreamRecord } from '../domain/events';
import { Backoff } from './backoff';
import type { FetchedRecords, KafkaRecord } from './kafka/port';
import { Rate } from './rate';
import { type RecordDecoder, type Refusal, recordBytes } from './record-decoding';

/** A record on its way in; without a `source` it is a gap that holds nothing for readers, such as a transaction's marker. */
export interface Entry<S extends StreamName> {
  readonly home: PartitionBuffer<S>;
  /** The home's epoch that it belongs to: of an earlier one, it is void. */
  readonly epoch: number;
  readonly offset: number;
  /** Where the partition stands once this is in. */
  next: number;
  readonly bytes: number;
  readonly source?: KafkaRecord;
  record?: StreamRecord[S];
  refusal?: Refusal;
  /** Its dead letter is acknowledged: a further try of the batch writes none. */
  buried?: boolean;
}

export type PartitionState =
  /** Where it stands is being looked up; what comes is dropped. */
  | { readonly kind: 'placing' }
  | { readonly kind: 'reading' }
  /** It cannot go on before somebody says where. */
  | { readonly kind: 'halted'; readonly reason: string };

/** Beyond either the partition is paused; below half of both it goes on. */
export interface BufferLimits {
  readonly records: number;
  readonly bytes: number;
}

/** What an entry takes beside its bytes: objects, numbers, dates. */
const ENTRY_OVERHEAD_BYTES = 400;
/** A fetch may still come from where the client was before a seek; when it keeps coming, the position is looked at anew. */
const MAX_MISPLACED = 3;

/** Its times are milliseconds of a clock that does not jump. */
export class PartitionBuffer<S extends StreamName> {
  state: PartitionState = { kind: 'placing' };
  /** Committed: offset of the next record to take in. */
  position = 0;
  /** Offset that the next fetch must begin at. */
  fetchNext = 0;
  /** End of the partition, as far as known. */
  end = 0;
  epoch = 0;
  /** When it became empty. */
  emptySince = 0;
  readonly rate = new Rate();
  /** Something that went wrong and is to be told with the next commit. */
  untold?: string;
  /** What comes after what is here cannot be opened: nothing more is fetched before somebody says where to go on. */
  blocked = false;
  private entries: Entry<S>[] = [];
  private head = 0;
  private heldBytes = 0;
  private misplaced = 0;
  /** Until then it goes no further than its next dead letter. */
  private heldUntil = 0;
  private readonly holding = new Backoff({ firstMillis: 250, longestMillis: 15_000 });

  constructor(
    readonly topic: string,
    readonly partition: number,
  ) {}

  /** From now on records are taken from here. Everything before is void. */
  begin(position: number, end: number, now: number): void {
    this.clear();
    this.state = { kind: 'reading' };
    this.position = position;
    this.fetchNext = position;
    this.end = end;
    this.emptySince = now;
    this.misplaced = 0;
    this.release();
  }

  /** Where it stands is to be looked up (again). */
  displace(): void {
    this.clear();
    this.state = { kind: 'placing' };
  }

  halt(position: number, reason: string): void {
    this.clear();
    this.position = position;
    this.state = { kind: 'halted', reason };
  }

  /**
   * @returns `misplaced` for a fetch from elsewhere, which is dropped: the partition is to be sought; `lost` once that happened
   * several times in a row: whatever is at our position cannot be fetched
   */
  add(fetched: FetchedRecords, decoder: RecordDecoder<S>): 'taken' | 'misplaced' | 'lost' | 'unwanted' {
    if (this.state.kind !== 'reading') return 'unwanted';
    if (fetched.fetchedOffset !== this.fetchNext) return ++this.misplaced < MAX_MISPLACED ? 'misplaced' : 'lost';
    this.misplaced = 0;
    this.end = fetched.endOffset;
    const last = fetched.records.length - 1;
    ownCopies(fetched.records).forEach((source, at) => {
      const decoded = decoder.decodeRecord(source);
      this.push({
        offset: source.offset,
        next: at === last ? fetched.nextOffset : source.offset + 1,
        // What could be decoded is held twice: as it came, should the database refuse it, and as text.
        bytes: recordBytes(source) + (decoded.ok ? (source.value?.length ?? 0) : 0) + ENTRY_OVERHEAD_BYTES,
        source,
        record: decoded.ok ? decoded.record : undefined,
        refusal: decoded.ok ? undefined : decoded.refusal,
      });
    });
    if (last < 0 && fetched.nextOffset > this.fetchNext) this.addGap(fetched.nextOffset);
    this.fetchNext = fetched.nextOffset;
    this.blocked = fetched.unreadable !== undefined;
    return 'taken';
  }

  get size(): number {
    return this.entries.length - this.head;
  }

  get bytes(): number {
    return this.heldBytes;
  }

  /** Whether there are records that were not fetched yet. */
  private get behind(): boolean {
    return this.fetchNext < this.end;
  }

  /** The next entry, unless it is held up. */
  first(now: number): Entry<S> | undefined {
    const entry: Entry<S> | undefined = this.entries[this.head];
    return entry?.refusal && !entry.buried && now < this.heldUntil ? undefined : entry;
  }

  /** Nothing is here, but something is known to come: it may be earlier than what others have. */
  isAwaited(now: number, patienceMillis: number): boolean {
    return (
      this.state.kind === 'reading' &&
      !this.blocked &&
      this.size === 0 &&
      this.behind &&
      now - this.emptySince < patienceMillis
    );
  }

  take(now: number): Entry<S> {
    const entry = this.entries[this.head];
    this.entries[this.head++] = undefined as never;
    this.heldBytes -= entry.bytes;
    if (this.head === this.entries.length) {
      this.entries = [];
      this.head = 0;
      this.emptySince = now;
    } else if (this.head >= 1_024 && this.head * 2 >= this.entries.length) {
      this.entries = this.entries.slice(this.head);
      this.head = 0;
    }
    return entry;
  }

  /** What was taken up to here is committed. */
  advance(next: number, records: number, now: number): void {
    this.position = next;
    this.rate.add(records, now);
    this.untold = undefined;
  }

  /** Puts back what was taken and did not go in, in the order it was taken. */
  giveBack(entries: readonly Entry<S>[]): void {
    this.entries = [...entries, ...this.entries.slice(this.head)];
    this.head = 0;
    for (const { bytes } of entries) this.heldBytes += bytes;
  }

  /** Its next dead letter is on its way still: until `release` or `hold` it goes no further. */
  awaitDeadLetters(): void {
    this.heldUntil = Number.POSITIVE_INFINITY;
  }

  /** Its next dead letter could not be written: it goes no further for a while, longer each time. */
  hold(now: number): void {
    this.heldUntil = now + this.holding.nextMillis();
  }

  release(): void {
    this.heldUntil = 0;
    this.holding.reset();
  }

  isFull(limits: BufferLimits): boolean {
    return this.size >= limits.records || this.heldBytes >= limits.bytes;
  }

  hasRoom(limits: BufferLimits): boolean {
    return this.size * 2 < limits.records && this.heldBytes * 2 < limits.bytes;
  }

  private addGap(next: number): void {
    const newest = this.size > 0 ? this.entries[this.entries.length - 1] : undefined;
    if (newest) newest.next = next;
    else this.push({ offset: this.fetchNext, next, bytes: ENTRY_OVERHEAD_BYTES });
  }

  private push(entry: Omit<Entry<S>, 'home' | 'epoch'>): void {
    this.entries.push({ home: this, epoch: this.epoch, ...entry });
    this.heldBytes += entry.bytes;
  }

  private clear(): void {
    this.epoch++;
    this.blocked = false;
    this.entries = [];
    this.head = 0;
    this.heldBytes = 0;
  }
}

/**
 * Records whose keys and values are slices of what a fetch brought of many partitions would keep all of it in memory for as long as
 * one of them waits here: they get one piece of memory of their own.
 */
function ownCopies(records: readonly KafkaRecord[]): KafkaRecord[] {
  const size = records.reduce((sum, { key, value }) => sum + (key?.length ?? 0) + (value?.length ?? 0), 0);
  const memory = Buffer.allocUnsafeSlow(size);
  let at = 0;
  const copyOf = (bytes: Buffer | null): Buffer | null => {
    if (bytes === null) return null;
    const copy = memory.subarray(at, at + bytes.length);
    copy.set(bytes);
    at += bytes.length;
    return copy;
  };
  return records.map((record) => ({ ...record, key: copyOf(record.key), value: copyOf(record.value) }));
}
